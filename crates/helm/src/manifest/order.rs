//! The order in which kinds are installed and uninstalled.

use std::cmp::Ordering;

/// Kinds in the order of [`install_order`].
const INSTALL: [&str; 38] = [
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// Kinds in the order of [`uninstall_order`], which is not quite the reverse: services go early,
/// and validation before mutation.
const UNINSTALL: [&str; 38] = [
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
    "APIService",
    "Ingress",
    "IngressClass",
    "Service",
    "CronJob",
    "Job",
    "StatefulSet",
    "HorizontalPodAutoscaler",
    "Deployment",
    "ReplicaSet",
    "ReplicationController",
    "Pod",
    "DaemonSet",
    "RoleBindingList",
    "RoleBinding",
    "RoleList",
    "Role",
    "ClusterRoleBindingList",
    "ClusterRoleBinding",
    "ClusterRoleList",
    "ClusterRole",
    "CustomResourceDefinition",
    "PersistentVolumeClaim",
    "PersistentVolume",
    "StorageClass",
    "ConfigMap",
    "SecretList",
    "Secret",
    "ServiceAccount",
    "PodDisruptionBudget",
    "PodSecurityPolicy",
    "LimitRange",
    "ResourceQuota",
    "NetworkPolicy",
    "Namespace",
    "PriorityClass",
];

/// Compares two kinds.
pub type KindOrder = fn(&str, &str) -> Ordering;

/// What is needed first comes first; kinds that are not known come last, by name.
pub fn install_order(a: &str, b: &str) -> Ordering {
    compare(&INSTALL, a, b)
}

/// What needs others goes first; kinds that are not known come last, by name.
pub fn uninstall_order(a: &str, b: &str) -> Ordering {
    compare(&UNINSTALL, a, b)
}

fn compare(order: &[&str], a: &str, b: &str) -> Ordering {
    let rank = |kind: &str| {
        order
            .iter()
            .position(|known| *known == kind)
            .unwrap_or(order.len())
    };
    let (first, second) = (rank(a), rank(b));
    if first == order.len() && second == order.len() {
        return a.cmp(b);
    }
    first.cmp(&second)
}
