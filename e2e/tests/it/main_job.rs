//! The main job: what is committed is what runs.

use std::time::Duration;

use serde_json::json;
use windlass_e2e::{Controller, Stack, StackOptions, is_condition};

const CONFIG: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: \"1\"}\n";

/// One control plane for all acts of this story: each builds on the one before.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_reaches_the_cluster_and_stays_there() {
    let mut stack = Stack::start(StackOptions::default()).await;
    let objects = stack.namespace("job").await;
    let repo = stack.git.repo("job");
    let commit = repo.commit(&[("app/settings.yaml", Some(CONFIG))], "first");
    objects.git_repository("src", repo.url(), json!({})).await;
    objects
        .kustomization("app", json!({"path": "./app", "wait": true}))
        .await;
    let ready = objects.until_applied("app", &commit).await;
    assert!(is_condition(&ready, "Healthy", "True"));

    // A second commit, announced at the source alone, arrives by events.
    let second = CONFIG.replace("\"1\"", "\"2\"");
    let commit = repo.commit(&[("app/settings.yaml", Some(&second))], "second");
    objects.poke("GitRepository", "src").await;
    objects.until_applied("app", &commit).await;
    assert_eq!(
        objects.get("ConfigMap", "settings").await.unwrap()["data"]["a"],
        "2"
    );

    // Edits and deletions by others are corrected without a request.
    objects
        .patch("ConfigMap", "settings", json!({"data": {"a": "edited"}}))
        .await;
    objects
        .until("ConfigMap", "settings", "corrected", |o| {
            o["data"]["a"] == "2"
        })
        .await;
    objects.delete("ConfigMap", "settings").await;
    objects
        .until("ConfigMap", "settings", "made again", |o| {
            o["data"]["a"] == "2"
        })
        .await;

    // A mistake breaks nothing and is named.
    let broken = "resources: [nowhere.yaml]\n";
    repo.commit(&[("app/kustomization.yaml", Some(broken))], "broken");
    objects.poke("GitRepository", "src").await;
    objects
        .until_refused("Kustomization", "app", "nowhere.yaml")
        .await;
    assert_eq!(
        objects.get("ConfigMap", "settings").await.unwrap()["data"]["a"],
        "2"
    );

    // A restart of both finds everything in place: no request to the Git server, no event.
    let commit = repo.commit(&[("app/kustomization.yaml", None)], "repaired");
    objects.poke("GitRepository", "src").await;
    objects.until_applied("app", &commit).await;
    let before = objects.get("ConfigMap", "settings").await.unwrap();
    for controller in [Controller::Source, Controller::Kustomize] {
        stack.stop(controller);
    }
    stack.git.forget_requests();
    for controller in [Controller::Source, Controller::Kustomize] {
        stack.start_controller(controller);
    }
    objects.poke("Kustomization", "app").await;
    objects
        .until("Kustomization", "app", "the request is handled", |o| {
            o["status"]["lastHandledReconcileAt"]
                == o["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"]
                && is_condition(o, "Ready", "True")
        })
        .await;
    assert_eq!(stack.git.requests().len(), 0);
    let after = objects.get("ConfigMap", "settings").await.unwrap();
    assert_eq!(
        before["metadata"]["resourceVersion"],
        after["metadata"]["resourceVersion"]
    );

    // Deleting the Kustomization takes its objects along.
    objects.delete("Kustomization", "app").await;
    objects.until_gone("Kustomization", "app").await;
    objects.until_gone("ConfigMap", "settings").await;
    let posted = stack.sink.events();
    assert!(posted.iter().any(|event| {
        event["reportingController"] == "kustomize-controller"
            && event["message"]
                .as_str()
                .is_some_and(|m| m.contains("settings created"))
    }));
}

/// What later versions will do is refused now, and nothing is applied in its place.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_supported_fails_closed() {
    let stack = Stack::start(StackOptions::default()).await;
    let objects = stack.namespace("closed").await;
    let repo = stack.git.repo("closed");
    repo.commit(&[("settings.yaml", Some(CONFIG))], "first");
    objects.git_repository("src", repo.url(), json!({})).await;
    objects
        .until_condition("GitRepository", "src", "Ready", "True")
        .await;
    objects
        .apply_text(&format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: remote, namespace: {}}}\nstringData: {{value: '{{}}'}}\n",
            objects.namespace()
        ))
        .await;
    let cases = [
        (
            "encrypted",
            json!({"decryption": {"provider": "sops"}}),
            "decryption",
        ),
        (
            "remote",
            json!({"kubeConfig": {"secretRef": {"name": "remote"}}}),
            "kubeConfig",
        ),
    ];
    for (name, spec, word) in cases {
        objects.kustomization(name, spec).await;
        let failed = objects.until_refused("Kustomization", name, word).await;
        assert!(failed["status"]["inventory"].is_null(), "{name}");
    }
    assert_eq!(objects.get("ConfigMap", "settings").await, None);
    let sources = [
        (
            "verified",
            json!({"verify": {"mode": "HEAD", "secretRef": {"name": "keys"}}}),
            "verif",
        ),
        ("cloud", json!({"provider": "azure"}), "provider"),
    ];
    for (name, spec, word) in sources {
        objects.git_repository(name, repo.url(), spec).await;
        let failed = objects.until_refused("GitRepository", name, word).await;
        assert!(failed["status"]["artifact"].is_null(), "{name}");
    }
}

/// A dependant starts when its dependency is ready, not at the next look.
#[tokio::test(flavor = "multi_thread")]
async fn dependencies_arrive_as_events() {
    let stack = Stack::start(StackOptions::default()).await;
    let objects = stack.namespace("chain").await;
    let repo = stack.git.repo("chain");
    let commit = repo.commit(&[("cm.yaml", Some(CONFIG))], "first");
    // Made in the wrong order on purpose; the fallback delay of 30 s would show.
    for level in (0..5).rev() {
        let mut spec = json!({"nameSuffix": format!("-{level}")});
        if level > 0 {
            spec["dependsOn"] = json!([{"name": format!("level-{}", level - 1)}]);
        }
        objects.kustomization(&format!("level-{level}"), spec).await;
    }
    objects.git_repository("src", repo.url(), json!({})).await;
    let chain = objects.until_applied("level-4", &commit);
    tokio::time::timeout(Duration::from_secs(20), chain)
        .await
        .expect("five levels take less than one fallback delay");
    let first = objects.get("ConfigMap", "settings-0").await;
    assert!(first.is_some_and(|o| o["data"]["a"] == "1"));
}
