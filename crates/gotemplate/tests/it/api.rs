//! What the crate promises to those who build on it.

use std::cell::Cell;
use std::rc::Rc;

use bytes::Bytes;
use windlass_gotemplate::{
    Functions, Limit, Limits, List, ListType, Map, MapSource, MapType, Templates, Text, Type,
    Value, deep_equal,
};

fn include() -> Functions {
    let mut functions = Functions::new();
    functions.add("include", &[Type::String, Type::Any], |scope, args| {
        let out = scope.render(&args.text(0).to_str(), args.value(1))?;
        Ok(out.into())
    });
    functions
}

#[test]
fn compiled_templates_are_shared_between_threads() {
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    let mut templates = Templates::new("root", Functions::new());
    templates.parse("t", b"{{ . }}").unwrap();
    shared(&templates);
    std::thread::scope(|scope| {
        for number in 0..4 {
            let templates = &templates;
            scope.spawn(move || {
                let out = templates.render("t", &Value::int(number)).unwrap();
                assert_eq!(out, number.to_string().as_bytes());
            });
        }
    });
}

#[test]
fn what_is_parsed_into_a_clone_stays_in_it() {
    let mut base = Templates::new("root", Functions::new());
    base.parse("a", b"{{ define \"x\" }}base{{ end }}{{ template \"x\" }}")
        .unwrap();
    let mut clones = vec![base.clone()];
    for level in 0..30 {
        let mut next = clones[level].clone();
        let text = format!("{{{{ define \"x\" }}}}{level}{{{{ end }}}}");
        next.parse(&format!("file{level}"), text.as_bytes())
            .unwrap();
        clones.push(next);
    }
    assert_eq!(base.render("a", &Value::Nil).unwrap(), b"base");
    assert_eq!(clones[5].render("a", &Value::Nil).unwrap(), b"4");
    assert_eq!(clones[30].render("a", &Value::Nil).unwrap(), b"29");
    assert_eq!(clones[30].names().len(), 32);
    assert_eq!(base.names(), ["a".into(), "x".into()]);
    assert!(!base.contains("file0"));
}

#[test]
fn many_texts_count_in_their_order() {
    let padding = "x".repeat(60_000);
    let mut texts: Vec<(String, Bytes)> = (0..20)
        .map(|number| {
            let text = format!("{{{{ define \"a\" }}}}{number}{{{{ end }}}}{{{{/*{padding}*/}}}}");
            (format!("file{number}"), text.into())
        })
        .collect();
    let parsed = |texts: &[(String, Bytes)]| {
        let mut templates = Templates::new("root", Functions::new());
        let end = templates.parse_all(texts.iter().map(|(name, text)| (&**name, text)));
        (templates, end)
    };
    let (templates, end) = parsed(&texts);
    end.unwrap();
    assert_eq!(templates.render("a", &Value::Nil).unwrap(), b"19");
    // Of two that are no templates the first is told, and what comes before it is there.
    for broken in [5, 15] {
        texts[broken].1 = "{{ define \"a\" }}never{{ end }}{{".into();
    }
    let (templates, end) = parsed(&texts);
    assert_eq!(end.unwrap_err().template, "file5");
    assert_eq!(templates.render("a", &Value::Nil).unwrap(), b"4");
}

#[test]
fn an_empty_definition_replaces_nothing() {
    let mut templates = Templates::new("root", Functions::new());
    templates.parse("a", b"text").unwrap();
    templates.parse("a", b" \n{{/* nothing */}}").unwrap();
    assert_eq!(templates.render("a", &Value::Nil).unwrap(), b"text");
    assert!(
        templates
            .parse("a", b"{{ define \"b\" }}x{{ end }}{{")
            .is_err()
    );
    assert!(!templates.contains("b"));
}

#[test]
fn errors_keep_the_chain_they_came_up_through() {
    let mut templates = Templates::new("root", include());
    templates
        .parse("file", b"{{ define \"inner\" }}\n  {{ .a.b }}{{ end }}")
        .unwrap();
    templates.parse("t", b"{{ include \"inner\" . }}").unwrap();
    let data: Map = [("a", 1.5)].into_iter().collect();
    let failure = templates.render("t", &Value::Map(data)).unwrap_err();
    assert_eq!(
        failure.to_string(),
        "template: t:1:3: executing \"t\" at <include \"inner\" .>: error calling include: \
         template: file:2:7: executing \"inner\" at <.a.b>: can't evaluate field b in type \
         interface {}"
    );
    let outer = failure.as_exec().unwrap();
    assert_eq!(outer.message(), "error calling include");
    assert_eq!(outer.place().unwrap().context, "include \"inner\" .");
    let inner = outer.cause().and_then(|cause| cause.as_exec()).unwrap();
    assert_eq!(
        (inner.template(), inner.place().unwrap().line),
        ("inner", 2)
    );
    assert_eq!(
        inner.message(),
        "can't evaluate field b in type interface {}"
    );
    assert!(inner.cause().is_none());
    assert!(failure.as_limit().is_none());
}

#[test]
fn unknown_templates_are_named_with_their_set() {
    let templates = Templates::new("root", Functions::new());
    let failure = templates.render("nope", &Value::Nil).unwrap_err();
    assert_eq!(
        failure.to_string(),
        "template: no template \"nope\" associated with template \"root\""
    );
}

#[test]
fn functions_reach_the_host_and_announce_what_they_build() {
    let mut functions = Functions::new();
    functions.add("answer", &[], |scope, _| {
        Ok(Value::int(*scope.host::<i64>().ok_or("no host")?))
    });
    functions.add("repeat", &[Type::INT, Type::String], |scope, args| {
        let count = usize::try_from(args.int(0)).unwrap_or_default();
        scope.charge(count.saturating_mul(args.bytes(1).len()))?;
        Ok(Value::string(args.bytes(1).repeat(count)))
    });
    let mut templates = Templates::new("root", functions);
    templates.parse("t", b"{{ answer }}").unwrap();
    templates
        .parse("r", b"{{ repeat 1000000000000 \"x\" }}")
        .unwrap();
    let out = templates.execution().host(&42_i64).render("t", &Value::Nil);
    assert_eq!(out.unwrap(), b"42");
    let failure = templates.render("t", &Value::Nil).unwrap_err();
    assert!(
        failure
            .to_string()
            .ends_with("error calling answer: no host")
    );
    let failure = templates.render("r", &Value::Nil).unwrap_err();
    assert_eq!(
        failure.as_limit(),
        Some(Limit::Bytes(Limits::default().bytes))
    );
}

#[test]
fn functions_change_the_maps_they_are_given() {
    let mut functions = Functions::new();
    functions.add("set", &[Type::MAP, Type::String, Type::Any], |_, args| {
        let map = args.map(0);
        if map.is_nil() {
            return Err("assignment to entry in nil map".into());
        }
        map.insert(args.text(1), args.value(2).clone());
        Ok(map.into())
    });
    let mut templates = Templates::new("root", functions);
    templates
        .parse(
            "t",
            b"{{ range $k, $v := . }}{{ set $ \"new\" 1 | len }}{{ end }}{{ .new }}",
        )
        .unwrap();
    let data: Map = [("a", "x"), ("b", "y")].into_iter().collect();
    let out = templates.render("t", &Value::Map(data.clone())).unwrap();
    assert_eq!(out, b"331");
    assert!(matches!(data.get("new"), Some(Value::Int(_, 1))));
}

#[test]
fn equality_is_deep_and_of_types() {
    let equal = |a: &Value, b: &Value| deep_equal(a, b).unwrap();
    let list = |ty, items: &[i64]| {
        Value::List(List::of(
            ty,
            items.iter().copied().map(Value::int).collect(),
        ))
    };
    assert!(equal(
        &list(ListType::ANY, &[1, 2]),
        &list(ListType::ANY, &[1, 2])
    ));
    assert!(!equal(
        &list(ListType::ANY, &[1, 2]),
        &list(ListType::INT, &[1, 2])
    ));
    assert!(!equal(&Value::int(1), &Value::int64(1)));
    assert!(!equal(&Value::int(1), &Value::float(1.0)));
    assert!(equal(&Value::Nil, &Value::Missing));
    let map: Map = [("a", "x")].into_iter().collect();
    let copy: Map = map.entries().into_iter().collect();
    assert!(equal(&Value::Map(map.clone()), &Value::Map(copy)));
    let typed = Value::Map(map.retyped(MapType::STRING));
    assert!(!equal(&Value::Map(map), &typed));
}

#[test]
fn a_nil_map_reads_as_empty_and_is_not_one() {
    let (nil, empty) = (Map::nil(MapType::ANY), Map::new());
    assert!(nil.is_nil() && nil.is_empty() && !empty.is_nil());
    assert!(nil.get("a").is_none() && nil.remove("a").is_none() && nil.entries().is_empty());
    let (nil, empty) = (Value::Map(nil), Value::Map(empty));
    assert_eq!(deep_equal(&nil, &nil), Ok(true));
    assert_eq!(deep_equal(&nil, &empty), Ok(false));
    let data: Map = [("nil", nil), ("empty", empty)].into_iter().collect();
    for (template, wanted) in [
        ("{{ eq .nil nil }} {{ eq nil .empty }}", "true false"),
        (
            "{{ .nil }} {{ printf \"%#v\" .nil }}",
            "map[] map[string]interface {}(nil)",
        ),
        (
            "{{ len .nil }} {{ .nil.a }} {{ index .nil \"a\" }}",
            "0 <no value> <no value>",
        ),
        ("{{ range .nil }}{{ else }}none{{ end }}", "none"),
    ] {
        let mut templates = Templates::new("root", Functions::new());
        templates.parse("t", template.as_bytes()).unwrap();
        let out = templates.render("t", &Value::Map(data.clone())).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), wanted, "{template}");
    }
}

#[test]
fn debug_output_of_values_shows_no_content() {
    let map: Map = [("password", "hunter2")].into_iter().collect();
    let list = List::new(vec![Value::string("hunter2"), Value::Map(map.clone())]);
    let shown = format!("{map:?} {list:?} {:?}", list.first());
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(
        shown.contains("password") && shown.contains("7 bytes"),
        "{shown}"
    );
}

/// Squares under their roots; counts how often one is asked for.
struct Squares(Rc<Cell<usize>>);

impl MapSource for Squares {
    fn keys(&self) -> Vec<Text> {
        vec!["3".into(), "1".into(), "2".into()]
    }

    fn get(&self, key: &[u8]) -> Option<Value> {
        let root = std::str::from_utf8(key).ok()?.parse::<i64>().ok()?;
        self.0.set(self.0.get() + 1);
        (1..=3).contains(&root).then(|| Value::int(root * root))
    }
}

#[test]
fn maps_may_make_their_values_when_asked() {
    let asked = Rc::new(Cell::new(0));
    let map = Map::from_source(MapType::ANY, Squares(Rc::clone(&asked)));
    assert_eq!(map.keys(), ["1", "2", "3"].map(Text::from));
    assert_eq!(asked.get(), 0);
    let mut templates = Templates::new("root", Functions::new());
    templates
        .parse("one", b"{{ index . \"2\" }} {{ index . \"4\" }}")
        .unwrap();
    templates
        .parse(
            "all",
            b"{{ len . }}{{ range $k, $v := . }} {{ $k }}={{ $v }}{{ end }} {{ . }}",
        )
        .unwrap();
    let data = Value::Map(map.clone());
    assert_eq!(templates.render("one", &data).unwrap(), b"4 <no value>");
    assert_eq!(
        templates.render("all", &data).unwrap(),
        b"3 1=1 2=4 3=9 map[1:1 2:4 3:9]"
    );
    map.insert("0", 0.5);
    assert!(map.remove("3").is_some() && map.remove("3").is_none());
    assert_eq!(map.keys(), ["0", "1", "2"].map(Text::from));
}
