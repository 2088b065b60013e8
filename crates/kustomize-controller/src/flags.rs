//! The flags of the controller: names and defaults are those of Flux 2.9.

use std::time::Duration;

use clap::{ArgAction, Parser};
use windlass_apply::StageKind;
use windlass_runtime::flags::{
    CommonFlags, FeatureGates, TreeLimitFlags, parse_bool, parse_duration,
};

use crate::prune_limit::PruneLimit;

/// The feature gates, with their defaults.
pub const FEATURE_GATES: &[(&str, bool)] = &[
    (gate::CACHE_SECRETS_AND_CONFIG_MAPS, false),
    (gate::DISABLE_STATUS_POLLER_CACHE, true),
    (gate::DISABLE_FAIL_FAST_BEHAVIOR, false),
    (gate::STRICT_POST_BUILD_SUBSTITUTIONS, true),
    (gate::GROUP_CHANGE_LOG, false),
    (gate::ADDITIVE_CEL_DEPENDENCY_CHECK, false),
    (gate::EXTERNAL_ARTIFACT, false),
    (gate::CANCEL_HEALTH_CHECK_ON_NEW_REVISION, false),
    (gate::DISABLE_CONFIG_WATCHERS, false),
    (gate::DIRECT_SOURCE_FETCH, false),
    (gate::MIGRATE_API_VERSION, false),
    (gate::OBJECT_LEVEL_WORKLOAD_IDENTITY, false),
];

/// Names of the feature gates.
#[allow(missing_docs, reason = "each constant is the word it spells")]
pub(crate) mod gate {
    pub(crate) const CACHE_SECRETS_AND_CONFIG_MAPS: &str = "CacheSecretsAndConfigMaps";
    pub(crate) const DISABLE_STATUS_POLLER_CACHE: &str = "DisableStatusPollerCache";
    pub(crate) const DISABLE_FAIL_FAST_BEHAVIOR: &str = "DisableFailFastBehavior";
    pub(crate) const STRICT_POST_BUILD_SUBSTITUTIONS: &str = "StrictPostBuildSubstitutions";
    pub(crate) const GROUP_CHANGE_LOG: &str = "GroupChangeLog";
    pub(crate) const ADDITIVE_CEL_DEPENDENCY_CHECK: &str = "AdditiveCELDependencyCheck";
    pub(crate) const EXTERNAL_ARTIFACT: &str = "ExternalArtifact";
    pub(crate) const CANCEL_HEALTH_CHECK_ON_NEW_REVISION: &str = "CancelHealthCheckOnNewRevision";
    pub(crate) const DISABLE_CONFIG_WATCHERS: &str = "DisableConfigWatchers";
    pub(crate) const DIRECT_SOURCE_FETCH: &str = "DirectSourceFetch";
    pub(crate) const MIGRATE_API_VERSION: &str = "MigrateAPIVersion";
    pub(crate) const OBJECT_LEVEL_WORKLOAD_IDENTITY: &str = "ObjectLevelWorkloadIdentity";
}

/// Builds what sources publish and keeps the cluster in that state.
#[derive(Clone, Debug, Parser)]
#[command(name = "kustomize-controller", version)]
pub struct Flags {
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at the type")]
    pub common: CommonFlags,

    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at the type")]
    pub tree: TreeLimitFlags,

    /// Kustomizations reconciled at the same time.
    #[arg(long, default_value_t = 4)]
    pub concurrent: usize,
    /// Objects of one Kustomization that are dry-run at the same time.
    #[arg(long, default_value_t = 4)]
    pub concurrent_ssa: usize,
    /// Refuse bases that are fetched from elsewhere during a build.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true,
          default_value = "false", default_missing_value = "true", value_parser = parse_bool)]
    pub no_remote_bases: bool,
    /// Retries of an artifact download.
    #[arg(long, default_value_t = 9)]
    pub http_retry: u32,
    /// Service account for decryption where a Kustomization names none.
    #[arg(long, default_value = "")]
    pub default_decryption_service_account: String,
    /// Service account for remote clusters where a Kustomization names none.
    #[arg(long, default_value = "")]
    pub default_kubeconfig_service_account: String,
    /// Secret with the age keys of the whole cluster.
    #[arg(long, default_value = "")]
    pub sops_age_secret: String,
    /// `ConfigMap` with the Vault instances that may be used for decryption.
    #[arg(long, default_value = "")]
    pub sops_vault_configmap: String,
    /// Field managers, by prefix, whose fields are taken over.
    #[arg(long)]
    pub override_manager: Vec<String>,
    /// Kinds (`group/Kind`) that are applied before all others but definitions and classes.
    #[arg(long, value_delimiter = ',')]
    pub custom_apply_stage_kinds: Vec<StageKind>,
    /// How many objects a run may delete unless it is confirmed: a number, or a percentage of the
    /// inventory. The annotation `windlass.dev/prune-limit` takes precedence.
    #[arg(long)]
    pub prune_limit: Option<PruneLimit>,
    /// Most objects of one build.
    #[arg(long, default_value_t = 100_000)]
    pub max_build_objects: usize,
    /// Directories that one build may visit, repeats included.
    #[arg(long, default_value_t = 10_000)]
    pub max_build_directories: usize,
    /// Bytes of files that one build may read, repeats included.
    #[arg(long, default_value_t = 1 << 30)]
    pub max_build_size: u64,
    /// How long one build may take.
    #[arg(long, default_value = "1m", value_parser = parse_duration)]
    pub max_build_time: Duration,
    /// Bytes of the manifests of one Kustomization after substitution, and of what its patches may
    /// add to them before.
    #[arg(long, default_value_t = 256 << 20)]
    pub max_manifests_size: usize,
    /// Bytes of the inventory of one Kustomization. The API server stores objects of up to 1.5 MiB.
    #[arg(long, default_value_t = 1 << 20)]
    pub max_inventory_size: usize,
    /// Bytes of extracted artifacts that are kept in memory.
    #[arg(long, default_value_t = 64 << 20)]
    pub artifact_cache_size: u64,
}

impl Flags {
    /// The feature gates, checked.
    ///
    /// # Errors
    /// An unknown gate, or flags that need a gate which is off.
    pub fn gates(&self) -> Result<FeatureGates, String> {
        let gates = FeatureGates::parse(FEATURE_GATES, &self.common.feature_gates)?;
        let needs_identity = [
            (
                "default-decryption-service-account",
                &self.default_decryption_service_account,
            ),
            (
                "default-kubeconfig-service-account",
                &self.default_kubeconfig_service_account,
            ),
        ];
        for (flag, value) in needs_identity {
            if !value.is_empty() && !gates.enabled(gate::OBJECT_LEVEL_WORKLOAD_IDENTITY) {
                return Err(format!(
                    "--{flag} needs the feature gate {}",
                    gate::OBJECT_LEVEL_WORKLOAD_IDENTITY
                ));
            }
        }
        Ok(gates)
    }
}
