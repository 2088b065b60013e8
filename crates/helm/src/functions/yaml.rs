//! `toYaml` and its kin.

use windlass_gotemplate::{Args, Failure, List, Map, Outcome, Scope, Text, Value};

use super::json::plain_json;
use super::yaml_pretty::pretty;
use crate::objects::template_value;
use crate::values::Value as Plain;
use crate::yaml_decode::json_document;

/// The YAML of a value, with its final line break.
pub(crate) fn yaml_text(scope: &mut Scope<'_>, value: &Value) -> Result<String, Failure> {
    let json = plain_json(scope, value)?;
    let text = windlass_yaml::json_to_yaml(&json);
    scope.charge(text.len())?;
    Ok(text)
}

fn trimmed(mut text: String) -> Value {
    if text.ends_with('\n') {
        text.pop();
    }
    text.into()
}

pub(super) fn to_yaml(scope: &mut Scope<'_>, args: Args<'_>) -> Outcome {
    match yaml_text(scope, args.value(0)) {
        Ok(text) => Ok(trimmed(text)),
        Err(failure) => super::json::swallowed(failure),
    }
}

pub(super) fn must_to_yaml(scope: &mut Scope<'_>, args: Args<'_>) -> Outcome {
    match yaml_text(scope, args.value(0)) {
        Ok(text) => Ok(trimmed(text)),
        Err(failure) if failure.as_limit().is_some() => Err(failure),
        Err(failure) => Err(Failure::new(format!(
            "error marshaling into JSON: {failure}"
        ))),
    }
}

pub(super) fn to_yaml_pretty(scope: &mut Scope<'_>, args: Args<'_>) -> Outcome {
    pretty(scope, args.value(0)).map(trimmed)
}

pub(super) fn from_yaml(scope: &mut Scope<'_>, args: Args<'_>) -> Outcome {
    let text = args.text(0);
    scope.charge(text.len())?;
    let error = |problem: String| {
        let map = Map::new();
        map.insert("Error", problem);
        Ok(map.into())
    };
    match document(&text) {
        Err(problem) => error(problem),
        Ok(serde_json::Value::Null) => Ok(Map::new().into()),
        Ok(json @ serde_json::Value::Object(_)) => decoded(scope, &json),
        Ok(other) => error(mismatch(&other, "map[string]interface {}")),
    }
}

pub(super) fn from_yaml_array(scope: &mut Scope<'_>, args: Args<'_>) -> Outcome {
    let text = args.text(0);
    scope.charge(text.len())?;
    let error = |problem: String| Ok(List::new(vec![problem.into()]).into());
    match document(&text) {
        Err(problem) => error(problem),
        Ok(serde_json::Value::Null) => Ok(List::new(Vec::new()).into()),
        Ok(json @ serde_json::Value::Array(_)) => decoded(scope, &json),
        Ok(other) => error(mismatch(&other, "[]interface {}")),
    }
}

fn document(text: &Text) -> Result<serde_json::Value, String> {
    json_document(text)
}

fn decoded(scope: &mut Scope<'_>, json: &serde_json::Value) -> Outcome {
    scope.charge(size(json))?;
    Ok(template_value(&Plain::from_json(json)))
}

/// What a value takes in memory, about: through aliases a short text may come to much.
fn size(json: &serde_json::Value) -> usize {
    let inside = match json {
        serde_json::Value::String(text) => text.len(),
        serde_json::Value::Array(items) => items.iter().map(size).sum(),
        serde_json::Value::Object(members) => members
            .iter()
            .map(|(name, member)| name.len() + size(member))
            .sum(),
        _ => 0,
    };
    size_of::<Value>() + inside
}

fn mismatch(json: &serde_json::Value, wanted: &str) -> String {
    format!(
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {} into Go value of type {wanted}",
        crate::chart::json_kind(json)
    )
}
