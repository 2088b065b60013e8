//! The namespace transformer.

use std::collections::HashSet;

use windlass_yaml::Value;

use crate::Error;
use crate::fieldspec::{Create, FieldSpec};
use crate::resmap::ResMap;
use crate::resource::Resource;

/// Moves all resources that live in a namespace to `namespace`.
pub(crate) fn set(
    resources: &mut ResMap,
    namespace: &str,
    specs: &[FieldSpec],
) -> Result<(), Error> {
    for resource in resources.items_mut() {
        resource.remember_name();
        move_one(resource, namespace, specs)?;
    }
    let mut seen = HashSet::with_capacity(resources.len());
    for resource in resources.items() {
        let mut id = resource.id();
        let shown = id.to_string();
        let effective = id.effective_namespace().to_owned();
        id.namespace = effective;
        if !seen.insert(id) {
            return Err(Error::invalid(format!(
                "namespace transformation produces ID conflict: [{shown}]"
            )));
        }
    }
    Ok(())
}

fn move_one(resource: &mut Resource, namespace: &str, specs: &[FieldSpec]) -> Result<(), Error> {
    let gvk = resource.gvk();
    if !gvk.is_cluster_scoped() {
        resource.set_metadata("namespace", namespace);
    }
    let new = || Value::String(namespace.to_owned());
    if matches!(gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding") {
        let subjects = resource
            .object
            .get_mut("subjects")
            .and_then(Value::as_array_mut);
        for subject in subjects.into_iter().flatten() {
            // Only the account that exists in every namespace is known to mean this one.
            if subject.get("name").and_then(Value::as_str) == Some("default")
                && let Some(map) = subject.as_object_mut()
            {
                map.insert("namespace".to_owned(), new());
            }
        }
    }
    for spec in specs {
        // Handled above, whatever the configuration says.
        if spec.path == "metadata/namespace" || spec.path == "subjects" {
            continue;
        }
        let names_a_namespace = spec.path == "metadata/name" && spec.gvk.kind == "Namespace";
        if names_a_namespace && gvk.api_version() != "v1" {
            continue;
        }
        spec.apply(resource, Create::Scalar, &mut |value| {
            *value = new();
            Ok(())
        })?;
    }
    Ok(())
}
