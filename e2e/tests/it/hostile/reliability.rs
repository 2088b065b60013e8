//! Surroundings that fail, as they do without anybody's ill will.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use windlass_e2e::{Controller, Stack, StackOptions, is_condition, workspace_root};
use windlass_testkit::{GitServer, GitServerOptions, wait_until};

use super::{
    archives::{Archive, deliver},
    rig::{Case, config_map, message, namespace, open, reason},
    wire::get,
};

#[tokio::test(flavor = "multi_thread")]
async fn r_4_14_15_stopped_in_good_order_without_kinds_or_listeners() {
    let mut stack = Stack::start(StackOptions::default()).await;
    let objects = stack.namespace("r").await;
    let repo = stack.git.repo("r");
    let commit = repo.commit(&[("cm.yaml", Some(&config_map("x")))], "x");
    // Nobody takes the events: nothing waits for them.
    stack
        .sink
        .fail_with(Some(StatusCode::INTERNAL_SERVER_ERROR));
    objects.git_repository("src", repo.url(), json!({})).await;
    objects.kustomization("app", json!({})).await;
    objects.until_applied("app", &commit).await;
    stack.sink.fail_with(None);
    // Asked to stop, they do, and say so by their status.
    for controller in [Controller::Source, Controller::Kustomize] {
        let process = stack.process(controller);
        let status = process.terminate(Duration::from_secs(20));
        assert!(status.success(), "{controller:?}: {status}");
        stack.start_controller(controller);
    }
    objects.poke("Kustomization", "app").await;
    objects
        .until("Kustomization", "app", "the request is handled", handled)
        .await;
    // The kind of the sources vanishes, and all sources with it. What was applied stays.
    let crd = "gitrepositories.source.toolkit.fluxcd.io";
    stack
        .plane
        .kubectl(&["delete", "crd", crd, "--timeout=30s"])
        .await;
    objects.poke("Kustomization", "app").await;
    objects
        .until_refused("Kustomization", "app", "GitRepository")
        .await;
    assert!(objects.get("ConfigMap", "x").await.is_some());
    stack
        .plane
        .apply_crds(&workspace_root().join("config/crd"))
        .await;
    let commit = repo.commit(&[("cm.yaml", Some(&config_map("y")))], "y");
    objects.git_repository("src", repo.url(), json!({})).await;
    objects.until_applied("app", &commit).await;
    objects.until_gone("ConfigMap", "x").await;
}

fn handled(object: &Value) -> bool {
    object["status"]["lastHandledReconcileAt"]
        == object["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"]
        && is_condition(object, "Ready", "True")
}

#[tokio::test(flavor = "multi_thread")]
async fn r_7_a_failing_server_costs_nothing_that_is_there() {
    let stack = open().await;
    let objects = namespace(stack, "git").await;
    let git = GitServer::start(GitServerOptions::default());
    let repo = git.repo("app");
    let commit = repo.commit(&[("cm.yaml", Some(&config_map("x")))], "x");
    objects
        .git_repository("src", repo.url(), json!({"timeout": "2s"}))
        .await;
    objects.kustomization("app", json!({})).await;
    let applied = objects.until_applied("app", &commit).await;
    let ready = objects.get("GitRepository", "src").await.unwrap();
    let artifact = ready["status"]["artifact"].clone();
    repo.commit(&[("cm.yaml", Some(&config_map("y")))], "y");
    for failure in ["429", "500", "503", "cut", "hang"] {
        match failure {
            "cut" => git.cut_after(Some(100)),
            "hang" => git.hang(true),
            code => git.fail_with(Some(code.parse().unwrap())),
        }
        let words = match failure {
            "cut" => "EOF",
            "hang" => "deadline",
            code => code,
        };
        objects.poke("GitRepository", "src").await;
        let failed = objects.until_refused("GitRepository", "src", words).await;
        assert!(is_condition(&failed, "FetchFailed", "True"), "{failure}");
        assert_eq!(failed["status"]["artifact"], artifact, "{failure}");
        git.fail_with(None);
        git.cut_after(None);
    }
    let path = format!("/{}", artifact["path"].as_str().unwrap());
    assert_eq!(get(stack.artifacts_port(), &path).0, 200);
    let app = objects.get("Kustomization", "app").await.unwrap();
    assert_eq!(
        app["status"]["lastAppliedRevision"],
        applied["status"]["lastAppliedRevision"]
    );
    git.hang(false);
    let commit = repo.head();
    objects.until_applied("app", &commit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r_8_a_failed_run_deletes_nothing() {
    let case = Case::with(
        open().await,
        &[("a.yaml", &config_map("a")), ("b.yaml", &config_map("b"))],
    )
    .await;
    case.objects.kustomization("app", json!({})).await;
    case.objects
        .until_condition("Kustomization", "app", "Ready", "True")
        .await;
    let wrong = "apiVersion: v1\nkind: Service\nmetadata: {name: wrong}\nspec: {ports: [{port: 99999999}]}\n";
    // Applied before what is wrong is looked at.
    let early = format!("{}-early", case.objects.namespace());
    let class = format!(
        "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {{name: {early}}}\nvalue: 5\n"
    );
    let files = [
        ("early.yaml", Some(class)),
        ("a.yaml", None),
        ("c.yaml", Some(config_map("c"))),
        ("wrong.yaml", Some(wrong.to_owned())),
    ];
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (*path, text.as_deref()))
        .collect();
    case.repo.commit(&files, "wrong");
    case.objects.poke("GitRepository", "src").await;
    let failed = case
        .objects
        .until_refused("Kustomization", "app", "wrong")
        .await;
    assert!(case.objects.get("ConfigMap", "a").await.is_some());
    let inventory = failed["status"]["inventory"].to_string();
    assert!(inventory.contains("_a__ConfigMap"), "{inventory}");
    assert!(case.objects.get("PriorityClass", &early).await.is_some());
    let commit = case
        .repo
        .commit(&[("wrong.yaml", None), ("early.yaml", None)], "right");
    case.objects.poke("GitRepository", "src").await;
    case.objects.until_applied("app", &commit).await;
    case.objects.until_gone("ConfigMap", "a").await;
    case.objects.until_gone("PriorityClass", &early).await;
    let mut left = case.config_maps().await;
    left.sort();
    assert_eq!(left, ["b", "c"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn r_9_a_circle_of_dependencies_is_named() {
    let case = Case::with(open().await, &[("cm.yaml", &config_map("x"))]).await;
    let space = case.objects.namespace();
    for (name, on) in [
        ("one", "two"),
        ("two", "three"),
        ("three", "one"),
        ("self", "self"),
    ] {
        let spec = json!({"dependsOn": [{"name": on}]});
        case.objects.kustomization(name, spec).await;
    }
    let way = format!("{space}/one -> {space}/two -> {space}/three -> {space}/one");
    for (name, words) in [
        ("one", way),
        ("self", format!("{space}/self -> {space}/self")),
    ] {
        let refused = case.until_refused(name, &words).await;
        assert_eq!(reason(&refused, "Ready"), "DependencyNotReady");
    }
    // It ends by itself when one of them lets go.
    let free = json!({"spec": {"dependsOn": null}});
    case.objects.patch("Kustomization", "three", free).await;
    for name in ["three", "two", "one"] {
        case.objects
            .until_condition("Kustomization", name, "Ready", "True")
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r_14_a_namespace_goes_with_all_that_is_in_it() {
    let stack = open().await;
    let case = Case::with(stack, &[("cm.yaml", &config_map("x"))]).await;
    case.still_works("./").await;
    // A source that is gone takes nothing along.
    let repo = stack
        .git
        .repo(&format!("{}-slow", case.objects.namespace()));
    repo.commit(&[("cm.yaml", Some(&config_map("slow")))], "x");
    case.objects
        .git_repository("other", repo.url(), json!({}))
        .await;
    let spec =
        json!({"sourceRef": {"kind": "GitRepository", "name": "other"}, "retryInterval": "1s"});
    case.objects.kustomization("other", spec).await;
    case.objects
        .until_condition("Kustomization", "other", "Ready", "True")
        .await;
    case.objects.delete("GitRepository", "other").await;
    case.objects.until_gone("GitRepository", "other").await;
    case.objects.poke("Kustomization", "other").await;
    case.objects
        .until_refused("Kustomization", "other", "not found")
        .await;
    assert!(case.objects.get("ConfigMap", "slow").await.is_some());
    let space = case.objects.namespace().to_owned();
    let stored = stack
        .storage()
        .join("gitrepository")
        .join(&space)
        .join("src");
    assert!(stored.exists());
    case.objects.delete("Namespace", &space).await;
    case.objects.until_gone("Namespace", &space).await;
    assert!(!stored.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn r_16_what_flux_left_is_carried_on() {
    let case = Case::new(open().await).await;
    let commit = case.commit(&[("cm.yaml", &config_map("x"))]);
    let space = case.objects.namespace();
    // As kustomize-controller 1.9 writes it.
    let revision = format!("main@sha1:{commit}");
    let time = "2025-06-01T10:00:00Z";
    let condition = |type_: &str, reason: &str, message: &str| {
        json!({"type": type_, "status": "True", "reason": reason, "message": message,
            "lastTransitionTime": time, "observedGeneration": 1})
    };
    case.objects
        .kustomization("app", json!({"suspend": true}))
        .await;
    let labels = json!({
        "kustomize.toolkit.fluxcd.io/name": "app",
        "kustomize.toolkit.fluxcd.io/namespace": space,
    });
    for name in ["x", "stale"] {
        case.objects
            .apply(json!({
                "apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"},
                "metadata": {"name": name, "namespace": space, "labels": labels},
            }))
            .await;
    }
    let before = case.objects.get("ConfigMap", "x").await.unwrap();
    let snapshot = json!({
        "digest": "sha256:1111111111111111111111111111111111111111111111111111111111111111",
        "firstReconciled": time, "lastReconciled": time, "lastReconciledDuration": "1.2s",
        "lastReconciledStatus": "ReconciliationSucceeded", "totalReconciliations": 41,
        "metadata": {"revision": "main@sha1:0000"},
    });
    case.objects
        .patch_status("Kustomization", "app", json!({
            "conditions": [
                condition("Ready", "ReconciliationSucceeded", &format!("Applied revision: {revision}")),
                condition("Healthy", "Succeeded", "Health check passed in 2.1s"),
            ],
            "history": [snapshot],
            "inventory": {"entries": [
                {"id": format!("{space}_x__ConfigMap"), "v": "v1"},
                {"id": format!("{space}_stale__ConfigMap"), "v": "v1"},
            ]},
            "lastAppliedRevision": revision, "lastAttemptedRevision": revision,
            "lastHandledReconcileAt": "2025-06-01T09:59:59.000000001Z", "observedGeneration": 1,
        }))
        .await;
    case.source(json!({})).await;
    let resumed = json!({"spec": {"suspend": false}});
    case.objects.patch("Kustomization", "app", resumed).await;
    let ready = case.objects.until_applied("app", &commit).await;
    let after = case.objects.get("ConfigMap", "x").await.unwrap();
    assert_eq!(before["metadata"]["uid"], after["metadata"]["uid"]);
    case.objects.until_gone("ConfigMap", "stale").await;
    let history = &ready["status"]["history"];
    assert_eq!(history[1]["totalReconciliations"], 41);
    assert_eq!(history[1]["lastReconciledDuration"], "1.2s");
}

#[tokio::test(flavor = "multi_thread")]
async fn r_17_a_failing_webhook_is_named() {
    let stack = open().await;
    let case = Case::with(stack, &[("cm.yaml", &config_map("x"))]).await;
    let name = format!("broken-{}.hostile.test", case.objects.namespace());
    let selector =
        json!({"matchLabels": {"kubernetes.io/metadata.name": case.objects.namespace()}});
    case.objects
        .apply(json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": name},
            "webhooks": [{
                "name": name, "admissionReviewVersions": ["v1"], "sideEffects": "None",
                "failurePolicy": "Fail", "timeoutSeconds": 1, "namespaceSelector": selector,
                "clientConfig": {"url": "https://127.0.0.1:1/x"},
                "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]}],
            }],
        }))
        .await;
    case.objects
        .kustomization("app", json!({"retryInterval": "1s"}))
        .await;
    let refused = case
        .objects
        .until_refused("Kustomization", "app", &name)
        .await;
    assert!(message(&refused, "Ready").contains("ConfigMap/"));
    case.objects
        .delete("ValidatingWebhookConfiguration", &name)
        .await;
    case.objects
        .until_condition("Kustomization", "app", "Ready", "True")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r_19_an_object_that_is_too_large_is_named() {
    let object = |name: &str, annotations: usize, data: usize| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, annotations: {{a: '{}'}}}}\ndata: {{a: '{}'}}\n",
            "x".repeat(annotations),
            "y".repeat(data)
        )
    };
    let case = Case::with(
        open().await,
        &[
            ("annotation/cm.yaml", &object("annotation", 300 << 10, 1)),
            ("large/cm.yaml", &object("large", 1, 2 << 20)),
            ("huge/cm.yaml", &object("huge", 1, 4 << 20)),
            ("honest/cm.yaml", &config_map("honest")),
        ],
    )
    .await;
    for name in ["annotation", "large", "huge"] {
        let refused = case
            .refused(name, json!({"path": name}), &format!("/{name} "))
            .await;
        assert!(message(&refused, "Ready").len() < 2000, "{name}");
    }
    case.still_works("honest").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r_13_what_was_built_does_not_stay_in_memory() {
    const SOURCES: usize = 24;
    const EACH: usize = 24 << 20;
    // The caches have 64 MiB; the rest is what the allocator has not given back yet, which it does
    // when it is next asked for memory. Trees that stayed would be as large as all of them.
    const ALL_KIB: u64 = (SOURCES * EACH) as u64 >> 10;
    let stack = Stack::start(StackOptions::default()).await;
    let objects = stack.namespace("memory").await;
    let ballast = "\0".repeat(EACH);
    let archives: Vec<_> = (0..SOURCES)
        .map(|n| {
            let archive = Archive::default().file("cm.yaml", &config_map(&format!("of-{n}")));
            (format!("x{n}"), archive.file("ballast.txt", &ballast).gz())
        })
        .collect();
    let resident = || in_use(stack.process(Controller::Kustomize).pid());
    let before = resident();
    let _wire = deliver(&objects, &archives).await;
    for (name, _) in &archives {
        objects
            .until_condition("Kustomization", name, "Ready", "True")
            .await;
    }
    let most = before + ALL_KIB / 4 * 3;
    wait_until(
        "memory to be given back",
        Duration::from_mins(1),
        async || resident() < most,
    )
    .await;
}

/// The memory of a process that is in use, in KiB.
fn in_use(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
