//! `.Values`, and the context itself: a map with methods.
#![expect(clippy::unnecessary_wraps, reason = "methods of templates may fail")]

use windlass_gotemplate::{
    Args, Failure, Map, MapType, Method, ObjectType, Outcome, Scope, Type, Value,
};

use crate::functions::yaml_text;
use crate::go_text::quote;

/// `common.Values`.
pub(crate) static VALUES: MapType = MapType {
    name: "common.Values",
    elem: Type::Any,
    named: true,
    methods: &[
        Method::new("AsMap", &[], as_map),
        Method::new("Encode", &[Type::Object(&WRITER)], encode),
        Method::new("PathValue", &[Type::String], path_value),
        Method::new("Table", &[Type::String], table),
        Method::new("YAML", &[], yaml),
    ],
};

/// What `Encode` writes to, which no template can have.
static WRITER: ObjectType = ObjectType {
    name: "io.Writer",
    kind: windlass_gotemplate::Kind::Interface,
    methods: &[],
};

/// The map under the type of `.Values`.
pub(crate) fn values_map(map: &Map) -> Value {
    Value::Map(map.retyped(&VALUES))
}

fn receiver(value: &Value) -> Map {
    value.as_map().cloned().unwrap_or_default()
}

fn as_map(_: &mut Scope<'_>, value: &Value, _: Args<'_>) -> Outcome {
    Ok(receiver(value).retyped(MapType::ANY).into())
}

fn encode(_: &mut Scope<'_>, _: &Value, _: Args<'_>) -> Outcome {
    Ok(Value::Nil)
}

fn yaml(scope: &mut Scope<'_>, value: &Value, _: Args<'_>) -> Outcome {
    yaml_text(scope, value).map(Into::into)
}

fn table(_: &mut Scope<'_>, value: &Value, args: Args<'_>) -> Outcome {
    let path = args.text(0).to_str().into_owned();
    find_table(receiver(value), &path).map(|table| values_map(&table))
}

fn find_table(map: Map, path: &str) -> Result<Map, Failure> {
    let mut table = map;
    for name in path.split('.') {
        table = match table.get(name) {
            Some(Value::Map(inner)) => inner,
            _ => return Err(Failure::new(format!("{} is not a table", quote(name)))),
        };
    }
    Ok(table)
}

fn path_value(_: &mut Scope<'_>, value: &Value, args: Args<'_>) -> Outcome {
    let path = args.text(0).to_str().into_owned();
    if path.is_empty() {
        return Err(Failure::new("YAML path cannot be empty"));
    }
    let (table, key) = match path.rsplit_once('.') {
        Some((parent, key)) => (find_table(receiver(value), parent).ok(), key),
        None => (Some(receiver(value)), path.as_str()),
    };
    match table.and_then(|table| table.get(key)) {
        Some(found) if found.as_map().is_none() => Ok(found),
        _ => Err(Failure::new(format!("{} is not a value", quote(key)))),
    }
}
