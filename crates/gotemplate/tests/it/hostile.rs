//! Templates that try to take the stack, the memory or the time of their host.

use std::time::{Duration, Instant};

use windlass_gotemplate::{
    Failure, Functions, Limit, Limits, List, Map, Templates, Type, Value, format,
};

/// `set`, `list`, `include` and `tpl`, as the libraries on top of the crate have them.
fn functions() -> Functions {
    let mut functions = Functions::new();
    functions.add("set", &[Type::MAP, Type::String, Type::Any], |_, args| {
        let map = args.map(0);
        if map.is_nil() {
            return Err("assignment to entry in nil map".into());
        }
        map.insert(args.text(1), args.value(2).clone());
        Ok(map.into())
    });
    functions.add("dict", &[], |_, _| Ok(Map::new().into()));
    functions.add_variadic("list", &[], Type::Any, |_, args| {
        Ok(Value::List(List::new(args.all().to_vec())))
    });
    functions.add("include", &[Type::String, Type::Any], |scope, args| {
        let text = scope.render(&args.text(0).to_str(), args.value(1))?;
        Ok(text.into())
    });
    functions.add("tpl", &[Type::String, Type::Any], |scope, args| {
        let mut templates = scope.templates().clone();
        templates.parse("tpl", args.bytes(0))?;
        let text = scope.render_in(&templates, "tpl", args.value(1))?;
        Ok(text.into())
    });
    functions
}

fn run_with(template: &str, limits: Limits) -> Result<Vec<u8>, Failure> {
    let mut templates = Templates::new("root", functions());
    templates.parse("t", template.as_bytes())?;
    templates
        .execution()
        .limits(limits)
        .render("t", &Value::Nil)
}

fn run(template: &str) -> Result<Vec<u8>, Failure> {
    run_with(template, Limits::default())
}

fn limit(template: &str) -> Option<Limit> {
    run(template).unwrap_err().as_limit()
}

#[test]
fn endless_recursion_ends_with_the_error_of_go() {
    let error =
        run(r#"{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}"#).unwrap_err();
    assert_eq!(error.as_limit(), Some(Limit::Depth(100_000)));
    assert_eq!(
        error.to_string(),
        "template: t:1:28: executing \"a\" at <{{template \"a\" .}}>: exceeded maximum template \
         depth (100000)"
    );
}

#[test]
fn recursion_through_functions_ends() {
    let limits = Limits {
        depth: 3_000,
        ..Limits::default()
    };
    for template in [
        r#"{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}"#,
        r#"{{ define "a" }}{{ tpl "{{ include \"a\" . }}" . }}{{ end }}{{ include "a" . }}"#,
        r#"{{ define "a" }}{{ with 1 }}{{ range 1 }}{{ template "a" }}{{ end }}{{ end }}{{ end }}{{ template "a" }}"#,
    ] {
        let error = run_with(template, limits).unwrap_err();
        assert_eq!(error.as_limit(), Some(Limit::Depth(3_000)), "{template}");
    }
}

#[test]
fn endless_ranges_run_out_of_steps_or_time() {
    let steps = Limits {
        steps: 10_000,
        ..Limits::default()
    };
    let template = "{{ range 9223372036854775807 }}{{ end }}";
    let error = run_with(template, steps).unwrap_err();
    assert_eq!(error.as_limit(), Some(Limit::Steps(10_000)));

    let time = Limits {
        time: Some(Duration::from_millis(50)),
        ..Limits::default()
    };
    let started = Instant::now();
    let error = run_with(template, time).unwrap_err();
    assert_eq!(
        error.as_limit(),
        Some(Limit::Time(Duration::from_millis(50)))
    );
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[test]
fn output_is_bounded() {
    let limits = Limits {
        bytes: 1 << 20,
        ..Limits::default()
    };
    let doubling = format!(
        "{{{{ $x := \"xxxxxxxx\" }}}}{}",
        "{{ $x = print $x $x }}".repeat(60)
    );
    for template in [
        doubling.as_str(),
        "{{ range 9223372036854775807 }}0123456789{{ end }}",
        r#"{{ range 100000 }}{{ printf "%1000000d" 1 }}{{ end }}"#,
        r#"{{ printf "%*d %*d %*d" 900000 1 900000 1 900000 1 }}"#,
    ] {
        let error = run_with(template, limits).unwrap_err();
        assert_eq!(
            error.as_limit(),
            Some(Limit::Bytes(1 << 20)),
            "{template:.60}"
        );
    }
}

#[test]
fn values_that_hold_themselves_cannot_be_printed() {
    let cyclic = r#"{{ $d := dict }}{{ $_ := set $d "a" $d }}"#;
    assert_eq!(
        limit(&format!("{cyclic}{{{{ $d }}}}")),
        Some(Limit::Nesting)
    );
    assert_eq!(
        limit(&format!("{cyclic}{{{{ printf \"%d\" $d }}}}")),
        Some(Limit::Nesting)
    );
    assert_eq!(
        limit(&format!("{cyclic}{{{{ eq $d $d }}}}")),
        Some(Limit::Nesting)
    );
}

#[test]
fn values_of_exponential_size_run_out_of_bytes() {
    let template = format!(
        "{{{{ $x := list 1 }}}}{}{{{{ $x }}}}",
        "{{ $x = list $x $x }}".repeat(100)
    );
    let limits = Limits {
        bytes: 1 << 20,
        ..Limits::default()
    };
    let error = run_with(&template, limits).unwrap_err();
    assert_eq!(error.as_limit(), Some(Limit::Bytes(1 << 20)));
}

#[test]
fn deep_values_are_dropped_without_the_stack() {
    let out = run("{{ $x := list }}{{ range 50000 }}{{ $x = list $x }}{{ end }}done").unwrap();
    assert_eq!(out, b"done");
    let out = run(
        r#"{{ $x := dict }}{{ range 50000 }}{{ $y := dict }}{{ $_ := set $y "x" $x }}{{ $x = $y }}{{ end }}done"#,
    )
    .unwrap();
    assert_eq!(out, b"done");
    let deep = "{{ $x := list }}{{ range 50000 }}{{ $x = list $x }}{{ end }}{{ $x }}";
    assert_eq!(limit(deep), Some(Limit::Nesting));
}

#[test]
fn nesting_of_text_is_bounded() {
    let parse = |text: &str| {
        let mut templates = Templates::new("root", Functions::new());
        templates
            .parse("t", text.as_bytes())
            .map_err(|error| error.message)
    };
    let parens = |count: usize| format!("{{{{ {}1{} }}}}", "(".repeat(count), ")".repeat(count));
    assert_eq!(parse(&parens(10_000)), Ok(()));
    assert_eq!(
        parse(&parens(10_001)),
        Err("max expression depth exceeded".to_owned())
    );
    let ifs = |count: usize| format!("{}{}", "{{if 1}}".repeat(count), "{{end}}".repeat(count));
    assert_eq!(parse(&ifs(10_000)), Ok(()));
    assert_eq!(
        parse(&ifs(10_001)),
        Err("max nesting depth exceeded".to_owned())
    );
    assert!(parse(&"{{if 1}}{{else ".repeat(20_000)).is_err());
    assert!(parse(&"{{block \"a\" .}}".repeat(20_000)).is_err());
    assert!(parse(&"(".repeat(1 << 20)).is_ok());
    assert!(parse(&format!("{{{{ {}", "(".repeat(1 << 20))).is_err());
}

#[test]
fn deep_expressions_are_evaluated_and_shown() {
    let parens = format!("{{{{ {}1{} }}}}", "(".repeat(10_000), ")".repeat(10_000));
    assert_eq!(run(&parens).unwrap(), b"1");
    let failing = format!(
        "{{{{ {}nil{} }}}}",
        "print (".repeat(10_000),
        ")".repeat(10_000)
    );
    assert!(
        run(&failing)
            .unwrap_err()
            .to_string()
            .contains("nil is not a command")
    );
}

#[test]
fn chains_of_errors_are_shown_and_dropped_without_the_stack() {
    let mut functions = functions();
    functions.add("down", &[Type::INT], |scope, args| {
        let depth = args.int(0);
        if depth == 0 {
            return Err(Failure::new("bottom"));
        }
        Ok(scope.render("t", &Value::int(depth - 1))?.into())
    });
    let mut templates = Templates::new("root", functions);
    templates.parse("t", b"{{ down . }}").unwrap();
    let error = templates.render("t", &Value::int(20_000)).unwrap_err();
    assert!(error.to_string().ends_with("error calling down: bottom"));
    assert_eq!(error.to_string().matches("executing").count(), 20_001);
}

#[test]
fn long_formats_do_not_take_long() {
    let format = "%[1]*.[2]*[3]".repeat(10_000);
    let args = [Value::int(3), Value::int(2), Value::float(1.5)];
    assert!(format::sprintf(format.as_bytes(), &args, 1 << 20).is_ok());
}
