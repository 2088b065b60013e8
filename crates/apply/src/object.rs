//! Reading the few fields of an object that every step needs, and naming it in messages.

use serde_json::{Map, Value};

pub(crate) const OWNER_NAME: &str = "kustomize.toolkit.fluxcd.io/name";
pub(crate) const OWNER_NAMESPACE: &str = "kustomize.toolkit.fluxcd.io/namespace";

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

pub(crate) fn api_version(object: &Value) -> &str {
    text(object, "/apiVersion")
}

pub(crate) fn kind(object: &Value) -> &str {
    text(object, "/kind")
}

pub(crate) fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

pub(crate) fn namespace(object: &Value) -> &str {
    text(object, "/metadata/namespace")
}

pub(crate) fn resource_version(object: &Value) -> &str {
    text(object, "/metadata/resourceVersion")
}

pub(crate) fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

pub(crate) fn deleting(object: &Value) -> bool {
    !text(object, "/metadata/deletionTimestamp").is_empty()
}

/// Group and version of the object; the group of the core API is empty.
pub(crate) fn group_version(object: &Value) -> (&str, &str) {
    let api_version = api_version(object);
    api_version.split_once('/').unwrap_or(("", api_version))
}

pub(crate) fn label<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.pointer("/metadata/labels")?.get(key)?.as_str()
}

pub(crate) fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.pointer("/metadata/annotations")?.get(key)?.as_str()
}

/// `Kind/namespace/name`, or `Kind/name`, as messages name objects.
pub(crate) fn subject(object: &Value) -> String {
    let (kind, namespace, name) = (kind(object), namespace(object), name(object));
    if namespace.is_empty() {
        format!("{kind}/{name}")
    } else {
        format!("{kind}/{namespace}/{name}")
    }
}

/// The map at `metadata.<field>`, made when it is missing or of another type.
pub(crate) fn metadata_map<'a>(
    object: &'a mut Value,
    field: &str,
) -> Option<&'a mut Map<String, Value>> {
    let metadata = object.get_mut("metadata")?.as_object_mut()?;
    let slot = metadata
        .entry(field)
        .or_insert_with(|| Value::Object(Map::new()));
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    slot.as_object_mut()
}

/// Removes `keys` from `metadata.<field>`.
pub(crate) fn remove_keys(object: &mut Value, field: &str, keys: &[&str]) {
    let slot = object
        .get_mut("metadata")
        .and_then(|metadata| metadata.get_mut(field));
    if let Some(map) = slot.and_then(Value::as_object_mut) {
        for key in keys {
            map.remove(*key);
        }
    }
}
