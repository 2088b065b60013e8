//! The YAML reader: whatever a text is, both dialects end with values or an error.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use windlass_yaml::{Dialect, Limits};

/// As deep as the engines go, and no more through aliases than fits the memory of a run.
const LIMITS: Limits = Limits {
    max_bytes: 1 << 20,
    max_depth: 1000,
    max_nodes: 200_000,
};

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(data) else {
        return Corpus::Reject;
    };
    if let Ok(documents) = windlass_yaml::parse(text, &LIMITS) {
        for document in documents {
            let _ = document.to_value(Dialect::V2, &LIMITS);
            let _ = document.to_value(Dialect::V3, &LIMITS);
        }
    }
    let value = windlass_yaml::to_value(text);
    let json = windlass_yaml::to_json(text);
    assert_eq!(
        value.as_ref().err().map(ToString::to_string),
        json.as_ref().err().map(ToString::to_string),
    );
    if let (Ok(value), Ok(json)) = (value, json) {
        match serde_json::from_str::<windlass_yaml::Value>(&json) {
            Ok(read) => assert!(read == value || json.contains(r"\ufffd"), "{json}"),
            Err(error) => assert!(error.to_string().starts_with("recursion"), "{error}"),
        }
    }
    let _ = windlass_yaml::document_trees(text, &LIMITS);
    let _ = windlass_yaml::documents(text);
    let _ = windlass_yaml::kyaml_roundtrip(text);
    Corpus::Keep
});
