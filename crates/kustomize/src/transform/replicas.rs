//! Replica counts.

use windlass_yaml::Value;

use crate::Error;
use crate::fieldspec::{Create, FieldSpec};
use crate::kustomization::Replica;
use crate::resmap::ResMap;

/// Sets the replica count of the workloads that have or had the entry's name.
pub(crate) fn set(
    resources: &mut ResMap,
    replica: &Replica,
    specs: &[FieldSpec],
) -> Result<(), Error> {
    let mut found = false;
    let named = resources.positions_by_name(&replica.name);
    for spec in specs {
        for &at in &named {
            let selected = resources.items()[at]
                .any_id(|id| id.name == replica.name && id.gvk.is_selected_by(&spec.gvk));
            if !selected {
                continue;
            }
            found = true;
            resources.modify(at, |resource| {
                spec.apply(resource, Create::Scalar, &mut |value| {
                    *value = Value::from(replica.count);
                    Ok(())
                })
            })?;
        }
    }
    if found {
        return Ok(());
    }
    let mut kinds: Vec<String> = specs.iter().map(|spec| spec.gvk.to_string()).collect();
    // The order kustomize's own configuration comes in.
    let rank = |kind: &str| {
        [
            "Deployment",
            "StatefulSet",
            "ReplicaSet",
            "ReplicationController",
        ]
        .iter()
        .position(|known| kind.starts_with(&format!("{known}.")))
        .unwrap_or(usize::MAX)
    };
    kinds.sort_by_key(|kind| rank(kind));
    Err(Error::invalid(format!(
        "resource with name {} does not match a config with the following GVK [{}]",
        replica.name,
        kinds.join(" ")
    )))
}
