//! A restart is no storm.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use k8s_openapi::jiff::Timestamp;
use serde_json::Value;
use windlass_e2e::{Controller, is_condition};
use windlass_testkit::wait_until;

use crate::many::{COUNT, Many};

/// On a machine that does nothing else it takes less than a tenth of this.
const BOUND: Duration = Duration::from_mins(1);
const BOTH: [Controller; 2] = [Controller::Source, Controller::Kustomize];

/// Name and resourceVersion of every object of a kind, all of which are ready.
async fn versions(many: &Many, kind: &str) -> Vec<(Value, Value)> {
    let list = many.objects.list(kind).await;
    assert_eq!(list.len(), COUNT, "{kind}");
    let versions = list.iter().map(|object| {
        let metadata = &object["metadata"];
        assert!(is_condition(object, "Ready", "True"), "{metadata}");
        (
            metadata["name"].clone(),
            metadata["resourceVersion"].clone(),
        )
    });
    versions.collect()
}

/// With 200 sources and as many Kustomizations, all ready, both controllers are restarted: every
/// object is checked, and nothing is fetched, applied or written.
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_checks_everything_and_changes_nothing() {
    let mut many = Many::install(false).await;
    let before = [
        versions(&many, "GitRepository").await,
        versions(&many, "Kustomization").await,
    ];
    for controller in BOTH {
        many.stack.stop(controller);
    }
    many.stack.git.forget_requests();
    let since = Timestamp::now();
    let mut tail = many.stack.plane.audit_tail();
    let started = Instant::now();
    for controller in BOTH {
        many.stack.start_controller(controller);
    }
    let mut checked = BTreeSet::new();
    wait_until("every object is checked", BOUND, async || {
        let log = tail.read();
        let dry_runs = log.iter().filter(|e| many.is_apply(e) && e.is_dry_run());
        checked.extend(dry_runs.map(|event| event.name().to_owned()));
        checked.len() == COUNT
    })
    .await;
    let objects = started.elapsed();
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let all = COUNT as f64;
    wait_until("every run has ended", BOUND, async || {
        many.runs(Controller::Source).await >= all && many.runs(Controller::Kustomize).await >= all
    })
    .await;
    let runs = started.elapsed();
    println!("{COUNT} objects checked {objects:?} after the start, all runs ended after {runs:?}");

    assert_eq!(many.stack.git.requests().len(), 0);
    let after = [
        versions(&many, "GitRepository").await,
        versions(&many, "Kustomization").await,
    ];
    // Not even their status was written: no object was anything but ready at any time.
    assert_eq!(before, after);
    let log = many.stack.plane.audit_events();
    let written: Vec<_> = log
        .iter()
        .filter(|event| {
            event.request_received_timestamp >= since
                && event.is_write()
                && BOTH.iter().any(|c| event.user_agent.starts_with(c.name()))
        })
        .map(|event| (&event.verb, &event.request_uri))
        .collect();
    assert!(written.is_empty(), "{written:?}");
}
