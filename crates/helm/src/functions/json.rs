//! `toJson` and its kin.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;
use windlass_gotemplate::{Args, Failure, List, Map, Outcome, Scope, Text, Value};

use crate::objects::template_value;
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
        Value::Bool(bool) => Json::Bool(*bool),
        Value::Int(_, int) => Json::from(*int),
        Value::Uint(_, int) => Json::from(*int),
        Value::Float(_, float) => Plain::Float(finite(*float)?).to_json(),
        Value::String(text) => Json::String(text.to_str().into_owned()),
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
            for (key, item) in &*map.borrow() {
                let item = convert(scope, item, depth + 1)?;
                members.insert(key.to_str().into_owned(), item);
            }
            Json::Object(members)
        }
        Value::Object(object) => {
            let mut members = serde_json::Map::new();
            for (name, field) in object.fields() {
                let field = convert(scope, &field, depth + 1)?;
                members.insert(name.to_owned(), field);
            }
            Json::Object(members)
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
    let json = plain_json(scope, value)?;
    let text = windlass_yaml::go_json(&json);
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
    scope.charge(text.len())?;
    let error = |problem: String| {
        let map = Map::new();
        map.insert("Error", problem);
        Ok(map.into())
    };
    match serde_json::from_slice::<Json>(&text) {
        Err(problem) => error(problem.to_string()),
        Ok(Json::Null) => Ok(Map::new().into()),
        Ok(json @ Json::Object(_)) => Ok(template_value(&Plain::from_json(&json))),
        Ok(other) => error(mismatch(&other, "map[string]interface {}")),
    }
}

pub(super) fn from_json_array(scope: &mut Scope<'_>, args: Args<'_>) -> Outcome {
    let text = args.text(0);
    scope.charge(text.len())?;
    let error = |problem: String| Ok(List::new(vec![problem.into()]).into());
    match serde_json::from_slice::<Json>(&text) {
        Err(problem) => error(problem.to_string()),
        Ok(Json::Null) => Ok(List::new(Vec::new()).into()),
        Ok(json @ Json::Array(_)) => Ok(template_value(&Plain::from_json(&json))),
        Ok(other) => error(mismatch(&other, "[]interface {}")),
    }
}

fn mismatch(json: &Json, wanted: &str) -> String {
    format!(
        "json: cannot unmarshal {} into Go value of type {wanted}",
        crate::chart::json_kind(json)
    )
}
