//! What all kinds share: annotations, finalizer, condition types, reasons.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

/// The finalizer of every reconciled kind.
pub const FINALIZER: &str = "finalizers.fluxcd.io";
/// A change of this annotation asks for a reconcile now; its value is echoed in
/// `.status.lastHandledReconcileAt`.
pub const REQUESTED_AT: &str = "reconcile.fluxcd.io/requestedAt";
/// Annotations with this prefix are copied to the events of an object.
pub const EVENT_ANNOTATION_PREFIX: &str = "event.toolkit.fluxcd.io/";
/// CRDs carry this annotation with the value `disabled`, so that variable substitution leaves
/// the shell-like patterns in their descriptions and rules alone.
pub const SUBSTITUTE: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// A reference to an object of the same namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LocalObjectReference {
    /// Name of the referent.
    pub name: String,
}

/// Condition types.
#[allow(missing_docs, reason = "each constant is the word it spells")]
pub mod condition {
    pub const READY: &str = "Ready";
    pub const RECONCILING: &str = "Reconciling";
    pub const STALLED: &str = "Stalled";
    pub const HEALTHY: &str = "Healthy";
    /// Ours: objects are fought over with somebody else.
    pub const CONTESTED: &str = "windlass.dev/Contested";
    pub const ARTIFACT_IN_STORAGE: &str = "ArtifactInStorage";
    pub const ARTIFACT_OUTDATED: &str = "ArtifactOutdated";
    pub const FETCH_FAILED: &str = "FetchFailed";
    pub const STORAGE_OPERATION_FAILED: &str = "StorageOperationFailed";
    pub const INCLUDE_UNAVAILABLE: &str = "IncludeUnavailable";
    pub const SOURCE_VERIFIED: &str = "SourceVerified";
}

/// Reasons of conditions and events.
#[allow(missing_docs, reason = "each constant is the word it spells")]
pub mod reason {
    // Shared.
    pub const PROGRESSING: &str = "Progressing";
    pub const PROGRESSING_WITH_RETRY: &str = "ProgressingWithRetry";
    pub const SUCCEEDED: &str = "Succeeded";
    pub const FAILED: &str = "Failed";
    pub const ACCESS_DENIED: &str = "AccessDenied";
    pub const FEATURE_GATE_DISABLED: &str = "FeatureGateDisabled";
    // Kustomization.
    pub const ARTIFACT_FAILED: &str = "ArtifactFailed";
    pub const BUILD_FAILED: &str = "BuildFailed";
    pub const CORRECTED_REPEATEDLY: &str = "CorrectedRepeatedly";
    pub const DEPENDENCY_NOT_READY: &str = "DependencyNotReady";
    pub const INVENTORY_TOO_LARGE: &str = "InventoryTooLarge";
    pub const HEALTH_CHECK_CANCELED: &str = "HealthCheckCanceled";
    pub const HEALTH_CHECK_FAILED: &str = "HealthCheckFailed";
    pub const MANAGED_BY_OTHERS: &str = "ManagedByOthers";
    pub const INVALID_CEL_EXPRESSION: &str = "InvalidCELExpression";
    pub const PRUNE_FAILED: &str = "PruneFailed";
    pub const PRUNE_LIMIT_EXCEEDED: &str = "PruneLimitExceeded";
    pub const RECONCILIATION_FAILED: &str = "ReconciliationFailed";
    pub const RECONCILIATION_SUCCEEDED: &str = "ReconciliationSucceeded";
    // Sources.
    pub const ARCHIVE_OPERATION_FAILED: &str = "ArchiveOperationFailed";
    pub const ARTIFACT_UP_TO_DATE: &str = "ArtifactUpToDate";
    pub const ARTIFACT_VERIFICATION_FAILED: &str = "ArtifactVerificationFailed";
    pub const AUTHENTICATION_FAILED: &str = "AuthenticationFailed";
    pub const COPY_FAILURE: &str = "CopyFailure";
    pub const EMPTY_GIT_REPOSITORY: &str = "EmptyGitRepository";
    pub const GARBAGE_COLLECTION_FAILED: &str = "GarbageCollectionFailed";
    pub const GARBAGE_COLLECTION_SUCCEEDED: &str = "GarbageCollectionSucceeded";
    pub const GIT_OPERATION_FAILED: &str = "GitOperationFailed";
    pub const GIT_OPERATION_SUCCEEDED: &str = "GitOperationSucceeded";
    pub const ILLEGAL_PATH: &str = "IllegalPath";
    pub const INCLUDE_CHANGE: &str = "IncludeChange";
    pub const INCLUDE_CYCLE: &str = "IncludeCycle";
    pub const INVALID_PROVIDER_CONFIGURATION: &str = "InvalidProviderConfiguration";
    pub const NEW_ARTIFACT: &str = "NewArtifact";
    pub const NEW_REVISION: &str = "NewRevision";
    pub const NO_ARTIFACT: &str = "NoArtifact";
    pub const NOT_FOUND: &str = "NotFound";
    pub const URL_INVALID: &str = "URLInvalid";
    pub const VERIFICATION_ERROR: &str = "VerificationError";
}
