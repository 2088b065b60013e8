//! What `toYamlPretty` writes of a value: unlike `toYaml` it does not go through JSON, so bytes
//! are lists of numbers, floats stay floats, nil lists and maps are empty ones, and structs show
//! their exported fields.

use serde_json::{Map as Members, Number, Value as Json};
use windlass_gotemplate::{Failure, Object, Scope, Value};
use windlass_sprig::json::{Escape, encode};

/// Deepest nesting that is written; Go gives up only when its stack is full.
const MAX_DEPTH: usize = 500;

/// The text, with its final line break.
///
/// # Errors
/// What Helm fails with for values that YAML cannot hold; a limit of the execution.
pub(super) fn pretty(scope: &mut Scope<'_>, value: &Value) -> Result<String, Failure> {
    let plain = plain(scope, value, 0)?;
    let text = windlass_yaml::json_to_yaml_pretty(&plain);
    scope.charge(text.len())?;
    Ok(text)
}

fn plain(scope: &mut Scope<'_>, value: &Value, depth: usize) -> Result<Json, Failure> {
    if depth > MAX_DEPTH {
        return Err(Failure::new("stack overflow"));
    }
    scope.charge_steps(1)?;
    Ok(match value {
        Value::Missing | Value::Nil => Json::Null,
        Value::Bool(bool) => Json::Bool(*bool),
        Value::Int(_, int) => Json::from(*int),
        Value::Uint(_, int) => Json::from(*int),
        Value::Float(_, float) => Number::from_f64(*float).map_or(Json::Null, Json::Number),
        Value::String(text) => Json::String(text.to_str().into_owned()),
        Value::Bytes(bytes) => {
            scope.charge(bytes.len().saturating_mul(size_of::<Json>()))?;
            bytes.iter().map(|byte| Json::from(*byte)).collect()
        }
        Value::List(list) => {
            let items = list.iter().map(|item| plain(scope, item, depth + 1));
            Json::Array(items.collect::<Result<_, _>>()?)
        }
        Value::Map(map) => map.read(|entries| {
            let entries = entries.iter().map(|(key, item)| {
                let item = plain(scope, item, depth + 1)?;
                Ok::<_, Failure>((key.to_str().into_owned(), item))
            });
            Ok::<_, Failure>(Json::Object(entries.collect::<Result<_, _>>()?))
        })?,
        Value::Object(object) => self::object(scope, value, object.as_ref(), depth)?,
        Value::Complex(..) | Value::Function(_) => {
            let name = value.type_name();
            return Err(Failure::new(format!("cannot marshal type: {name}")));
        }
    })
}

fn object(
    scope: &mut Scope<'_>,
    value: &Value,
    object: &dyn Object,
    depth: usize,
) -> Result<Json, Failure> {
    if value.type_name() == "time.Duration"
        && let Some(text) = object.text()
    {
        return Ok(Json::String(text.to_str().into_owned()));
    }
    if let Some(basic) = object.underlying() {
        return plain(scope, &basic, depth);
    }
    let fields = object.fields();
    if fields.is_empty() {
        // Times and versions, which have a form in text.
        let max = usize::try_from(scope.limits().bytes).unwrap_or(usize::MAX);
        let text = encode(value, Escape::Minimal, None, max)?;
        return serde_json::from_slice(&text).map_err(|error| Failure::new(error.to_string()));
    }
    let mut members = Members::new();
    for (name, field) in fields {
        if name.starts_with(|first: char| first.is_ascii_uppercase()) {
            members.insert(name.to_lowercase(), plain(scope, &field, depth + 1)?);
        }
    }
    Ok(Json::Object(members))
}
