//! The order of objects within a stage (Flux: spec §10.4): what others need comes first, webhooks
//! that could reject the rest come last.

use std::cmp::Ordering;

use serde_json::Value;

use crate::object;

const FIRST: [&str; 23] = [
    "CustomResourceDefinition",
    "Namespace",
    "ClusterRole",
    "ClusterClass",
    "RuntimeClass",
    "PriorityClass",
    "StorageClass",
    "VolumeSnapshotClass",
    "IngressClass",
    "GatewayClass",
    "ClusterRoleBinding",
    "ResourceQuota",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "ConfigMap",
    "Secret",
    "Service",
    "LimitRange",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

const LAST: [&str; 2] = [
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// The rank of a kind; its group does not count.
pub(crate) fn rank(kind: &str) -> usize {
    if let Some(at) = FIRST.iter().position(|ranked| *ranked == kind) {
        return at;
    }
    match LAST.iter().position(|ranked| *ranked == kind) {
        Some(at) => FIRST.len() + 1 + at,
        None => FIRST.len(),
    }
}

type Parts<'a> = (&'a str, &'a str, &'a str, &'a str);

/// Compares two objects given as (group, kind, namespace, name).
pub(crate) fn compare_parts(a: Parts<'_>, b: Parts<'_>) -> Ordering {
    rank(a.1).cmp(&rank(b.1)).then_with(|| a.cmp(&b))
}

pub(crate) fn compare(a: &Value, b: &Value) -> Ordering {
    compare_parts(parts(a), parts(b))
}

fn parts(object: &Value) -> Parts<'_> {
    (
        object::group_version(object).0,
        object::kind(object),
        object::namespace(object),
        object::name(object),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{compare, compare_parts, rank};

    #[test]
    fn unranked_kinds_lie_between_the_ranked_and_the_webhooks() {
        assert!(rank("PodDisruptionBudget") < rank("Ingress"));
        assert!(rank("Ingress") < rank("MutatingWebhookConfiguration"));
        assert!(rank("MutatingWebhookConfiguration") < rank("ValidatingWebhookConfiguration"));
        assert_eq!(rank("Ingress"), rank("Job"));
    }

    #[test]
    fn ties_go_by_group_kind_namespace_and_name() {
        let order = [
            ("", "Pod", "b", "a"),
            ("", "Widget", "a", "a"),
            ("batch", "Job", "a", "b"),
            ("batch", "Job", "b", "a"),
        ];
        assert!(order.is_sorted_by(|a, b| compare_parts(*a, *b).is_lt()));
    }

    #[test]
    fn rank_ignores_the_group() {
        let odd =
            json!({"apiVersion": "example.com/v1", "kind": "Namespace", "metadata": {"name": "x"}});
        let config = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}});
        assert!(compare(&odd, &config).is_lt());
    }
}
