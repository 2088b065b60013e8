//! `source.toolkit.fluxcd.io/v1`: where the desired state comes from.

mod artifact;
mod external_artifact;
mod git_repository;

pub use artifact::Artifact;
pub use external_artifact::{
    ExternalArtifact, ExternalArtifactSourceReference, ExternalArtifactSpec, ExternalArtifactStatus,
};
pub use git_repository::{
    GitProvider, GitRepository, GitRepositoryInclude, GitRepositoryRef, GitRepositorySpec,
    GitRepositoryStatus, GitRepositoryVerification,
};

/// The API group of sources.
pub const GROUP: &str = "source.toolkit.fluxcd.io";
/// The annotation of events that names the revision of the artifact.
pub const REVISION_ANNOTATION: &str = "source.toolkit.fluxcd.io/revision";
/// The annotation of events that names the digest of the artifact.
pub const DIGEST_ANNOTATION: &str = "source.toolkit.fluxcd.io/digest";
