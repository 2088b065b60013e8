//! The generated CRDs against the published ones.
#![allow(clippy::print_stdout, reason = "a test says what it skips")]

use std::{env, path::PathBuf};

use serde_json::{Value, json};

/// Folder of recordings of the published tools, if it is there.
fn conformance() -> Option<PathBuf> {
    let dir = env::var_os("WINDLASS_CONFORMANCE").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
        PathBuf::from,
    );
    if dir.is_dir() {
        return Some(dir);
    }
    println!("skipped: no recordings at {}", dir.display());
    None
}

/// A schema without its descriptions, which are ours. A property that is named `description`
/// stays.
fn without_descriptions(value: &Value, in_properties: bool) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(key, _)| in_properties || *key != "description")
            .map(|(key, v)| {
                (
                    key.clone(),
                    without_descriptions(v, !in_properties && key == "properties"),
                )
            })
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(items) => items
            .iter()
            .map(|item| without_descriptions(item, false))
            .collect(),
        other => other.clone(),
    }
}

#[test]
fn generated_definitions_equal_the_published_ones() {
    let Some(dir) = conformance() else { return };
    for (file, crd) in windlass_api::crds() {
        let name = crd["metadata"]["name"].as_str().unwrap();
        let path = dir.join(format!("crds/{name}.json"));
        let published: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let (ours, theirs) = (
            without_descriptions(&crd["spec"], false),
            without_descriptions(&published["spec"], false),
        );
        if let Some(difference) = difference("spec", &theirs, &ours) {
            panic!("{file}: {difference}");
        }
    }
}

/// The first place at which two documents differ.
fn difference(path: &str, want: &Value, got: &Value) -> Option<String> {
    match (want, got) {
        (Value::Object(w), Value::Object(g)) => {
            let mut keys: Vec<_> = w.keys().chain(g.keys()).collect();
            keys.sort();
            keys.into_iter().find_map(|key| {
                let at = format!("{path}.{key}");
                match (w.get(key), g.get(key)) {
                    (Some(w), Some(g)) => difference(&at, w, g),
                    (w, g) => Some(format!("{at}: want {}, got {}", json!(w), json!(g))),
                }
            })
        }
        (Value::Array(w), Value::Array(g)) if w.len() == g.len() => w
            .iter()
            .zip(g)
            .enumerate()
            .find_map(|(i, (w, g))| difference(&format!("{path}[{i}]"), w, g)),
        _ if want == got => None,
        _ => Some(format!("{path}: want {want}, got {got}")),
    }
}

#[test]
fn checked_in_definitions_are_the_generated_ones() {
    for (file, crd) in windlass_api::crds() {
        for dir in ["config/crd", "charts/windlass/crds"] {
            let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
            let text = std::fs::read_to_string(root.join(dir).join(&file)).unwrap_or_default();
            assert_eq!(
                text,
                format!("---\n{}", windlass_yaml::json_to_yaml(&crd)),
                "{dir}/{file} is stale: run `make crds`"
            );
        }
    }
}

#[test]
fn definitions_are_kept_out_of_variable_substitution() {
    for (file, crd) in windlass_api::crds() {
        assert_eq!(
            crd["metadata"]["annotations"]["kustomize.toolkit.fluxcd.io/substitute"], "disabled",
            "{file}"
        );
    }
}
