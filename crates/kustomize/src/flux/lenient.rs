//! Dropping what kustomize does not know, at the places where users put it.

use serde_json::Map;
use windlass_yaml::Value;

use crate::kustomization::FIELDS;

/// The fields of the entries of lists, and of nested settings.
const NESTED: [(&str, &[&str]); 12] = [
    ("patches", &["path", "patch", "target", "options"]),
    ("patchesJson6902", &["path", "patch", "target", "options"]),
    (
        "target",
        &[
            "group",
            "version",
            "kind",
            "name",
            "namespace",
            "annotationSelector",
            "labelSelector",
        ],
    ),
    (
        "images",
        &["name", "newName", "tagSuffix", "newTag", "digest"],
    ),
    (
        "imageTags",
        &["name", "newName", "tagSuffix", "newTag", "digest"],
    ),
    ("replicas", &["name", "count"]),
    (
        "labels",
        &["pairs", "includeSelectors", "includeTemplates", "fields"],
    ),
    (
        "configMapGenerator",
        &[
            "name",
            "namespace",
            "behavior",
            "literals",
            "files",
            "envs",
            "env",
            "options",
        ],
    ),
    (
        "secretGenerator",
        &[
            "name",
            "namespace",
            "behavior",
            "literals",
            "files",
            "envs",
            "env",
            "options",
            "type",
        ],
    ),
    (
        "generatorOptions",
        &[
            "labels",
            "annotations",
            "disableNameSuffixHash",
            "immutable",
        ],
    ),
    ("sortOptions", &["order", "legacySortOptions"]),
    ("legacySortOptions", &["orderFirst", "orderLast"]),
];

/// The fields kustomize knows, under their proper names.
pub(super) fn known_fields(fields: Map<String, Value>) -> Map<String, Value> {
    keep(fields, &FIELDS)
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
