use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use serde_json::{Map, Value};

use crate::Assessment;

/// The field manager of what Windlass applies; Flux's, so that the two can replace each other.
const MANAGER: &str = "kustomize-controller";

/// What is remembered of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectState {
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.resourceVersion` of what was last seen.
    pub resource_version: String,
    /// `metadata.generation`, 0 where the kind has none.
    pub generation: i64,
    /// See [`content_hash`].
    pub content: u64,
    /// See [`ours_hash`].
    pub ours: u64,
    /// Another manager holds fields that an apply would take over ([`Takeover`]).
    pub intruders: bool,
    /// It asks to be left alone, or until the interval (`windlass.dev/drift: interval`).
    pub left_alone: bool,
    /// The built-in assessment.
    pub assessment: Assessment,
}

/// Which field managers' entries an apply takes over (spec §10.2).
#[derive(Debug, Clone, Default)]
pub struct Takeover {
    extra: Vec<String>,
}

impl Takeover {
    /// The managers that Flux takes over, and those whose names start with one of `extra`
    /// (`--override-manager`).
    pub fn new(extra: Vec<String>) -> Self {
        Self { extra }
    }

    /// Whether `object` has managedFields entries to take over. Entries of subresources stay, and
    /// so does everything on an object that asks for `ssa: Merge`.
    pub fn intruders(&self, object: &Value) -> bool {
        managed_fields(object).any(|entry| self.takes(entry))
            && !has_control(object, "kustomize.toolkit.fluxcd.io/ssa", "merge")
    }

    fn takes(&self, entry: &Value) -> bool {
        if !text(entry, "subresource").is_empty() {
            return false;
        }
        let manager = text(entry, "manager");
        let update = match text(entry, "operation") {
            "Update" => true,
            "Apply" => false,
            _ => return false,
        };
        manager.starts_with("kubectl")
            || (update
                && (manager.starts_with("before-first-apply") || manager.starts_with(MANAGER)))
            || self
                .extra
                .iter()
                .any(|prefix| manager.starts_with(prefix.as_str()))
    }
}

/// How far an object lets itself be kept in shape, by the control keys that it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upkeep {
    /// Everything that was applied is kept.
    Full,
    /// Created once; only its absence is drift (`ssa: IfNotPresent`).
    Presence,
    /// Left alone (`reconcile: disabled`, `ssa: Ignore`, `windlass.dev/drift: interval`).
    None,
}

impl Upkeep {
    pub(crate) fn of(object: &Value) -> Self {
        const SSA: &str = "kustomize.toolkit.fluxcd.io/ssa";
        if has_control(object, "kustomize.toolkit.fluxcd.io/reconcile", "disabled")
            || has_control(object, SSA, "ignore")
            || has_control(object, "windlass.dev/drift", "interval")
        {
            Self::None
        } else if has_control(object, SSA, "ifnotpresent") {
            Self::Presence
        } else {
            Self::Full
        }
    }
}

/// A control key is a label or an annotation; its value is compared without case.
fn has_control(object: &Value, key: &str, value: &str) -> bool {
    ["labels", "annotations"].iter().any(|place| {
        object
            .get("metadata")
            .and_then(|metadata| metadata.get(place)?.get(key)?.as_str())
            .is_some_and(|found| found.eq_ignore_ascii_case(value))
    })
}

/// Hash of labels, annotations and everything outside `metadata` and `status`: two answers of the
/// API server for one version of a kind that hash alike do not differ in what an apply can change.
///
/// Null and empty maps and lists are alike, no labels are as good as absent ones, and `apiVersion`
/// and `kind` are left out because lists leave them out. Valid within one process only.
pub fn content_hash(object: &Value) -> u64 {
    let mut total = 0_u64;
    if let Some(metadata) = object.get("metadata") {
        for place in ["labels", "annotations"] {
            if let Some(value) = metadata.get(place).filter(|value| !is_void(value)) {
                total = total.wrapping_add(member_hash(place, value));
            }
        }
    }
    for (key, value) in object.as_object().into_iter().flatten() {
        if !matches!(key.as_str(), "metadata" | "status" | "apiVersion" | "kind") {
            // A top-level `labels` must not cancel out with the one in metadata.
            total = total.wrapping_add(member_hash(key, value).rotate_left(1));
        }
    }
    total
}

/// Hash of the managedFields entry of our applies: which fields are ours, and when that was last
/// applied. 0 when we have none. Valid within one process only.
pub fn ours_hash(object: &Value) -> u64 {
    let ours = managed_fields(object).find(|entry| {
        text(entry, "manager") == MANAGER
            && text(entry, "operation") == "Apply"
            && text(entry, "subresource").is_empty()
    });
    let Some(entry) = ours else { return 0 };
    let mut hasher = DefaultHasher::new();
    text(entry, "time").hash(&mut hasher);
    if let Some(fields) = entry.get("fieldsV1") {
        // Empty maps are what fieldsV1 is made of: they must count here.
        hash_exactly(fields, &mut hasher);
    }
    hasher.finish()
}

fn managed_fields(object: &Value) -> impl Iterator<Item = &Value> {
    object
        .pointer("/metadata/managedFields")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or("")
}

fn is_void(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

fn member_hash(key: &str, value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hash_content(value, &mut hasher);
    hasher.finish()
}

fn hash_content(value: &Value, hasher: &mut DefaultHasher) {
    match value {
        void if is_void(void) => hasher.write_u8(b'0'),
        Value::Array(list) => {
            hasher.write_u8(b'[');
            hasher.write_usize(list.len());
            for item in list {
                hash_content(item, hasher);
            }
        }
        Value::Object(map) => {
            hasher.write_u8(b'{');
            // Summed, so that the order of members, which JSON gives no meaning, has none here.
            hasher.write_u64(map.iter().fold(0, |sum, (key, value)| {
                sum.wrapping_add(member_hash(key, value))
            }));
        }
        scalar => hash_scalar(scalar, hasher),
    }
}

fn hash_exactly(value: &Value, hasher: &mut DefaultHasher) {
    let member = |(key, value): (&String, &Value)| {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        hash_exactly(value, &mut hasher);
        hasher.finish()
    };
    let sum = |map: &Map<String, Value>| map.iter().map(member).fold(0, u64::wrapping_add);
    match value {
        Value::Object(map) => hasher.write_u64(sum(map)),
        other => hash_content(other, hasher),
    }
}

fn hash_scalar(value: &Value, hasher: &mut DefaultHasher) {
    match value {
        Value::Bool(flag) => (b'b', flag).hash(hasher),
        Value::String(text) => (b's', text).hash(hasher),
        // `1` and `1.0` are different values to the API server.
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => (b'i', number).hash(hasher),
            (None, Some(number)) => (b'u', number).hash(hasher),
            (None, None) => (b'f', number.as_f64().unwrap_or_default().to_bits()).hash(hasher),
        },
        Value::Null | Value::Array(_) | Value::Object(_) => hasher.write_u8(b'0'),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Takeover, Upkeep, content_hash, ours_hash};

    fn deployment() -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "resourceVersion": "7", "labels": {"a": "b"}},
            "spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": "c"}]}}},
            "status": {"replicas": 1},
        })
    }

    #[test]
    fn content_is_labels_annotations_and_what_is_not_metadata_or_status() {
        let base = content_hash(&deployment());
        for (pointer, value) in [
            ("/metadata/resourceVersion", json!("8")),
            ("/metadata/name", json!("other")),
            ("/status/replicas", json!(2)),
            ("/apiVersion", json!(null)),
        ] {
            let mut object = deployment();
            *object.pointer_mut(pointer).unwrap() = value;
            assert_eq!(content_hash(&object), base, "{pointer} must not count");
        }
        for (pointer, value) in [
            ("/metadata/labels/a", json!("c")),
            ("/metadata/labels", json!({})),
            ("/spec/replicas", json!(3)),
            ("/spec/replicas", json!(2.0)),
            ("/spec/replicas", json!("2")),
            (
                "/spec/template/spec/containers",
                json!([{"name": "c"}, {"name": "d"}]),
            ),
        ] {
            let mut object = deployment();
            *object.pointer_mut(pointer).unwrap() = value.clone();
            assert_ne!(
                content_hash(&object),
                base,
                "{pointer} = {value} must count"
            );
        }
    }

    #[test]
    fn null_and_empty_are_alike_but_absent_is_not() {
        let with = |value: Value| content_hash(&json!({"spec": {"podSelector": value}}));
        assert_eq!(with(json!({})), with(json!(null)));
        assert_eq!(with(json!({})), with(json!([])));
        assert_ne!(with(json!({})), content_hash(&json!({"spec": {}})));
        let mut object = deployment();
        object["metadata"]["annotations"] = json!({});
        assert_eq!(content_hash(&object), content_hash(&deployment()));
    }

    #[test]
    fn order_of_members_does_not_count_but_order_of_items_does() {
        let one: Value = serde_json::from_str(r#"{"data":{"a":"1","b":"2"}}"#).unwrap();
        let two: Value = serde_json::from_str(r#"{"data":{"b":"2","a":"1"}}"#).unwrap();
        assert_eq!(content_hash(&one), content_hash(&two));
        let swapped = json!({"data": {"a": "2", "b": "1"}});
        assert_ne!(content_hash(&one), content_hash(&swapped));
        assert_ne!(
            content_hash(&json!({"l": [1, 2]})),
            content_hash(&json!({"l": [2, 1]}))
        );
    }

    fn managed(entries: &Value) -> Value {
        json!({"metadata": {"managedFields": entries}})
    }

    #[test]
    fn ours_is_our_apply_entry_and_no_other() {
        let ours = |fields: Value, time: &str| {
            json!({"manager": "kustomize-controller", "operation": "Apply", "time": time,
                "fieldsV1": fields})
        };
        let other =
            json!({"manager": "kubectl-edit", "operation": "Update", "fieldsV1": {"f:x": {}}});
        let base = ours_hash(&managed(&json!([ours(
            json!({"f:spec": {"f:a": {}}}),
            "1"
        )])));
        assert_ne!(base, 0);
        let with_other = managed(&json!([other, ours(json!({"f:spec": {"f:a": {}}}), "1")]));
        assert_eq!(ours_hash(&with_other), base);
        assert_ne!(
            ours_hash(&managed(&json!([ours(json!({"f:spec": {}}), "1")]))),
            base
        );
        assert_ne!(
            ours_hash(&managed(&json!([ours(
                json!({"f:spec": {"f:a": {}}}),
                "2"
            )]))),
            base
        );
        assert_eq!(ours_hash(&managed(&json!([other]))), 0);
        let status = json!({"manager": "kustomize-controller", "operation": "Apply",
            "subresource": "status", "fieldsV1": {"f:status": {}}});
        assert_eq!(ours_hash(&managed(&json!([status]))), 0);
    }

    #[test]
    fn intruders_are_the_managers_an_apply_takes_over() {
        let takeover = Takeover::new(vec!["my-tool".to_owned()]);
        for (manager, operation, subresource, expected) in [
            ("kubectl-edit", "Update", "", true),
            ("kubectl", "Apply", "", true),
            ("kubectl-client-side-apply", "Update", "", true),
            ("kubectl", "Update", "scale", false),
            ("before-first-apply", "Update", "", true),
            ("before-first-apply", "Apply", "", false),
            ("kustomize-controller", "Update", "", true),
            ("kustomize-controller", "Apply", "", false),
            ("my-tool-2", "Apply", "", true),
            ("my-tool-2", "Update", "", true),
            ("kube-controller-manager", "Update", "status", false),
            ("flux-client-side-apply", "Update", "", false),
        ] {
            let object = managed(&json!([{"manager": manager, "operation": operation,
                "subresource": subresource}]));
            assert_eq!(
                takeover.intruders(&object),
                expected,
                "{manager} {operation} {subresource}"
            );
        }
        let mut merged = managed(&json!([{"manager": "kubectl-edit", "operation": "Update"}]));
        merged["metadata"]["annotations"] = json!({"kustomize.toolkit.fluxcd.io/ssa": "Merge"});
        assert!(!takeover.intruders(&merged));
    }

    #[test]
    fn control_keys_limit_the_upkeep() {
        for (key, value, expected) in [
            (
                "kustomize.toolkit.fluxcd.io/reconcile",
                "Disabled",
                Upkeep::None,
            ),
            ("kustomize.toolkit.fluxcd.io/ssa", "Ignore", Upkeep::None),
            (
                "kustomize.toolkit.fluxcd.io/ssa",
                "IfNotPresent",
                Upkeep::Presence,
            ),
            ("kustomize.toolkit.fluxcd.io/ssa", "Merge", Upkeep::Full),
            ("windlass.dev/drift", "interval", Upkeep::None),
            ("windlass.dev/drift", "", Upkeep::Full),
        ] {
            for place in ["labels", "annotations"] {
                let mut object = json!({"metadata": {}});
                object["metadata"][place] = json!({key: value});
                assert_eq!(Upkeep::of(&object), expected, "{place} {key}: {value}");
            }
        }
    }
}
