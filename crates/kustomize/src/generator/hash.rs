//! The hash that generated names end in.

use serde_json::Map;
use sha2::{Digest as _, Sha256};
use windlass_yaml::Value;

use crate::resource::Resource;

/// The ten characters that stand for the content of a config map, secret or other object.
///
/// Name, namespace and labels do not count: the original means to hash the name, but reads it from
/// a place where there is none.
pub(crate) fn name_suffix(resource: &Resource) -> String {
    let object = &resource.object;
    let part = |key: &str| {
        object
            .get(key)
            .cloned()
            .unwrap_or_else(|| Value::String(String::new()))
    };
    let content = match resource.kind() {
        kind @ ("ConfigMap" | "Secret") => {
            let mut map = Map::new();
            map.insert("kind".into(), kind.into());
            map.insert("name".into(), "".into());
            map.insert("data".into(), part("data"));
            let more = if kind == "Secret" {
                map.insert("type".into(), part("type"));
                "stringData"
            } else {
                "binaryData"
            };
            if let Some(value) = object.get(more) {
                map.insert(more.into(), value.clone());
            }
            Value::Object(map)
        }
        _ => object.clone(),
    };
    // Keys are sorted, so this is the order Go marshals a map in.
    let digest = Sha256::digest(windlass_yaml::go_json(&content));
    digest
        .iter()
        .take(5)
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(letter)
        .collect()
}

/// A hexadecimal digit, with those replaced that could make up words.
fn letter(digit: u8) -> char {
    char::from(b"gh2k456789mbcdtf"[usize::from(digit)])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn hashes_are_those_kustomize_gives() {
        // Recorded with kustomize 5.8.1 from `month=12`.
        let object = json!({"kind": "ConfigMap", "data": {"month": "12"}});
        assert_eq!(name_suffix(&Resource::new(object)), "f8t5fhtbhc");
    }
}
