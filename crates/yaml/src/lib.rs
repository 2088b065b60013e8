//! YAML as the Go ecosystem reads and writes it.
//!
//! Kubernetes tooling agrees on YAML only through its libraries: `sigs.k8s.io/yaml` (go-yaml v2
//! rules, used for objects, values and final output) and kyaml (go-yaml v3 rules, used by
//! kustomize to load resources). This crate owns both dialects: reading into a [`Node`] tree,
//! resolving that tree to JSON values, and writing the bytes those libraries write, including
//! their error texts.
//!
//! It knows nothing of Kubernetes objects, patches or kustomizations.

mod decode;
mod documents;
mod emit;
mod error;
mod go_sort;
mod go_syntax;
mod json;
mod key_order;
mod kyaml;
mod node;
mod number;
mod parse;
mod resolve;
mod rewriting;
mod scan;
mod timestamp;
mod tree;

pub use documents::documents;
pub use emit::{is_base_60, json_to_yaml, json_to_yaml_pretty, written_style};
pub use error::Error;
pub use go_sort::go_sort;
pub use go_syntax::quoted as go_quoted;
pub use json::go_json;
pub use kyaml::kyaml_roundtrip;
pub use node::{Comments, Kind, Node, Style};
pub use parse::{Document, Limits, first_document, parse};
pub use tree::{
    PlainKind, document_to_yaml, document_trees, float_text, plain_kind, plain_value, tree_to_yaml,
};

/// A resolved value. Maps are sorted by key bytes; numbers are `i64`, `u64` or finite `f64`, a
/// whole float that fits an integer being stored as one, as its JSON text would be read back.
pub type Value = serde_json::Value;

/// Which generation of go-yaml's rules resolves plain scalars, merges and duplicate keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// go-yaml v2: YAML 1.1 booleans (`yes`, `on`, `y` …), later duplicate keys win, timestamps
    /// stay text. The dialect of `sigs.k8s.io/yaml`.
    V2,
    /// go-yaml v3: only `true`/`false` are booleans, duplicate keys are errors, plain timestamps
    /// become RFC 3339 text. The dialect of kyaml.
    V3,
}

/// The JSON text of the first document of `text`: `sigs.k8s.io/yaml`'s `YAMLToJSON` to the byte.
/// It differs from [`go_json`] over [`to_value`] for binary data that is not UTF-8, which Go
/// escapes as `\ufffd` where it writes a U+FFFD of the text as it is.
///
/// # Errors
/// As [`to_value`].
pub fn to_json(text: &str) -> Result<String, Error> {
    let limits = Limits::default();
    let Some(document) = parse::first_document(text, &limits, Dialect::V2)? else {
        return Ok("null".to_owned());
    };
    // A character that the text holds neither as such nor as an escape.
    let written = text.to_ascii_lowercase();
    let invalid = ('\u{fdd0}'..='\u{fdef}').find(|found| {
        let code = format!("{:x}", u32::from(*found));
        !written.contains(*found) && !written.contains(&code)
    });
    let invalid = invalid.unwrap_or(char::REPLACEMENT_CHARACTER);
    let root = &document.root;
    let value = decode::Decoder::new(root, Dialect::V2, &limits)
        .marking_invalid(invalid)
        .decode(root)?;
    Ok(json::go_json_marked(&value, invalid))
}

/// The value of the first document of `text`, by the rules of `sigs.k8s.io/yaml`'s `YAMLToJSON`:
/// an empty stream is null, number and boolean keys become strings, later duplicates win. Further
/// documents are not looked at.
///
/// # Errors
/// The Go texts for syntax errors, unknown anchors, map keys JSON cannot hold and numbers JSON
/// cannot write (`.nan`, `.inf`).
pub fn to_value(text: &str) -> Result<Value, Error> {
    let limits = Limits::default();
    match parse::first_document(text, &limits, Dialect::V2)? {
        Some(document) => document.root.to_value(Dialect::V2, &limits),
        None => Ok(Value::Null),
    }
}
