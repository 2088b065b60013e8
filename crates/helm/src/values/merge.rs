//! Reading values from YAML, and merging what several files say.

use super::value::{Map, Value};
use crate::yaml_decode::table_document;

/// Merges `over` into `base`: tables recursively, everything else replaced.
pub fn merge_maps(base: &mut Map, over: Map) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Map(below)), Value::Map(above)) => merge_maps(below, above),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// Reads the values in `text`: one YAML document, or several whose values are merged in order.
///
/// # Errors
/// Helm's texts for what is no YAML, or no table.
pub fn read_values(text: &[u8]) -> Result<Map, String> {
    let mut values = Map::new();
    for document in documents(text)? {
        let table = table_document(&document)
            .map_err(|error| format!("cannot unmarshal yaml document: {error}"))?;
        if values.is_empty() {
            values = table;
        } else {
            merge_maps(&mut values, table);
        }
    }
    Ok(values)
}

/// Cuts a stream at lines that start with `---`; nothing but a comment may follow on such a line.
/// A separator that ends a document is gone, one that starts the stream stays in it.
fn documents(text: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let mut documents = Vec::new();
    let mut current = Vec::new();
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Some(rest) = line.strip_prefix(b"---") {
            let rest = String::from_utf8_lossy(rest);
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                return Err(format!(
                    "error reading yaml document: invalid Yaml document separator: {rest}"
                ));
            }
            if !current.is_empty() {
                documents.push(std::mem::take(&mut current));
                continue;
            }
        }
        current.extend_from_slice(line);
        current.push(b'\n');
    }
    if !current.is_empty() {
        documents.push(current);
    }
    Ok(documents)
}
