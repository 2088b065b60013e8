//! The order of the output.

use std::cmp::Ordering;

use windlass_yaml::go_sort;

use crate::id::Id;
use crate::kustomization::SortOptions;
use crate::loader::Context;
use crate::manifest::Manifest;
use crate::{Error, Reorder};

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

/// The place of a kind among those that come first (negative) or last (positive).
pub(crate) fn rank(kind: &str) -> i64 {
    place(kind, &FIRST, &LAST)
}

fn place(kind: &str, first: &[impl AsRef<str>], last: &[impl AsRef<str>]) -> i64 {
    let signed = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    if let Some(at) = last.iter().rposition(|known| known.as_ref() == kind) {
        return 1 + signed(at);
    }
    match first.iter().rposition(|known| known.as_ref() == kind) {
        Some(at) => signed(at) - signed(first.len()),
        None => 0,
    }
}

/// Sorts as the root's `sortOptions` say, or else as the caller does.
pub(crate) fn sort(
    context: &Context<'_>,
    resources: &mut Vec<Manifest>,
    options: Option<&SortOptions>,
) -> Result<(), Error> {
    let otherwise = context.options.reorder;
    if options.is_some() && otherwise == Reorder::Legacy {
        context.warn(
            "Warning: Sorting order is set both in 'kustomization.yaml' ('sortOptions') and in a \
             CLI flag ('--reorder'). Using the kustomization file over the CLI flag."
                .to_owned(),
        );
    }
    match options {
        None if otherwise == Reorder::None => {}
        None => by_kind(resources, &FIRST, &LAST),
        Some(options) => {
            check(options)?;
            match &options.legacy {
                _ if options.order == "fifo" => {}
                None => by_kind(resources, &FIRST, &LAST),
                Some((first, last)) => by_kind(resources, first, last),
            }
        }
    }
    Ok(())
}

/// By rank of the kind, then the type, then namespace and name.
fn by_kind(resources: &mut Vec<Manifest>, first: &[impl AsRef<str>], last: &[impl AsRef<str>]) {
    let mut keyed: Vec<(Key, Manifest)> = std::mem::take(resources)
        .into_iter()
        .map(|resource| (Key::of(&resource.id(), first, last), resource))
        .collect();
    // As the original: namespaces of several groups go round in a circle.
    go_sort(&mut keyed, |(a, _), (b, _)| a.compare(b).is_lt());
    resources.extend(keyed.into_iter().map(|(_, resource)| resource));
}

/// Checks `sortOptions`.
fn check(options: &SortOptions) -> Result<(), Error> {
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

/// What a resource is sorted by, with placeholders that sort empty parts last.
struct Key {
    rank: i64,
    of_type: String,
    own: String,
    /// Namespaces of Kubernetes itself come before others of that kind.
    reversed: bool,
    kind: String,
}

impl Key {
    fn of(id: &Id<'_>, first: &[impl AsRef<str>], last: &[impl AsRef<str>]) -> Self {
        let or = |text: &str, placeholder: &str| {
            if text.is_empty() {
                placeholder.to_owned()
            } else {
                text.to_owned()
            }
        };
        Self {
            rank: place(id.gvk.kind, first, last),
            of_type: id.gvk.sort_text(),
            own: format!(
                "{}|{}|{}",
                id.gvk,
                or(id.namespace, "~X"),
                or(id.name, "~N")
            ),
            reversed: id.gvk.kind == "Namespace" && id.gvk.group.is_empty(),
            kind: id.gvk.kind.to_owned(),
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        if self.of_type == other.of_type {
            return self.own.cmp(&other.own);
        }
        self.rank.cmp(&other.rank).then_with(|| {
            let order = self.of_type.cmp(&other.of_type);
            let both = self.kind == "Namespace" && other.kind == "Namespace";
            if both && (self.reversed || other.reversed) {
                order.reverse()
            } else {
                order
            }
        })
    }
}
