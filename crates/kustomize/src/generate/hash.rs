//! The hash that generated names end in.

use serde_json::{Map, Number};
use sha2::{Digest as _, Sha256};
use windlass_yaml::Value;

use crate::Error;
use crate::manifest::Manifest;
use crate::node::Node;

/// The ten characters that stand for the content of a config map, secret or other object.
///
/// Name, namespace and labels do not count: the original means to hash the name, but reads it from
/// a place where there is none.
///
/// # Errors
/// When the content cannot be written as JSON.
pub(crate) fn name_suffix(manifest: &Manifest) -> Result<String, Error> {
    let content = match manifest.kind() {
        kind @ ("ConfigMap" | "Secret") => {
            let mut map = Map::new();
            map.insert("kind".into(), kind.into());
            map.insert("name".into(), "".into());
            map.insert("data".into(), part(&manifest.node, "data")?);
            let more = if kind == "Secret" {
                map.insert("type".into(), part(&manifest.node, "type")?);
                "stringData"
            } else {
                "binaryData"
            };
            let value = part(&manifest.node, more)?;
            if value.is_object() {
                map.insert(more.into(), value);
            }
            Value::Object(map)
        }
        _ => manifest.node.to_value()?,
    };
    // Keys are sorted, so this is the order Go marshals a map in.
    let digest = Sha256::digest(windlass_yaml::go_json(&content));
    let digits = digest
        .iter()
        .take(5)
        .flat_map(|byte| [byte >> 4, byte & 15]);
    Ok(digits.map(letter).collect())
}

/// A field as it is hashed: scalars by their text, lists as null.
fn part(object: &Node, key: &str) -> Result<Value, Error> {
    Ok(match object.get(key) {
        None => Value::String(String::new()),
        Some(Node::Scalar(scalar)) => Value::String(scalar.text.to_string()),
        Some(Node::Sequence(_)) => Value::Null,
        Some(mapping) => with_floats(mapping.to_value()?),
    })
}

/// Numbers as the original reads them from JSON: as floats, so that large ones lose digits.
fn with_floats(value: Value) -> Value {
    match value {
        Value::Number(number) => {
            let float = number.as_f64().and_then(Number::from_f64);
            Value::Number(float.unwrap_or(number))
        }
        Value::Array(items) => items.into_iter().map(with_floats).collect(),
        Value::Object(map) => map
            .into_iter()
            .map(|(key, value)| (key, with_floats(value)))
            .collect(),
        other => other,
    }
}

/// A hexadecimal digit, with those replaced that could make up words.
fn letter(digit: u8) -> char {
    char::from(b"gh2k456789mbcdtf"[usize::from(digit)])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::node::from_value;

    #[test]
    fn hashes_are_those_kustomize_gives() {
        // Recorded with kustomize 5.8.1 from `month=12`.
        let object = json!({"kind": "ConfigMap", "data": {"month": "12"}});
        assert_eq!(
            name_suffix(&Manifest::new(from_value(&object))),
            Ok("f8t5fhtbhc".to_owned())
        );
        // From a resource with a number in its place.
        for (number, hash) in [
            (u64::MAX, "9884c27k7h"),
            ((1 << 53) + 1, "4m8dt24876"),
            (7, "ckmb27f2t7"),
        ] {
            let object = json!({"kind": "ConfigMap", "data": {"k": number}});
            assert_eq!(
                name_suffix(&Manifest::new(from_value(&object))),
                Ok(hash.to_owned()),
                "{number}"
            );
        }
    }
}
