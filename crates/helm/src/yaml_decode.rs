//! `sigs.k8s.io/yaml`'s `Unmarshal` into the types Helm reads.

use windlass_yaml::to_value;

use crate::values::{Map, map_from_json};

/// Reads the JSON form of the first document of `text`.
///
/// # Errors
/// The text of the Go library, with its prefix.
pub(crate) fn json_document(text: &[u8]) -> Result<serde_json::Value, String> {
    let failed = |problem: String| format!("error converting YAML to JSON: {problem}");
    let text = std::str::from_utf8(text)
        .map_err(|_| failed("yaml: invalid leading UTF-8 octet".to_owned()))?;
    to_value(text).map_err(|error| failed(error.to_string()))
}

/// Reads the table that the first document of `text` is; nothing at all is an empty one.
///
/// # Errors
/// The text of the Go library, with its prefix.
pub(crate) fn table_document(text: &[u8]) -> Result<Map, String> {
    match json_document(text)? {
        serde_json::Value::Null => Ok(Map::new()),
        serde_json::Value::Object(map) => Ok(map_from_json(&map)),
        other => Err(format!(
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
            crate::chart::json_kind(&other)
        )),
    }
}
