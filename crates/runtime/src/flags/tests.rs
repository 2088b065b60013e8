use std::time::Duration;

use clap::Parser;

use super::*;

#[derive(Debug, Parser)]
struct Controller {
    #[command(flatten)]
    common: CommonFlags,
    #[arg(long, default_value = "4")]
    concurrent: u16,
}

fn parse(args: &[&str]) -> Result<CommonFlags, String> {
    let args = std::iter::once("controller").chain(args.iter().copied());
    Controller::try_parse_from(args)
        .map(|c| c.common)
        .map_err(|error| error.to_string())
}

#[test]
fn defaults_are_the_contracts() {
    let flags = parse(&[]).unwrap();
    assert_eq!(flags.metrics_addr.to_string(), ":8080");
    assert_eq!(flags.health_addr.to_string(), ":9440");
    assert_eq!(flags.min_retry_delay, Duration::from_millis(750));
    assert_eq!(flags.max_retry_delay, Duration::from_mins(15));
    assert_eq!(
        flags.leader_election_lease_duration,
        Duration::from_secs(35)
    );
    assert_eq!(
        flags.leader_election_renew_deadline,
        Duration::from_secs(30)
    );
    assert_eq!(flags.leader_election_retry_period, Duration::from_secs(5));
    assert_eq!(flags.requeue_dependency, Duration::from_secs(30));
    assert_eq!(flags.interval_jitter_percentage, 5);
    assert!((flags.kube_api_qps - 50.0).abs() < f32::EPSILON && flags.kube_api_burst == 300);
    assert!(flags.watch_all_namespaces && flags.leader_election_release_on_cancel);
    assert!(!flags.enable_leader_election && !flags.no_cross_namespace_refs);
    assert_eq!(
        flags.watch_configs_label_selector,
        "reconcile.fluxcd.io/watch=Enabled"
    );
}

#[test]
fn booleans_and_values_are_taken_as_go_flags_take_them() {
    let on = parse(&["--enable-leader-election"]).unwrap();
    assert!(on.enable_leader_election);
    let flags = parse(&[
        "--enable-leader-election=true",
        "--watch-all-namespaces=false",
        "--no-cross-namespace-refs=T",
        "--max-retry-delay",
        "1h30m",
        "--log-level=debug",
        "--log-level=error",
        "--kube-api-qps=-1",
    ])
    .unwrap();
    assert!(flags.enable_leader_election && flags.no_cross_namespace_refs);
    assert!(!flags.watch_all_namespaces);
    assert_eq!(flags.max_retry_delay, Duration::from_mins(90));
    assert_eq!(flags.log_level, Level::Error);
    // A boolean never takes the next argument for its value.
    assert!(parse(&["--enable-leader-election", "false"]).is_err());
}

#[test]
fn nonsense_is_refused() {
    for args in [
        ["--enable-leader-election=maybe"],
        ["--min-retry-delay=fast"],
        ["--interval-jitter-percentage=100"],
        ["--metrics-addr=nowhere"],
        ["--log-level=loud"],
        ["--no-such-flag"],
    ] {
        assert!(parse(&args).is_err(), "{args:?}");
    }
}

#[test]
fn gates() {
    let supported = [("ExternalArtifact", false), ("Strict", true)];
    let gates = FeatureGates::parse(&supported, "").unwrap();
    assert!(!gates.enabled("ExternalArtifact") && gates.enabled("Strict"));
    let gates = FeatureGates::parse(&supported, "ExternalArtifact=true, Strict=false,").unwrap();
    assert!(gates.enabled("ExternalArtifact") && !gates.enabled("Strict"));
    assert_eq!(
        FeatureGates::parse(&supported, "Nope=true").unwrap_err(),
        "feature-gate 'Nope' not supported"
    );
    assert!(FeatureGates::parse(&supported, "Strict").is_err());
    assert!(FeatureGates::parse(&supported, "Strict=perhaps").is_err());
}

#[test]
fn shards_have_leases_of_their_own() {
    let plain = parse(&[]).unwrap().election_options("source-controller");
    assert_eq!(plain.lease, "source-controller-leader-election");
    let shard = parse(&["--watch-label-selector=sharding.fluxcd.io/key=shard1"])
        .unwrap()
        .election_options("source-controller");
    // printf %s sharding.fluxcd.io/key=shard1 | sha256sum
    assert_eq!(shard.lease, "source-controller-leader-election-73fdc1be");
    assert_ne!(plain.identity, shard.identity);
}

#[test]
fn scope_follows_the_flags() {
    let all = parse(&[]).unwrap().watch_scope();
    assert!(all.namespace.is_none() && all.label_selector.is_none());
    let one = parse(&[
        "--watch-all-namespaces=false",
        "--runtime-namespace=flux-system",
        "--watch-label-selector=a=b",
    ])
    .unwrap()
    .watch_scope();
    assert_eq!(one.namespace.as_deref(), Some("flux-system"));
    assert_eq!(one.label_selector.as_deref(), Some("a=b"));
}

#[test]
fn no_interval_is_shorter_than_the_flag_and_none_is_never() {
    let flags = parse(&["--min-interval=2s"]).unwrap();
    let after = |millis| flags.after(Duration::from_millis(millis));
    assert_eq!(after(0), Requeue::Done);
    assert_eq!(after(1), Requeue::After(Duration::from_secs(2)));
    assert_eq!(after(60_000), Requeue::After(Duration::from_mins(1)));
}
