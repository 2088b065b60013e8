//! Fields that other managers hold and that an apply takes over (Flux: spec §10.2): what was changed
//! by hand with kubectl, or applied before Flux came, belongs to Git from now on.

use serde_json::{Map, Value, json};

use crate::{FIELD_MANAGER, object, pointer};

/// Annotations that other appliers leave.
pub(crate) const LEFT_ANNOTATIONS: [&str; 3] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "kustomize.toolkit.fluxcd.io/checksum",
    "fluxcd.io/sync-checksum",
];

/// Labels that other appliers leave.
pub(crate) const LEFT_LABELS: [&str; 1] = ["fluxcd.io/sync-gc-mark"];

/// Managers taken over, by prefix and operation.
const TAKEN_OVER: [(&str, &str); 4] = [
    ("kubectl", "Apply"),
    ("kubectl", "Update"),
    ("before-first-apply", "Update"),
    (FIELD_MANAGER, "Update"),
];

/// Whether the object holds anything that an apply has to take over or clean up.
pub(crate) fn needs_take_over(object: &Value, overrides: &[String]) -> bool {
    managed_fields(object)
        .iter()
        .any(|entry| is_taken_over(entry, overrides))
        || LEFT_ANNOTATIONS
            .iter()
            .any(|key| object::annotation(object, key).is_some())
        || LEFT_LABELS
            .iter()
            .any(|key| object::label(object, key).is_some())
}

/// The JSON patch that takes everything over, valid for this version of the object only; `None` when
/// there is nothing to do.
pub(crate) fn take_over_patch(live: &Value, overrides: &[String]) -> Option<Value> {
    let mut patch = Vec::new();
    for key in LEFT_ANNOTATIONS {
        if object::annotation(live, key).is_some() {
            let at = format!("/metadata/annotations/{}", pointer::escape(key));
            patch.push(json!({"op": "remove", "path": at}));
        }
    }
    for key in LEFT_LABELS {
        if object::label(live, key).is_some() {
            let at = format!("/metadata/labels/{}", pointer::escape(key));
            patch.push(json!({"op": "remove", "path": at}));
        }
    }
    if let Some(entries) = merged(managed_fields(live), overrides) {
        patch.push(json!({"op": "replace", "path": "/metadata/managedFields", "value": entries}));
    }
    if patch.is_empty() {
        return None;
    }
    let version = object::resource_version(live);
    patch.insert(
        0,
        json!({"op": "test", "path": "/metadata/resourceVersion", "value": version}),
    );
    Some(Value::Array(patch))
}

fn managed_fields(object: &Value) -> &[Value] {
    object
        .pointer("/metadata/managedFields")
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn text<'a>(entry: &'a Value, key: &str) -> &'a str {
    entry.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn is_ours(entry: &Value) -> bool {
    text(entry, "manager") == FIELD_MANAGER
        && text(entry, "operation") == "Apply"
        && text(entry, "subresource").is_empty()
}

fn is_taken_over(entry: &Value, overrides: &[String]) -> bool {
    if is_ours(entry) || !text(entry, "subresource").is_empty() {
        return false;
    }
    let (manager, operation) = (text(entry, "manager"), text(entry, "operation"));
    let built_in = TAKEN_OVER
        .iter()
        .any(|(prefix, op)| manager.starts_with(prefix) && operation == *op);
    let overridden = || {
        overrides
            .iter()
            .any(|prefix| manager.starts_with(prefix.as_str()))
    };
    built_in || overridden()
}

/// The entries with everything taken over merged into ours, or, when we have none yet, into the first
/// one taken over, renamed. `None` when nothing is taken over.
fn merged(entries: &[Value], overrides: &[String]) -> Option<Vec<Value>> {
    if !entries.iter().any(|entry| is_taken_over(entry, overrides)) {
        return None;
    }
    let target = entries.iter().position(is_ours).or_else(|| {
        entries
            .iter()
            .position(|entry| is_taken_over(entry, overrides))
    })?;
    let mut into = entries[target].clone();
    into["manager"] = Value::from(FIELD_MANAGER);
    into["operation"] = Value::from("Apply");
    let mut kept = Vec::with_capacity(entries.len());
    let mut place = 0;
    for (at, entry) in entries.iter().enumerate() {
        if at == target {
            place = kept.len();
        } else if is_taken_over(entry, overrides) {
            if let (Value::Object(into), Some(Value::Object(from))) =
                (into["fieldsV1"].take_or_empty(), entry.get("fieldsV1"))
            {
                unite(into, from);
            }
        } else {
            kept.push(entry.clone());
        }
    }
    kept.insert(place, into);
    Some(kept)
}

trait TakeOrEmpty {
    fn take_or_empty(&mut self) -> &mut Value;
}

impl TakeOrEmpty for Value {
    fn take_or_empty(&mut self) -> &mut Value {
        if !self.is_object() {
            *self = Value::Object(Map::new());
        }
        self
    }
}

/// Adds the fields of `from` to those of `into`: a field set is a tree of keys.
fn unite(into: &mut Map<String, Value>, from: &Map<String, Value>) {
    for (key, below) in from {
        match (into.get_mut(key), below) {
            (Some(Value::Object(into)), Value::Object(below)) => unite(into, below),
            (Some(_), _) => {}
            (None, _) => {
                into.insert(key.clone(), below.clone());
            }
        }
    }
}

/// Whether a manager other than us, by server-side apply, owns the field at `path` of `live`.
pub(crate) fn applied_by_another(live: &Value, path: &[String]) -> bool {
    managed_fields(live).iter().any(|entry| {
        text(entry, "operation") == "Apply"
            && text(entry, "manager") != FIELD_MANAGER
            && entry
                .get("fieldsV1")
                .is_some_and(|fields| owns(fields, live, path))
    })
}

/// Whether we own the field at `path` of `live`.
pub(crate) fn applied_by_us(live: &Value, path: &[String]) -> bool {
    let mut ours = managed_fields(live).iter().filter(|entry| is_ours(entry));
    ours.any(|entry| {
        entry
            .get("fieldsV1")
            .is_some_and(|fields| owns(fields, live, path))
    })
}

/// Walks a field set along a path. List items are named there by their keys, not by their index, so
/// the live value is walked beside it.
fn owns(fields: &Value, value: &Value, path: &[String]) -> bool {
    let Some((token, rest)) = path.split_first() else {
        return true;
    };
    let Some(fields) = fields.as_object() else {
        return false;
    };
    // Nothing below: the field is owned as a whole.
    if fields.keys().all(|key| key == ".") {
        return fields.is_empty();
    }
    let Some((field, value)) = step(fields, value, token) else {
        return false;
    };
    owns(field, value, rest)
}

fn step<'a>(
    fields: &'a Map<String, Value>,
    value: &'a Value,
    token: &str,
) -> Option<(&'a Value, &'a Value)> {
    let Value::Array(items) = value else {
        let field = fields.get(&format!("f:{token}"))?;
        return Some((field, value.get(token).unwrap_or(&Value::Null)));
    };
    let index: usize = token.parse().ok()?;
    let item = items.get(index)?;
    let named = fields.iter().find(|(key, _)| match key.split_once(':') {
        Some(("k", keys)) => has_keys(item, keys),
        Some(("v", literal)) => serde_json::from_str::<Value>(literal).ok().as_ref() == Some(item),
        Some(("i", at)) => at.parse() == Ok(index),
        _ => false,
    });
    named.map(|(_, field)| (field, item))
}

fn has_keys(item: &Value, keys: &str) -> bool {
    let Ok(keys) = serde_json::from_str::<Map<String, Value>>(keys) else {
        return false;
    };
    keys.iter().all(|(key, value)| item.get(key) == Some(value))
}

#[cfg(test)]
mod tests;
