use serde_json::Value;
use windlass_api::kustomize::CommonMetadata;
use windlass_runtime::ObjectKey;

use crate::error::Error;
use crate::{control, normalise, object};

/// Turns the documents of a build into what is sent to the cluster: lists are expanded, documents
/// that are no objects dropped, owner labels of `owner` set, built-in kinds normalised, and the labels
/// and annotations of `common` stamped on everything (last: they win over the owner labels, as in
/// Flux). The order of objects is kept.
///
/// # Errors
/// [`Error::Encrypted`] for a Secret that still carries SOPS metadata.
pub fn prepare(
    objects: Vec<Value>,
    owner: &ObjectKey,
    common: Option<&CommonMetadata>,
) -> Result<Vec<Value>, Error> {
    let mut prepared = Vec::with_capacity(objects.len());
    expand(objects, &mut prepared);
    for object in &mut prepared {
        // Before normalisation, which knows no field `sops` and would drop it.
        if is_encrypted(object) {
            return Err(Error::Encrypted {
                object: object::subject(object),
            });
        }
        let owned_by = [
            (object::OWNER_NAME, &*owner.name),
            (object::OWNER_NAMESPACE, &*owner.namespace),
        ];
        stamp(object, "labels", owned_by);
        normalise::normalise(object);
        if let Some(common) = common {
            stamp(object, "labels", pairs(&common.labels));
            stamp(object, "annotations", pairs(&common.annotations));
        }
    }
    Ok(prepared)
}

fn expand(objects: Vec<Value>, into: &mut Vec<Value>) {
    for mut object in objects {
        let is_list = object::kind(&object).ends_with("List")
            && object.get("items").is_some_and(Value::is_array);
        if is_list {
            if let Some(Value::Array(items)) = object.get_mut("items").map(Value::take) {
                expand(items, into);
            }
        } else if is_object(&object) {
            into.push(object);
        }
    }
}

fn is_object(object: &Value) -> bool {
    let (api_version, kind) = (object::api_version(object), object::kind(object));
    let complete = !api_version.is_empty() && !kind.is_empty() && !object::name(object).is_empty();
    let is_build_file =
        kind == "Kustomization" && object::group_version(object).0 == "kustomize.config.k8s.io";
    complete && !is_build_file
}

fn is_encrypted(object: &Value) -> bool {
    object::kind(object) == "Secret"
        && object::api_version(object) == "v1"
        && object.get("sops").is_some()
        && !control::stays_encrypted(object)
}

fn pairs(map: &std::collections::BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    map.iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
}

fn stamp<'a>(object: &mut Value, field: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) {
    let mut pairs = pairs.into_iter().peekable();
    if pairs.peek().is_none() {
        return;
    }
    if let Some(map) = object::metadata_map(object, field) {
        for (key, value) in pairs {
            map.insert(key.to_owned(), Value::from(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;
    use windlass_api::kustomize::CommonMetadata;
    use windlass_runtime::ObjectKey;

    use super::prepare;
    use crate::object;

    #[test]
    fn lists_are_expanded_and_what_is_no_object_dropped() {
        let documents = vec![
            json!({"apiVersion": "v1", "kind": "List", "items": [
                {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}},
                {"apiVersion": "v1", "kind": "ConfigMapList", "items": [
                    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}}]},
            ]}),
            json!({"kind": "ConfigMap", "metadata": {"name": "no-version"}}),
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}),
            json!({"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization",
                "metadata": {"name": "x"}}),
            json!(null),
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}),
        ];
        let owner = ObjectKey::new("flux-system", "apps");
        let prepared = prepare(documents, &owner, None).unwrap();
        let names: Vec<&str> = prepared.iter().map(object::name).collect();
        assert_eq!(names, ["a", "b", "c"]);
        for object in &prepared {
            assert_eq!(object::label(object, object::OWNER_NAME), Some("apps"));
            assert_eq!(
                object::label(object, object::OWNER_NAMESPACE),
                Some("flux-system")
            );
        }
    }

    #[test]
    fn common_metadata_comes_last() {
        let map = |key: &str, value: &str| BTreeMap::from([(key.to_owned(), value.to_owned())]);
        let common = CommonMetadata {
            labels: map(object::OWNER_NAME, "mine"),
            annotations: map("a", "1"),
        };
        let documents = vec![json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "a", "labels": null, "annotations": {"a": "0"}}})];
        let owner = ObjectKey::new("flux-system", "apps");
        let prepared = prepare(documents, &owner, Some(&common)).unwrap();
        assert_eq!(
            object::label(&prepared[0], object::OWNER_NAME),
            Some("mine")
        );
        assert_eq!(object::annotation(&prepared[0], "a"), Some("1"));
    }

    #[test]
    fn encrypted_secrets_are_refused_unless_told_otherwise() {
        let secret = |annotations| {
            json!({"apiVersion": "v1", "kind": "Secret", "sops": {"mac": "x"},
                "metadata": {"name": "s", "namespace": "n", "annotations": annotations}})
        };
        let owner = ObjectKey::new("flux-system", "apps");
        let error = prepare(vec![secret(json!({}))], &owner, None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "Secret/n/s is SOPS encrypted, configuring decryption is required for this secret to be reconciled"
        );
        let off = json!({"kustomize.toolkit.fluxcd.io/decrypt": "Disabled"});
        assert!(prepare(vec![secret(off)], &owner, None).is_ok());
    }
}
