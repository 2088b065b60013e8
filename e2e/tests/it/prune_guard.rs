//! A run that would delete more than was foreseen stops before it writes anything.

use serde_json::{Value, json};
use windlass_e2e::{Objects, Stack, StackOptions, condition, is_condition};

fn config(name: &str, value: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{a: {value:?}}}\n")
}

async fn names(objects: &Objects) -> Vec<String> {
    let list = objects.list("ConfigMap").await;
    let names = list
        .iter()
        .filter_map(|o| o["metadata"]["name"].as_str())
        .filter(|name| name.starts_with("cm-"));
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    names
}

fn message(object: &Value) -> String {
    let ready = condition(object, "Ready").expect("a Ready condition");
    ready["message"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mass_deletion_waits_for_a_confirmation() {
    let stack = Stack::start(StackOptions {
        kustomize_flags: vec!["--prune-limit=50%".to_owned()],
        ..StackOptions::default()
    })
    .await;
    let objects = stack.namespace("guard").await;
    let repo = stack.git.repo("guard");
    let all: Vec<String> = (0..6).map(|i| format!("cm-{i}")).collect();
    let files: Vec<(String, String)> = all
        .iter()
        .map(|name| (format!("app/{name}.yaml"), config(name, "1")))
        .collect();
    let write: Vec<(&str, Option<&str>)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), Some(text.as_str())))
        .collect();
    let commit = repo.commit(&write, "six");
    objects.git_repository("src", repo.url(), json!({})).await;
    objects
        .kustomization("app", json!({"path": "./app", "prune": true}))
        .await;
    objects.until_applied("app", &commit).await;

    // As many as the flag allows go at once.
    let commit = repo.commit(&[("app/cm-5.yaml", None)], "five");
    objects.poke("GitRepository", "src").await;
    objects.until_applied("app", &commit).await;
    assert_eq!(names(&objects).await, all[..5]);

    // The annotation is stricter than the flag. What it stops changes nothing else either.
    let limit =
        |value: &str| json!({"metadata": {"annotations": {"windlass.dev/prune-limit": value}}});
    objects.patch("Kustomization", "app", limit("1")).await;
    let second = config("cm-0", "2");
    let commit = repo.commit(
        &[
            ("app/cm-0.yaml", Some(second.as_str())),
            ("app/cm-3.yaml", None),
            ("app/cm-4.yaml", None),
        ],
        "three",
    );
    objects.poke("GitRepository", "src").await;
    let stopped = objects
        .until_refused("Kustomization", "app", "more than the limit of 1")
        .await;
    let text = message(&stopped);
    for named in ["ConfigMap/", "cm-3", "cm-4", "windlass.dev/prune-confirm="] {
        assert!(text.contains(named), "{text}");
    }
    assert_eq!(
        condition(&stopped, "Ready").unwrap()["reason"],
        "PruneLimitExceeded"
    );
    assert_eq!(names(&objects).await, all[..5]);
    let untouched = objects.get("ConfigMap", "cm-0").await.unwrap();
    assert_eq!(untouched["data"]["a"], "1");
    let inventory = &stopped["status"]["inventory"]["entries"];
    assert_eq!(inventory.as_array().map(Vec::len), Some(5));

    // A confirmation of something else does not count; the one that is asked for does.
    let confirm =
        |token: &str| json!({"metadata": {"annotations": {"windlass.dev/prune-confirm": token}}});
    objects
        .patch("Kustomization", "app", confirm("000000000000"))
        .await;
    objects.poke("Kustomization", "app").await;
    objects
        .until("Kustomization", "app", "stopped again", |o| {
            o["status"]["lastHandledReconcileAt"]
                == o["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"]
                && is_condition(o, "Ready", "False")
        })
        .await;
    assert_eq!(names(&objects).await, all[..5]);
    let (_, token) = text.split_once("windlass.dev/prune-confirm=").unwrap();
    let token = token.split('.').next().unwrap();
    objects.patch("Kustomization", "app", confirm(token)).await;
    objects.until_applied("app", &commit).await;
    assert_eq!(names(&objects).await, all[..3]);

    // A limit that cannot be read stops the object, and mending it goes on.
    objects.patch("Kustomization", "app", limit("most")).await;
    objects
        .until_refused("Kustomization", "app", "windlass.dev/prune-limit")
        .await;
    objects.patch("Kustomization", "app", limit("100%")).await;
    objects.until_applied("app", &commit).await;
}
