//! The flags of the controller: names and defaults are those of Flux 2.9.

use std::{path::PathBuf, time::Duration};

use clap::Parser;
use windlass_artifact::DigestAlgorithm;
use windlass_runtime::{
    ListenAddr,
    flags::{CommonFlags, FeatureGates, TreeLimitFlags, parse_duration},
};

/// The feature gates, with their defaults.
pub const FEATURE_GATES: &[(&str, bool)] = &[
    (gate::CACHE_SECRETS_AND_CONFIG_MAPS, false),
    (gate::OBJECT_LEVEL_WORKLOAD_IDENTITY, false),
];

/// Names of the feature gates.
#[allow(missing_docs, reason = "each constant is the word it spells")]
pub mod gate {
    pub const CACHE_SECRETS_AND_CONFIG_MAPS: &str = "CacheSecretsAndConfigMaps";
    pub const OBJECT_LEVEL_WORKLOAD_IDENTITY: &str = "ObjectLevelWorkloadIdentity";
}

/// Fetches sources and serves them as artifacts to the other controllers.
#[derive(Clone, Debug, Parser)]
#[command(name = "source-controller", version)]
pub struct Flags {
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at the type")]
    pub common: CommonFlags,

    #[command(flatten)]
    #[allow(missing_docs, reason = "documented at the type")]
    pub tree: TreeLimitFlags,

    /// Sources of each kind reconciled at the same time.
    #[arg(long, default_value_t = 2)]
    pub concurrent: usize,
    /// Directory in which artifacts are stored. It must exist.
    #[arg(long, env = "STORAGE_PATH", default_value = "/data")]
    pub storage_path: PathBuf,
    /// Address at which artifacts are served.
    #[arg(long, env = "STORAGE_ADDRESS", default_value = ":9090")]
    pub storage_addr: ListenAddr,
    /// Host and port under which other controllers reach the artifacts; derived from
    /// `--storage-addr` when empty.
    #[arg(long, env = "STORAGE_ADV_ADDR", default_value = "")]
    pub storage_adv_addr: String,
    /// How long an artifact that was replaced is kept.
    #[arg(long, default_value = "1m", value_parser = parse_duration)]
    pub artifact_retention_ttl: Duration,
    /// How many artifacts of a source are kept.
    #[arg(long, default_value_t = 2)]
    pub artifact_retention_records: usize,
    /// Algorithm of the digests of artifacts: sha256, sha384, sha512, blake3 or sha1.
    #[arg(long, default_value = "sha256")]
    pub artifact_digest_algo: DigestAlgorithm,
    /// Largest pack of a Git fetch, compressed, in bytes.
    #[arg(long, default_value_t = 2 << 30)]
    pub max_git_pack_size: u64,
    /// Largest answer of a Git server that is no pack, such as the list of its refs, in bytes.
    #[arg(long, default_value_t = 128 << 20)]
    pub max_git_refs_size: u64,
    /// Key exchange algorithms to offer over SSH; the built-in ones when empty.
    #[arg(long, value_delimiter = ',')]
    pub ssh_kex_algos: Vec<String>,
    /// Host key algorithms to accept over SSH; those of the known hosts when empty.
    #[arg(long, value_delimiter = ',')]
    pub ssh_hostkey_algos: Vec<String>,

    /// Largest index of a Helm repository in bytes. For Helm sources.
    #[arg(long, default_value_t = 52_428_800)]
    pub helm_index_max_size: u64,
    /// Largest Helm chart in bytes. For Helm sources.
    #[arg(long, default_value_t = 10_485_760)]
    pub helm_chart_max_size: u64,
    /// Largest file of a Helm chart in bytes. For Helm sources.
    #[arg(long, default_value_t = 5_242_880)]
    pub helm_chart_file_max_size: u64,
    /// How many Helm indexes are cached; 0 turns the cache off. For Helm sources.
    #[arg(long, default_value_t = 0)]
    pub helm_cache_max_size: usize,
    /// How long a Helm index is cached. For Helm sources.
    #[arg(long, default_value = "15m", value_parser = parse_duration)]
    pub helm_cache_ttl: Duration,
    /// How often the cache of Helm indexes is cleared of old ones. For Helm sources.
    #[arg(long, default_value = "1m", value_parser = parse_duration)]
    pub helm_cache_purge_interval: Duration,
}

impl Flags {
    /// The feature gates, checked.
    ///
    /// # Errors
    /// An unknown gate, or flags that need a gate which is off.
    pub fn gates(&self) -> Result<FeatureGates, String> {
        let gates = FeatureGates::parse(FEATURE_GATES, &self.common.feature_gates)?;
        if !self.common.default_service_account.is_empty()
            && !gates.enabled(gate::OBJECT_LEVEL_WORKLOAD_IDENTITY)
        {
            return Err(format!(
                "--default-service-account needs the feature gate {}",
                gate::OBJECT_LEVEL_WORKLOAD_IDENTITY
            ));
        }
        Ok(gates)
    }

    /// The host under which artifacts are reached, when the server listens on `port`; `hostname`
    /// is what the machine is called (Flux: spec §5.2).
    pub(crate) fn advertised(&self, port: u16, hostname: impl FnOnce() -> String) -> String {
        if !self.storage_adv_addr.is_empty() {
            return self.storage_adv_addr.clone();
        }
        let address = self.storage_addr.to_string();
        let host = address.rsplit_once(':').map_or("", |(host, _)| host);
        match host {
            "" => format!("localhost:{port}"),
            "0.0.0.0" => format!("{}:{port}", hostname()),
            host => format!("{host}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(arguments: &[&str]) -> Flags {
        Flags::try_parse_from([&["source-controller"], arguments].concat()).unwrap()
    }

    #[test]
    fn the_advertised_host_is_given_or_derived() {
        let host = |arguments: &[&str]| flags(arguments).advertised(9090, || "pod-1".to_owned());
        assert_eq!(host(&["--storage-addr=:9090"]), "localhost:9090");
        assert_eq!(host(&["--storage-addr=0.0.0.0:9090"]), "pod-1:9090");
        assert_eq!(host(&["--storage-addr=10.0.0.7:9090"]), "10.0.0.7:9090");
        assert_eq!(
            host(&[
                "--storage-addr=:9090",
                "--storage-adv-addr=source-controller.flux-system"
            ]),
            "source-controller.flux-system"
        );
    }

    #[test]
    fn a_default_account_needs_its_gate() {
        assert!(flags(&[]).gates().is_ok());
        assert!(
            flags(&["--default-service-account=tenant"])
                .gates()
                .is_err()
        );
        let gated = [
            "--default-service-account=tenant",
            "--feature-gates=ObjectLevelWorkloadIdentity=true",
        ];
        assert!(flags(&gated).gates().is_ok());
        assert!(flags(&["--feature-gates=NoSuchGate=true"]).gates().is_err());
    }

    #[test]
    fn the_flags_of_a_stock_deployment_are_accepted() {
        let flags = flags(&[
            "--events-addr=http://notification-controller.flux-system.svc.cluster.local./",
            "--watch-all-namespaces=true",
            "--log-level=info",
            "--log-encoding=json",
            "--enable-leader-election",
            "--storage-path=/data",
            "--storage-adv-addr=source-controller.flux-system.svc.cluster.local.",
            "--helm-cache-max-size=10",
            "--helm-cache-ttl=60m",
            "--helm-cache-purge-interval=5m",
            "--artifact-digest-algo=sha512",
            "--ssh-kex-algos=curve25519-sha256,ecdh-sha2-nistp256",
        ]);
        assert_eq!(flags.ssh_kex_algos.len(), 2);
        assert_eq!(flags.artifact_digest_algo, DigestAlgorithm::Sha512);
    }
}
