//! `toJson` and its kin.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;
use windlass_gotemplate::{
    Args, Failure, List, ListType, Map, MapType, Outcome, Scope, Text, Value,
};

use windlass_sprig::json::{Escape, decode, decoded_size, encode};

use crate::values::Value as Plain;

/// Deepest nesting that is written; Go gives up on cycles only.
const MAX_DEPTH: usize = 500;

/// What Go's JSON of a value is read back as: bytes as base64, objects as their fields.
///
/// # Errors
/// Go's text for what JSON cannot hold; a limit of the execution.
pub(super) fn plain_json(scope: &mut Scope<'_>, value: &Value) -> Result<Json, Failure> {
    convert(scope, value, 0)
}

fn convert(scope: &mut Scope<'_>, value: &Value, depth: usize) -> Result<Json, Failure> {
    if depth > MAX_DEPTH {
        return Err(Failure::new(format!(
            "json: unsupported value: encountered a cycle via {}",
            value.type_name()
        )));
    }
    scope.charge_steps(1)?;
    Ok(match value {
        Value::Missing | Value::Nil => Json::Null,
        Value::List(list) if list.is_nil() => Json::Null,
        Value::Map(map) if map.is_nil() => Json::Null,
        Value::Bool(bool) => Json::Bool(*bool),
        Value::Int(_, int) => Json::from(*int),
        Value::Uint(_, int) => Json::from(*int),
        Value::Float(_, float) => Plain::Float(finite(*float)?).to_json(),
        Value::String(text) => {
            // One text may be in many places; here it is copied for each.
            scope.charge(text.len())?;
            Json::String(text.to_str().into_owned())
        }
        Value::Bytes(bytes) => Json::String(STANDARD.encode(bytes)),
        Value::List(list) => {
            let mut items = Vec::with_capacity(list.len());
            for item in list.iter() {
                items.push(convert(scope, item, depth + 1)?);
            }
            Json::Array(items)
        }
        Value::Map(map) => {
            let mut members = serde_json::Map::new();
            map.read(|entries| {
                for (key, item) in entries {
                    scope.charge(key.len())?;
                    let item = convert(scope, item, depth + 1)?;
                    members.insert(key.to_str().into_owned(), item);
                }
                Ok::<_, Failure>(())
            })?;
            Json::Object(members)
        }
        Value::Object(_) => {
            // Times, versions and the like have forms of their own.
            let max = usize::try_from(scope.limits().bytes).unwrap_or(usize::MAX);
            let text = encode(value, Escape::Minimal, None, max)?;
            serde_json::from_slice(&text).map_err(|error| Failure::new(error.to_string()))?
        }
        Value::Complex(..) | Value::Function(_) => {
            return Err(Failure::new(format!(
                "json: unsupported type: {}",
                value.type_name()
            )));
        }
    })
}

fn finite(float: f64) -> Result<f64, Failure> {
    if float.is_finite() {
        return Ok(float);
    }
    let text = match float {
        float if float.is_nan() => "NaN",
        float if float > 0.0 => "+Inf",
        _ => "-Inf",
    };
    Err(Failure::new(format!("json: unsupported value: {text}")))
}

/// Errors that Helm swallows become empty text; limits do not.
pub(super) fn swallowed(failure: Failure) -> Outcome {
    if failure.as_limit().is_some() {
        return Err(failure);
    }
    Ok(Value::String(Text::empty()))
}

fn json_text(scope: &mut Scope<'_>, value: &Value) -> Outcome {
    let max = usize::try_from(scope.limits().bytes).unwrap_or(usize::MAX);
    let text = encode(value, Escape::Html, None, max)?;
    scope.charge(text.len())?;
    Ok(text.into())
}

pub(super) fn to_json(scope: &mut Scope<'_>, args: Args<'_>) -> Outcome {
    json_text(scope, args.value(0)).or_else(swallowed)
}

pub(super) fn must_to_json(scope: &mut Scope<'_>, args: Args<'_>) -> Outcome {
    json_text(scope, args.value(0))
}

pub(super) fn from_json(scope: &mut Scope<'_>, args: Args<'_>) -> Outcome {
    let text = args.text(0);
    scope.charge(decoded_size(&text))?;
    let (map, fault) = match decode(&text) {
        (Value::Map(map), fault) => (map, fault),
        (Value::Nil | Value::Missing, None) => (Map::nil(MapType::ANY), None),
        (Value::Nil | Value::Missing, fault) => (Map::new(), fault),
        (other, fault) => (
            Map::new(),
            fault.or_else(|| Some(mismatch(&other, "map[string]interface {}"))),
        ),
    };
    if let Some(fault) = fault {
        map.insert("Error", fault);
    }
    Ok(map.into())
}

pub(super) fn from_json_array(scope: &mut Scope<'_>, args: Args<'_>) -> Outcome {
    let text = args.text(0);
    scope.charge(decoded_size(&text))?;
    let error = |fault: String| Ok(List::new(vec![fault.into()]).into());
    match decode(&text) {
        (_, Some(fault)) => error(fault),
        (Value::List(list), None) => Ok(list.into()),
        (Value::Nil | Value::Missing, None) => Ok(List::nil(ListType::ANY).into()),
        (other, None) => error(mismatch(&other, "[]interface {}")),
    }
}

fn mismatch(value: &Value, wanted: &str) -> String {
    let found = match value {
        Value::Bool(_) => "bool",
        Value::String(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
        _ => "number",
    };
    format!("json: cannot unmarshal {found} into Go value of type {wanted}")
}
