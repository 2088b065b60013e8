//! What names a resource: group, version and kind, name and namespace.

use std::cmp::Ordering;
use std::fmt;

use crate::order::rank;

/// Group, version and kind, owned. As a selector, empty fields match anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Gvk {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
}

/// Group, version and kind of something at hand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct GvkRef<'a> {
    pub(crate) group: &'a str,
    pub(crate) version: &'a str,
    pub(crate) kind: &'a str,
}

impl Gvk {
    pub(crate) fn new(group: &str, version: &str, kind: &str) -> Self {
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
        }
    }

    pub(crate) fn as_ref(&self) -> GvkRef<'_> {
        GvkRef {
            group: &self.group,
            version: &self.version,
            kind: &self.kind,
        }
    }

    /// The order in which the original keeps field specifications: by kind, then by name.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        rank(&self.kind)
            .cmp(&rank(&other.kind))
            .then_with(|| self.as_ref().sort_text().cmp(&other.as_ref().sort_text()))
    }
}

impl<'a> GvkRef<'a> {
    pub(crate) fn from_api_version(api_version: &'a str, kind: &'a str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self {
            group,
            version,
            kind,
        }
    }

    /// Whether every field that `selector` sets is equal.
    pub(crate) fn is_selected_by(&self, selector: &Gvk) -> bool {
        let matches = |wanted: &str, is: &str| wanted.is_empty() || wanted == is;
        matches(&selector.kind, self.kind)
            && matches(&selector.group, self.group)
            && matches(&selector.version, self.version)
    }

    pub(crate) fn to_owned(self) -> Gvk {
        Gvk::new(self.group, self.version, self.kind)
    }

    /// The type with placeholders that sort empty parts last.
    pub(crate) fn sort_text(&self) -> String {
        let or = |text: &'a str, placeholder: &'static str| {
            if text.is_empty() { placeholder } else { text }
        };
        format!(
            "{}_{}_{}",
            or(self.group, "~G"),
            or(self.version, "~V"),
            or(self.kind, "~K")
        )
    }

    /// Whether objects of this type live outside namespaces. Types kustomize does not know count
    /// as namespaced.
    pub(crate) fn is_cluster_scoped(&self) -> bool {
        let either = matches!(self.version, "v1" | "v1beta1");
        // Only the versions in kustomize's table count.
        match (self.group, self.kind) {
            (
                "",
                "ComponentStatus" | "Namespace" | "Node" | "NodeProxyOptions" | "PersistentVolume",
            ) => self.version == "v1",
            ("flowcontrol.apiserver.k8s.io", "FlowSchema" | "PriorityLevelConfiguration")
            | ("policy", "PodSecurityPolicy") => self.version == "v1beta1",
            (
                "admissionregistration.k8s.io",
                "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration",
            )
            | ("apiextensions.k8s.io", "CustomResourceDefinition")
            | ("apiregistration.k8s.io", "APIService")
            | ("certificates.k8s.io", "CertificateSigningRequest")
            | ("networking.k8s.io", "IngressClass")
            | ("node.k8s.io", "RuntimeClass")
            | ("rbac.authorization.k8s.io", "ClusterRole" | "ClusterRoleBinding")
            | ("scheduling.k8s.io", "PriorityClass")
            | ("storage.k8s.io", "CSIDriver" | "CSINode" | "StorageClass" | "VolumeAttachment") => {
                either
            }
            _ => false,
        }
    }
}

fn or<'t>(text: &'t str, placeholder: &'static str) -> &'t str {
    if text.is_empty() { placeholder } else { text }
}

impl fmt::Display for GvkRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.{}.{}",
            or(self.kind, "[noKind]"),
            or(self.version, "[noVer]"),
            or(self.group, "[noGrp]")
        )
    }
}

impl fmt::Display for Gvk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

/// The identity of a resource within a build.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Id<'a> {
    pub(crate) gvk: GvkRef<'a>,
    pub(crate) name: &'a str,
    pub(crate) namespace: &'a str,
    /// Whether the type lives outside namespaces.
    pub(crate) cluster: bool,
}

/// What the namespace of cluster-scoped resources compares as.
const CLUSTER: &str = "_non_namespaceable_";

impl<'a> Id<'a> {
    pub(crate) fn effective_namespace(&self) -> &'a str {
        if self.cluster {
            CLUSTER
        } else if self.namespace.is_empty() {
            "default"
        } else {
            self.namespace
        }
    }

    /// Equality in which the absent and the `default` namespace are the same.
    pub(crate) fn equals(&self, other: &Id<'_>) -> bool {
        self.name == other.name
            && self.gvk == other.gvk
            && self.effective_namespace() == other.effective_namespace()
    }

    /// How Go prints the value with `%#v`, which some error texts do.
    pub(crate) fn go_syntax(&self) -> String {
        format!(
            "resid.ResId{{Gvk:resid.Gvk{{Group:{:?}, Version:{:?}, Kind:{:?}, \
             isClusterScoped:{}}}, Name:{:?}, Namespace:{:?}}}",
            self.gvk.group,
            self.gvk.version,
            self.gvk.kind,
            self.cluster,
            self.name,
            self.namespace
        )
    }
}

impl fmt::Display for Id<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}.{}",
            self.gvk,
            or(self.name, "[noName]"),
            or(self.namespace, "[noNs]")
        )
    }
}
