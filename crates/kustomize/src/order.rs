//! The order of the output.

use crate::Error;
use crate::Reorder;
use crate::id::Id;
use crate::kustomization::SortOptions;
use crate::resource::Resource;

const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
const LAST: [&str; 2] = [
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// Sorts as the root's `sortOptions` say, or else as the caller does.
pub(crate) fn sort(
    resources: &mut [Resource],
    options: Option<&SortOptions>,
    otherwise: Reorder,
) -> Result<(), Error> {
    let (first, last): (Vec<&str>, Vec<&str>) = match options {
        None if otherwise == Reorder::None => return Ok(()),
        None => (FIRST.into(), LAST.into()),
        Some(options) => {
            check(options)?;
            if options.order == "fifo" {
                return Ok(());
            }
            match &options.legacy {
                None => (FIRST.into(), LAST.into()),
                Some((first, last)) => (
                    first.iter().map(String::as_str).collect(),
                    last.iter().map(String::as_str).collect(),
                ),
            }
        }
    };
    resources.sort_by_cached_key(|resource| key(&resource.id(), &first, &last));
    Ok(())
}

/// Checks `sortOptions`; of importance even where they have no effect.
pub(crate) fn check(options: &SortOptions) -> Result<(), Error> {
    match options.order.as_str() {
        "legacy" => Ok(()),
        "fifo" if options.legacy.is_none() => Ok(()),
        "fifo" => Err(Error::invalid(
            "the field 'sortOptions.legacySortOptions' is set but the selected sort order is \
             'fifo', not 'legacy'",
        )),
        _ => Err(Error::invalid(
            "the field 'sortOptions.order' must be one of [fifo, legacy]",
        )),
    }
}

/// Rank of the kind; the type, then namespace and name, with placeholders that sort empty parts
/// last.
fn key(id: &Id, first: &[&str], last: &[&str]) -> (i64, String, String) {
    let place = |list: &[&str]| list.iter().position(|kind| *kind == id.gvk.kind);
    let signed = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let rank = match (place(first), place(last)) {
        (Some(at), _) => signed(at) - signed(first.len()),
        (None, Some(at)) => 1 + signed(at),
        (None, None) => 0,
    };
    let or = |text: &str, placeholder: &str| {
        if text.is_empty() {
            placeholder.to_owned()
        } else {
            text.to_owned()
        }
    };
    let gvk = &id.gvk;
    let of_type = format!(
        "{}_{}_{}",
        or(&gvk.group, "~G"),
        or(&gvk.version, "~V"),
        or(&gvk.kind, "~K")
    );
    let own = format!("{gvk}|{}|{}", or(&id.namespace, "~X"), or(&id.name, "~N"));
    (rank, of_type, own)
}
