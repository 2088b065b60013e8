//! The kustomize-controller on a cluster that does not know sources yet.

use std::time::{Duration, Instant};

use serde_json::json;
use windlass_e2e::{Controller, Stack, StackOptions, workspace_root};

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: late}\ndata: {a: \"1\"}\n";

#[tokio::test(flavor = "multi_thread")]
async fn sources_may_be_installed_later() {
    let mut stack = Stack::start(StackOptions::default()).await;
    for controller in [Controller::Source, Controller::Kustomize] {
        stack.stop(controller);
    }
    let listed = stack.plane.kubectl(&["get", "crd", "-o", "name"]).await;
    for crd in listed.lines().filter(|l| l.contains(".source.toolkit.")) {
        stack.plane.kubectl(&["delete", "--wait", crd]).await;
    }
    stack.start_controller(Controller::Kustomize);
    let objects = stack.namespace("late").await;
    objects.kustomization("app", json!({})).await;
    objects
        .until_refused("Kustomization", "app", "no matches for kind")
        .await;
    let running = stack.process(Controller::Kustomize);
    assert_eq!(running.exit_status(), None);

    let crds = workspace_root().join("config/crd");
    stack.plane.apply_crds(&crds).await;
    stack.start_controller(Controller::Source);
    let repo = stack.git.repo("late");
    let commit = repo.commit(&[("late.yaml", Some(CONFIG))], "first");
    objects.git_repository("src", repo.url(), json!({})).await;
    objects
        .until_condition("GitRepository", "src", "Ready", "True")
        .await;
    let started = Instant::now();
    objects.until_applied("app", &commit).await;
    let took = started.elapsed();
    println!("sources were found {took:?} after the first artifact");
    assert!(took < Duration::from_secs(10));

    // And they are watched from then on.
    let second = repo.commit(
        &[("late.yaml", Some(&CONFIG.replace("\"1\"", "\"2\"")))],
        "second",
    );
    objects.poke("GitRepository", "src").await;
    objects.until_applied("app", &second).await;
}
