//! What a chart may know of the cluster.

use std::sync::Arc;

use crate::go_text::quote;

/// A version of Kubernetes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubeVersion {
    /// As it was given, with `v` in front: `v1.33.4-gke.1245000`.
    pub version: String,
    /// Without what follows the numbers: `v1.33.4`. This is what constraints look at.
    pub normalized: String,
    /// The first number.
    pub major: String,
    /// The second number.
    pub minor: String,
}

impl KubeVersion {
    /// Reads two or more numbers with dots between them, whatever comes behind.
    ///
    /// # Errors
    /// The text of the Kubernetes library.
    pub fn parse(text: &str) -> Result<Self, String> {
        let trimmed = text.trim_start();
        let numbers = trimmed.strip_prefix('v').unwrap_or(trimmed);
        let mut end = 0;
        let bytes = numbers.as_bytes();
        while bytes.get(end).is_some_and(u8::is_ascii_digit) {
            while bytes.get(end).is_some_and(u8::is_ascii_digit) {
                end += 1;
            }
            let more =
                bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
            if !more {
                break;
            }
            end += 1;
        }
        if end == 0 || numbers[end..].contains('\n') {
            return Err(format!("could not parse {} as version", quote(text)));
        }
        let components: Vec<&str> = numbers[..end].split('.').collect();
        if components.len() < 2 {
            return Err(format!("illegal version string {}", quote(text)));
        }
        if components[0].starts_with('0') && components[0] != "0" {
            return Err(format!(
                "illegal zero-prefixed version component {} in {}",
                quote(components[0]),
                quote(text)
            ));
        }
        let mut parsed = Vec::new();
        for component in &components {
            let number: u64 = component.parse().map_err(|_| {
                format!(
                    "illegal non-numeric version component {} in {}: strconv.ParseUint: parsing {}: value out of range",
                    quote(component),
                    quote(text),
                    quote(component)
                )
            })?;
            parsed.push(number.to_string());
        }
        let version = if text.starts_with('v') {
            text.to_owned()
        } else {
            format!("v{text}")
        };
        Ok(Self {
            version,
            normalized: format!("v{}", parsed.join(".")),
            major: parsed[0].clone(),
            minor: parsed[1].clone(),
        })
    }
}

impl Default for KubeVersion {
    /// The version of the client library that Helm 4.2 is built with.
    fn default() -> Self {
        Self {
            version: "v1.36.0".to_owned(),
            normalized: "v1.36.0".to_owned(),
            major: "1".to_owned(),
            minor: "36".to_owned(),
        }
    }
}

/// What `.Capabilities` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// The version of Kubernetes.
    pub kube_version: KubeVersion,
    /// Group versions, and kinds in them (`apps/v1/Deployment`), that there are.
    pub api_versions: Arc<Vec<String>>,
    /// The version of Helm.
    pub helm_version: HelmVersion,
}

/// The version of Helm that charts are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelmVersion {
    /// `v4.2`.
    pub version: String,
    /// The commit it was built from.
    pub git_commit: String,
    /// Whether the tree was clean.
    pub git_tree_state: String,
    /// The Go it was built with.
    pub go_version: String,
    /// The version of the Kubernetes client.
    pub kube_client_version: String,
}

impl Default for HelmVersion {
    fn default() -> Self {
        Self {
            version: "v4.2".to_owned(),
            git_commit: String::new(),
            git_tree_state: String::new(),
            go_version: "go1.26.8".to_owned(),
            kube_client_version: "v1.36".to_owned(),
        }
    }
}

impl Default for Capabilities {
    /// What Helm 4.2 says without a cluster.
    fn default() -> Self {
        Self {
            kube_version: KubeVersion::default(),
            api_versions: Arc::new(API_VERSIONS.iter().map(|&text| text.to_owned()).collect()),
            helm_version: HelmVersion::default(),
        }
    }
}

impl Capabilities {
    /// Adds API versions to those known.
    pub fn add_api_versions(&mut self, versions: impl IntoIterator<Item = String>) {
        Arc::make_mut(&mut self.api_versions).extend(versions);
    }
}

/// The group versions of the client library of Kubernetes 1.36, in its order.
const API_VERSIONS: &[&str] = &[
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1alpha1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "certificates.k8s.io/v1alpha1",
    "coordination.k8s.io/v1alpha2",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "resource.k8s.io/v1",
    "resource.k8s.io/v1beta2",
    "resource.k8s.io/v1beta1",
    "resource.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha2",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "storagemigration.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
];
