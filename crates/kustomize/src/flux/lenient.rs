//! Dropping what kustomize does not know, at the places where users put it.

use serde_json::Map;
use windlass_yaml::Value;

use crate::kustomization::names;

/// The fields of the entries of lists, and of nested settings.
const NESTED: [(&str, &[&str]); 16] = [
    ("metadata", names::METADATA),
    ("patches", names::PATCH),
    ("patchesJson6902", names::PATCH),
    ("target", names::SELECTOR),
    ("images", names::IMAGE),
    ("imageTags", names::IMAGE),
    ("replicas", names::REPLICA),
    ("labels", names::LABEL),
    ("configMapGenerator", names::CONFIG_MAP),
    ("secretGenerator", names::SECRET),
    ("generatorOptions", names::GENERATOR_OPTIONS),
    ("sortOptions", names::SORT_OPTIONS),
    ("legacySortOptions", names::LEGACY_SORT_OPTIONS),
    ("replacements", names::REPLACEMENT),
    ("vars", names::VAR),
    ("helmCharts", names::CHART),
];

/// The fields kustomize knows, under their proper names.
pub(super) fn known_fields(fields: Map<String, Value>) -> Map<String, Value> {
    keep(fields, names::KUSTOMIZATION)
}

fn keep(fields: Map<String, Value>, known: &[&str]) -> Map<String, Value> {
    let mut kept = Map::new();
    for (key, mut value) in fields {
        let name = known
            .iter()
            .find(|name| **name == key)
            .or_else(|| known.iter().find(|name| name.eq_ignore_ascii_case(&key)));
        let Some(name) = name else { continue };
        // `labels` of generator options are labels, not a list of settings.
        if let Some((_, inner)) = NESTED.iter().find(|(nested, _)| nested == name) {
            match &mut value {
                Value::Object(map) if *name != "labels" => {
                    *map = keep(std::mem::take(map), inner);
                }
                Value::Array(items) => {
                    for map in items.iter_mut().filter_map(Value::as_object_mut) {
                        *map = keep(std::mem::take(map), inner);
                    }
                }
                _ => {}
            }
        }
        kept.insert((*name).to_owned(), value);
    }
    kept
}
