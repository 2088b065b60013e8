//! The flags all controllers share (Flux: kustomize-controller spec §15, source-controller spec
//! §15.1).

mod gates;
mod limits;

use std::time::Duration;

use clap::{ArgAction, Args};
use sha2::{Digest, Sha256};
use windlass_api::duration::GoDuration;

pub use gates::FeatureGates;
pub use limits::TreeLimitFlags;

use crate::ListenAddr;
use crate::clients::ClientOptions;
use crate::election::ElectionOptions;
use crate::logging::{Encoding, Level};
use crate::metrics::Metrics;
use crate::queue::{QueueOptions, Requeue};
use crate::watch::WatchScope;

/// Parses a boolean as Go's flags take it: `1`, `t`, `true`, `0`, `f`, `false` and their capital
/// forms. For `value_parser` of flags declared like those of [`CommonFlags`].
///
/// # Errors
/// What is wrong with the text.
pub fn parse_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("parsing {text:?}: invalid syntax")),
    }
}

/// Parses a duration in Go's syntax. For `value_parser`.
///
/// # Errors
/// What is wrong with the text.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    text.parse::<GoDuration>()
        .map(Duration::from)
        .map_err(|error| error.to_string())
}

/// The flags all controllers share. Flatten it into a controller's own flags. A flag that is given
/// twice takes its last value, and a boolean one takes `--flag` as well as `--flag=false`.
#[derive(Clone, Debug, Args)]
#[command(args_override_self = true)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct CommonFlags {
    /// The address the metric endpoint binds to
    #[arg(long, env = "METRICS_ADDR", default_value = ":8080")]
    pub metrics_addr: ListenAddr,

    /// The address the health endpoint binds to
    #[arg(long, default_value = ":9440")]
    pub health_addr: ListenAddr,

    /// The address of the events receiver
    #[arg(long, env = "EVENTS_ADDR", default_value = "")]
    pub events_addr: String,

    /// The maximum queries-per-second of requests sent to the Kubernetes API; not used where the
    /// server has API priority and fairness
    #[arg(long, default_value = "50", allow_negative_numbers = true)]
    pub kube_api_qps: f32,

    /// The maximum burst queries-per-second of requests sent to the Kubernetes API
    #[arg(long, default_value = "300")]
    pub kube_api_burst: u32,

    /// Log encoding format
    #[arg(long, value_enum, default_value = "json")]
    pub log_encoding: Encoding,

    /// Log verbosity level
    #[arg(long, value_enum, default_value = "info")]
    pub log_level: Level,

    /// Enable leader election, so that there is only one active manager
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true,
          default_value = "false", default_missing_value = "true", value_parser = parse_bool)]
    pub enable_leader_election: bool,

    /// Whether the leader gives the lease back on shutdown
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true,
          default_value = "true", default_missing_value = "true", value_parser = parse_bool)]
    pub leader_election_release_on_cancel: bool,

    /// How long non-leaders wait after the last observed renewal before they take over
    #[arg(long, default_value = "35s", value_parser = parse_duration)]
    pub leader_election_lease_duration: Duration,

    /// How long the leader keeps trying to renew before it gives up
    #[arg(long, default_value = "30s", value_parser = parse_duration)]
    pub leader_election_renew_deadline: Duration,

    /// How long to wait between tries to acquire or renew
    #[arg(long, default_value = "5s", value_parser = parse_duration)]
    pub leader_election_retry_period: Duration,

    /// Disallow references to objects in other namespaces
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true,
          default_value = "false", default_missing_value = "true", value_parser = parse_bool)]
    pub no_cross_namespace_refs: bool,

    /// Allow kubeconfigs that run commands to authenticate
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true,
          default_value = "false", default_missing_value = "true", value_parser = parse_bool)]
    pub insecure_kubeconfig_exec: bool,

    /// Allow kubeconfigs that skip the verification of the server's certificate
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true,
          default_value = "false", default_missing_value = "true", value_parser = parse_bool)]
    pub insecure_kubeconfig_tls: bool,

    /// The delay after a first failure
    #[arg(long, default_value = "750ms", value_parser = parse_duration)]
    pub min_retry_delay: Duration,

    /// The longest delay after repeated failures
    #[arg(long, default_value = "15m", value_parser = parse_duration)]
    pub max_retry_delay: Duration,

    /// The interval at which objects are looked at whose dependencies are not there yet
    #[arg(long, default_value = "30s", value_parser = parse_duration)]
    pub requeue_dependency: Duration,

    /// Default service account to impersonate
    #[arg(long, default_value = "")]
    pub default_service_account: String,

    /// Comma-separated list of feature gates, as `Gate=true`
    #[arg(long, default_value = "")]
    pub feature_gates: String,

    /// Watch custom resources in all namespaces; otherwise only in `RUNTIME_NAMESPACE`
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true,
          default_value = "true", default_missing_value = "true", value_parser = parse_bool)]
    pub watch_all_namespaces: bool,

    /// Watch only the custom resources that match this label selector
    #[arg(long, default_value = "")]
    pub watch_label_selector: String,

    /// Watch only the `ConfigMaps` and `Secrets` that match this label selector
    #[arg(long, default_value = "reconcile.fluxcd.io/watch=Enabled")]
    pub watch_configs_label_selector: String,

    /// The percentage by which intervals are moved at random
    #[arg(long, default_value = "5", value_parser = clap::value_parser!(u8).range(0..100))]
    pub interval_jitter_percentage: u8,

    /// The shortest time between two looks at an object that nothing asks for: shorter intervals
    /// and retry intervals are raised to it
    #[arg(long, default_value = "1s", value_parser = parse_duration)]
    pub min_interval: Duration,

    /// The maximum number of cached access tokens; 0 turns the cache off
    #[arg(long, default_value = "100")]
    pub token_cache_max_size: usize,

    /// How long an access token is cached at most
    #[arg(long, default_value = "1h", value_parser = parse_duration)]
    pub token_cache_max_duration: Duration,

    /// The namespace the controller runs in
    #[arg(long, env = "RUNTIME_NAMESPACE", default_value = "", hide = true)]
    pub runtime_namespace: String,
}

impl CommonFlags {
    /// What of a controller's own kinds is watched. A controller that is told to watch its own
    /// namespace alone, and not which one that is, watches all of them, as Flux's do.
    pub fn watch_scope(&self) -> WatchScope {
        WatchScope {
            namespace: (!self.watch_all_namespaces && !self.runtime_namespace.is_empty())
                .then(|| self.runtime_namespace.clone()),
            label_selector: (!self.watch_label_selector.is_empty())
                .then(|| self.watch_label_selector.clone()),
        }
    }

    /// How the queue of a kind behaves; `name` is the lower-case kind.
    pub fn queue_options(&self, name: &'static str) -> QueueOptions {
        QueueOptions {
            name,
            backoff_min: self.min_retry_delay,
            backoff_max: self.max_retry_delay,
        }
    }

    /// When to look again after the `interval` of an object: not before `--min-interval`, or one
    /// tenant's millisecond would keep a worker and a server busy; and, as in Flux, not at all
    /// where it is zero.
    pub fn after(&self, interval: Duration) -> Requeue {
        if interval.is_zero() {
            Requeue::Done
        } else {
            Requeue::After(interval.max(self.min_interval))
        }
    }

    /// How the clients behave; `user_agent` is `<controller>/<version>`.
    pub fn client_options(&self, user_agent: &str, metrics: Metrics) -> ClientOptions {
        ClientOptions {
            qps: self.kube_api_qps,
            burst: self.kube_api_burst,
            user_agent: user_agent.to_owned(),
            metrics,
        }
    }

    /// How to stand for election. The lease is `<controller>-leader-election`, one per shard: with
    /// a label selector, the first eight hex digits of its SHA-256 are appended.
    pub fn election_options(&self, controller: &str) -> ElectionOptions {
        let mut lease = format!("{controller}-leader-election");
        if !self.watch_label_selector.is_empty() {
            let digest = Sha256::digest(self.watch_label_selector.as_bytes());
            lease.push('-');
            lease.extend(digest[..4].iter().map(|byte| format!("{byte:02x}")));
        }
        ElectionOptions {
            lease,
            namespace: self.runtime_namespace.clone(),
            identity: crate::election::unique_identity(),
            lease_duration: self.leader_election_lease_duration,
            renew_deadline: self.leader_election_renew_deadline,
            retry_period: self.leader_election_retry_period,
            release_on_cancel: self.leader_election_release_on_cancel,
        }
    }
}

#[cfg(test)]
mod tests;
