//! Which lists strategic merge merges by key, and by which.
//!
//! Only what Kubernetes' own schema (1.21, the one kustomize carries) says about merge keys is
//! kept: every other list is replaced whole, every map merged.

mod custom;

pub(crate) use custom::Definitions;

use std::cell::Cell;
use std::collections::HashSet;
use std::rc::Rc;

use windlass_yaml::Value;

use crate::node::Node;

/// The schemas of one build: the built-in ones, or those of the `openapi` field instead.
#[derive(Debug, Clone)]
pub(crate) enum Schemas {
    /// With a note of whether a type has been looked up, upon which the original reads them.
    Builtin(Rc<Cell<bool>>),
    Custom(Rc<Definitions>),
}

impl Default for Schemas {
    fn default() -> Self {
        Self::Builtin(Rc::default())
    }
}

/// Whether the built-in types count beside those of a schema of the user's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Builtins {
    None,
    /// They come first.
    First,
    /// They come last.
    Last,
}

/// Whether an object is of a built-in type.
pub(crate) fn is_builtin(object: &Node) -> bool {
    match type_of(object) {
        Some((api_version, kind)) => Type::of_kind(api_version, kind).is_some(),
        None => false,
    }
}

fn type_of(object: &Node) -> Option<(&str, &str)> {
    let text = |key| object.get(key).filter(|node| !node.is_null());
    Some((text("apiVersion")?.text(), text("kind")?.text()))
}

/// What a schema of the user's own says about types that live outside of namespaces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Scopes(HashSet<(String, String)>);

impl Scopes {
    pub(crate) fn is_cluster_scoped(&self, api_version: &str, kind: &str) -> bool {
        let key = (api_version.to_owned(), kind.to_owned());
        self.0.contains(&key)
    }
}

/// The type of a value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Schema<'s> {
    Builtin(Type),
    Custom(&'s Definitions, &'s Value),
}

/// How two lists are merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ListMerge {
    /// The patch's list takes the place of the other.
    Replace,
    /// Elements are maps, matched by these fields.
    ByKeys(Vec<String>),
    /// Elements are scalars; the union is taken.
    Union,
}

impl Schemas {
    /// The schema of an object, by its type; none for types that are not known.
    pub(crate) fn of_object(&self, object: &Node) -> Option<Schema<'_>> {
        let (api_version, kind) = type_of(object)?;
        match self {
            Self::Builtin(looked_up) => {
                looked_up.set(true);
                Type::of_kind(api_version, kind).map(Schema::Builtin)
            }
            Self::Custom(definitions) => definitions.of_kind(api_version, kind),
        }
    }
}

impl Schemas {
    /// The types it says live outside of namespaces, if any.
    pub(crate) fn scopes(&self) -> Option<Rc<Scopes>> {
        match self {
            Self::Builtin(_) => None,
            Self::Custom(definitions) => definitions.scopes(),
        }
    }
}

impl<'s> Schema<'s> {
    pub(crate) fn field(self, name: &str) -> Option<Schema<'s>> {
        match self {
            Self::Builtin(of) => of.field(name).map(Schema::Builtin),
            Self::Custom(definitions, schema) => definitions.field(schema, name),
        }
    }

    pub(crate) fn elements(self) -> Option<Schema<'s>> {
        match self {
            // A list stands for its elements.
            Self::Builtin(of) => Some(Schema::Builtin(of)),
            Self::Custom(definitions, schema) => definitions.elements(schema),
        }
    }

    pub(crate) fn list_merge(self) -> ListMerge {
        match self {
            Self::Builtin(Type::Names) => ListMerge::Union,
            Self::Builtin(of) => match of.merge_keys() {
                [] => ListMerge::Replace,
                keys => ListMerge::ByKeys(keys.iter().map(|&key| key.to_owned()).collect()),
            },
            Self::Custom(_, schema) => Definitions::list_merge(schema),
        }
    }
}

/// The built-in types that lead to a list with merge keys. A list has the type of its elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    /// A known object without anything particular but its metadata and status.
    Object,
    Pod,
    PodTemplate,
    /// Deployment, Job and all others with a pod template under `spec.template`.
    Workload,
    CronJob,
    Service,
    ServiceAccount,
    WebhookConfiguration,
    Node,
    CsiNode,
    Metadata,
    WorkloadSpec,
    CronJobSpec,
    PodSpec,
    ServiceSpec,
    NodeSpec,
    CsiNodeSpec,
    Status,
    NodeStatus,
    PodStatus,
    Container,
    /// An element known by its `name`.
    Named,
    ContainerPort,
    VolumeDevice,
    VolumeMount,
    HostAlias,
    TopologySpread,
    ServicePort,
    OwnerReference,
    Condition,
    Address,
    PodIp,
    /// A list of scalars that is a set.
    Names,
}

impl Type {
    /// The type of a definition of Kubernetes' own document.
    fn of_definition(name: &str) -> Option<Self> {
        if name == "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" {
            return Some(Self::Metadata);
        }
        let name = name.strip_prefix("io.k8s.api.")?;
        Some(match name.rsplit('.').next()? {
            "PodTemplateSpec" => Self::Pod,
            "PodSpec" => Self::PodSpec,
            "Container" | "EphemeralContainer" => Self::Container,
            "DeploymentSpec"
            | "ReplicaSetSpec"
            | "DaemonSetSpec"
            | "StatefulSetSpec"
            | "JobSpec"
            | "ReplicationControllerSpec" => Self::WorkloadSpec,
            "JobTemplateSpec" => Self::Workload,
            "ServiceSpec" => Self::ServiceSpec,
            "NodeSpec" => Self::NodeSpec,
            _ => return None,
        })
    }

    fn of_kind(api_version: &str, kind: &str) -> Option<Self> {
        Some(match (api_version, kind) {
            ("v1", "Pod") => Self::Pod,
            ("v1", "PodTemplate") => Self::PodTemplate,
            ("apps/v1", "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet")
            | ("batch/v1", "Job")
            | ("v1", "ReplicationController") => Self::Workload,
            ("batch/v1" | "batch/v1beta1", "CronJob") => Self::CronJob,
            ("v1", "Service") => Self::Service,
            ("v1", "ServiceAccount") => Self::ServiceAccount,
            ("v1", "Node") => Self::Node,
            ("storage.k8s.io/v1" | "storage.k8s.io/v1beta1", "CSINode") => Self::CsiNode,
            (
                "admissionregistration.k8s.io/v1" | "admissionregistration.k8s.io/v1beta1",
                "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration",
            ) => Self::WebhookConfiguration,
            (
                "v1",
                "ComponentStatus"
                | "ConfigMap"
                | "Endpoints"
                | "Event"
                | "LimitRange"
                | "Namespace"
                | "PersistentVolume"
                | "PersistentVolumeClaim"
                | "ResourceQuota"
                | "Secret",
            )
            | ("apps/v1", "ControllerRevision")
            | (
                "autoscaling/v1" | "autoscaling/v2beta1" | "autoscaling/v2beta2",
                "HorizontalPodAutoscaler",
            )
            | (
                "apiextensions.k8s.io/v1" | "apiextensions.k8s.io/v1beta1",
                "CustomResourceDefinition",
            )
            | ("apiregistration.k8s.io/v1" | "apiregistration.k8s.io/v1beta1", "APIService")
            | (
                "certificates.k8s.io/v1" | "certificates.k8s.io/v1beta1",
                "CertificateSigningRequest",
            )
            | ("coordination.k8s.io/v1" | "coordination.k8s.io/v1beta1", "Lease")
            | ("discovery.k8s.io/v1" | "discovery.k8s.io/v1beta1", "EndpointSlice")
            | ("events.k8s.io/v1" | "events.k8s.io/v1beta1", "Event")
            | ("extensions/v1beta1", "Ingress")
            | (
                "flowcontrol.apiserver.k8s.io/v1beta1",
                "FlowSchema" | "PriorityLevelConfiguration",
            )
            | ("networking.k8s.io/v1" | "networking.k8s.io/v1beta1", "Ingress" | "IngressClass")
            | ("networking.k8s.io/v1", "NetworkPolicy")
            | ("node.k8s.io/v1" | "node.k8s.io/v1beta1", "RuntimeClass")
            | ("policy/v1" | "policy/v1beta1", "PodDisruptionBudget")
            | ("policy/v1beta1", "PodSecurityPolicy")
            | (
                "rbac.authorization.k8s.io/v1" | "rbac.authorization.k8s.io/v1beta1",
                "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding",
            )
            | ("scheduling.k8s.io/v1" | "scheduling.k8s.io/v1beta1", "PriorityClass")
            | (
                "storage.k8s.io/v1" | "storage.k8s.io/v1beta1",
                "CSIDriver" | "CSIStorageCapacity" | "StorageClass" | "VolumeAttachment",
            ) => Self::Object,
            _ => return None,
        })
    }

    fn field(self, name: &str) -> Option<Self> {
        Some(match (self, name) {
            (
                Self::Object
                | Self::Pod
                | Self::PodTemplate
                | Self::Workload
                | Self::CronJob
                | Self::Service
                | Self::ServiceAccount
                | Self::WebhookConfiguration
                | Self::Node
                | Self::CsiNode,
                "metadata",
            ) => Self::Metadata,
            (Self::Metadata, "ownerReferences") => Self::OwnerReference,
            (Self::Metadata, "finalizers") | (Self::NodeSpec, "podCIDRs") => Self::Names,
            // A pod template is a pod without status; `PodTemplate` holds one at its top.
            (Self::Pod, "spec") => Self::PodSpec,
            (Self::Pod, "status") => Self::PodStatus,
            (Self::PodTemplate | Self::WorkloadSpec, "template") => Self::Pod,
            (Self::Workload, "spec") => Self::WorkloadSpec,
            (Self::CronJob, "spec") => Self::CronJobSpec,
            (Self::CronJobSpec, "jobTemplate") => Self::Workload,
            (Self::Service, "spec") => Self::ServiceSpec,
            (Self::ServiceSpec, "ports") => Self::ServicePort,
            (Self::ServiceAccount, "secrets")
            | (Self::WebhookConfiguration, "webhooks")
            | (Self::CsiNodeSpec, "drivers")
            | (Self::PodSpec, "imagePullSecrets" | "volumes")
            | (Self::Container, "env") => Self::Named,
            (Self::Node, "spec") => Self::NodeSpec,
            (Self::Node, "status") => Self::NodeStatus,
            (Self::NodeStatus, "addresses") => Self::Address,
            (Self::CsiNode, "spec") => Self::CsiNodeSpec,
            (Self::Object | Self::Workload | Self::Service, "status") => Self::Status,
            (Self::Status | Self::NodeStatus | Self::PodStatus, "conditions") => Self::Condition,
            (Self::PodStatus, "podIPs") => Self::PodIp,
            (Self::PodSpec, "containers" | "initContainers" | "ephemeralContainers") => {
                Self::Container
            }
            (Self::PodSpec, "hostAliases") => Self::HostAlias,
            (Self::PodSpec, "topologySpreadConstraints") => Self::TopologySpread,
            (Self::Container, "ports") => Self::ContainerPort,
            (Self::Container, "volumeDevices") => Self::VolumeDevice,
            (Self::Container, "volumeMounts") => Self::VolumeMount,
            _ => return None,
        })
    }

    fn merge_keys(self) -> &'static [&'static str] {
        match self {
            Self::Container | Self::Named => &["name"],
            Self::ContainerPort => &["containerPort", "protocol"],
            Self::VolumeDevice => &["devicePath"],
            Self::VolumeMount => &["mountPath"],
            Self::HostAlias | Self::PodIp => &["ip"],
            Self::TopologySpread => &["topologyKey", "whenUnsatisfiable"],
            Self::ServicePort => &["port", "protocol"],
            Self::OwnerReference => &["uid"],
            Self::Condition | Self::Address => &["type"],
            _ => &[],
        }
    }
}
