//! `kustomize.toolkit.fluxcd.io/v1`: what is built from a source and applied to a cluster.

mod spec;
mod status;
mod types;

pub use spec::{Kustomization, KustomizationSpec};
pub use status::{KustomizationStatus, ResourceInventory, ResourceRef, Snapshot};
pub use types::{
    BuildMetadata, CommonMetadata, CrossNamespaceSourceReference, CustomHealthCheck, Decryption,
    DecryptionProvider, DeletionPolicy, DependencyReference, IgnoreRule, Image,
    KubeConfigReference, NamespacedObjectKindReference, Patch, PostBuild, SecretKeyReference,
    Selector, SourceKind, SubstituteKind, SubstituteReference, SubstituteStrategy,
};

/// The API group of Kustomizations.
pub const GROUP: &str = "kustomize.toolkit.fluxcd.io";
/// Label of applied objects: the name of the Kustomization that owns them.
pub const OWNER_NAME_LABEL: &str = "kustomize.toolkit.fluxcd.io/name";
/// Label of applied objects: the namespace of the Kustomization that owns them.
pub const OWNER_NAMESPACE_LABEL: &str = "kustomize.toolkit.fluxcd.io/namespace";
/// Label or annotation of an object: `disabled` keeps variable substitution off it.
pub const SUBSTITUTE: &str = "kustomize.toolkit.fluxcd.io/substitute";
/// Annotation: how many objects a run may delete, as a number or a percentage of the inventory. Ours.
pub const PRUNE_LIMIT: &str = "windlass.dev/prune-limit";
/// Annotation: confirms one deletion beyond the limit, by the token its condition shows. Ours.
pub const PRUNE_CONFIRM: &str = "windlass.dev/prune-confirm";
/// Metadata key of events: the revision that was reconciled.
pub const REVISION_ANNOTATION: &str = "kustomize.toolkit.fluxcd.io/revision";
/// Metadata key of events: the revision the artifact was made from.
pub const ORIGIN_REVISION_ANNOTATION: &str = "kustomize.toolkit.fluxcd.io/originRevision";
/// Metadata key of events that report a finished run to commit status providers.
pub const COMMIT_STATUS_ANNOTATION: &str = "kustomize.toolkit.fluxcd.io/commit_status";
/// Metadata key of an artifact: the revision it was made from.
pub const ORIGIN_REVISION_METADATA: &str = "org.opencontainers.image.revision";
