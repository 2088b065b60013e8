//! A commit costs what it changes.

use k8s_openapi::jiff::Timestamp;
use windlass_e2e::Controller;

use crate::many::{COUNT, Many, file};

/// What the controllers count of their work.
const COUNTED: [(Controller, &str); 5] = [
    (Controller::Source, "windlass_artifacts_stored_total"),
    (Controller::Kustomize, "windlass_artifact_downloads_total"),
    (Controller::Kustomize, "windlass_artifact_extractions_total"),
    (Controller::Kustomize, "windlass_builds_total"),
    (Controller::Kustomize, "windlass_builds_skipped_total"),
];

async fn counters(many: &Many) -> Vec<f64> {
    let mut values = Vec::new();
    for (controller, name) in COUNTED {
        values.push(many.stack.metric(controller, name).await);
    }
    values
}

/// Of 200 Kustomizations on folders of one repository, one is built and applied when one folder
/// changes; the others move their revision.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_costs_what_it_changes() {
    let many = Many::install(true).await;
    let before = counters(&many).await;
    let since = Timestamp::now();
    let (path, text) = file(77, "2");
    let commit = many.repo.commit(&[(&path, Some(&text))], "one folder");
    many.objects.poke("GitRepository", "src-0").await;
    let took = many.until_all_applied(&commit).await;
    println!("{COUNT} revisions moved in {took:?}");
    let changed = many.objects.get("ConfigMap", "app-77").await.unwrap();
    assert_eq!(changed["data"]["a"], "2");

    let after = counters(&many).await;
    let done: Vec<(&str, f64)> = COUNTED
        .iter()
        .zip(after.iter().zip(&before))
        .map(|((_, name), (after, before))| (*name, after - before))
        .collect();
    let expected = [1.0, 1.0, 1.0, 1.0, 199.0];
    let expected: Vec<(&str, f64)> = COUNTED
        .iter()
        .zip(expected)
        .map(|((_, n), v)| (*n, v))
        .collect();
    assert_eq!(done, expected);

    let log = many.stack.plane.audit_events();
    let applies: Vec<(&str, bool)> = log
        .iter()
        .filter(|event| event.request_received_timestamp >= since && many.is_apply(event))
        .map(|event| (event.name(), event.is_dry_run()))
        .collect();
    assert_eq!(applies, [("app-77", true), ("app-77", false)]);
    let statuses = log.iter().filter(|event| {
        event.request_received_timestamp >= since
            && event.is_write()
            && event.resource() == "kustomizations"
            && event.subresource() == "status"
    });
    // One for each, and the early one of the one that applied.
    assert_eq!(statuses.count(), COUNT + 1);
}
