//! The original controllers are stopped and ours started in their place, and back.
//!
//! What the originals left is recorded in `tests/fixtures/takeover`; `WINDLASS_RECORD=1 PEERS=DIR`
//! records it anew, with their binaries in `DIR`. With `PEERS` alone the way back is gone too.

#[path = "takeover/recording.rs"]
mod recording;

use std::{env, path::PathBuf};

use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};
use windlass_e2e::{Controller, Objects, Stack, StackOptions, is_condition};
use windlass_testkit::{AuditEvent, Repo};

use crate::conformance;
use recording::NAMESPACE;

const BOTH: [Controller; 2] = [Controller::Source, Controller::Kustomize];
/// What is applied.
const APPLIED: [(&str, &str); 5] = [
    ("ServiceAccount", "web"),
    ("Secret", "token"),
    ("ConfigMap", "settings"),
    ("Service", "web"),
    ("Deployment", "web"),
];
const OWNERS: [(&str, &str); 2] = [("GitRepository", "src"), ("Kustomization", "app")];

fn settings(value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings}}\ndata: {{a: {value:?}}}\n"
    )
}

const WEB: &str = "apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
---
apiVersion: v1
kind: Secret
metadata: {name: token}
stringData: {token: abc}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      containers: [{name: web, image: \"example.invalid/web:1\", ports: [{containerPort: 8080}]}]
";

/// The commits that the recording is about; the second takes an object away.
fn commits(stack: &Stack) -> (Repo, [String; 2]) {
    let repo = stack.git.repo("takeover");
    let extra = settings("0").replace("settings", "extra");
    let first = repo.commit(
        &[
            ("app/web.yaml", Some(WEB)),
            ("app/settings.yaml", Some(&settings("1"))),
            ("app/extra.yaml", Some(&extra)),
        ],
        "first",
    );
    let second = [
        ("app/settings.yaml", Some(settings("2"))),
        ("app/extra.yaml", None),
    ];
    let second = repo.commit(
        &second.each_ref().map(|(p, t)| (*p, t.as_deref())),
        "second",
    );
    (repo, [first, second])
}

fn peers() -> Option<PathBuf> {
    let dir = PathBuf::from(env::var_os("PEERS")?);
    BOTH.iter()
        .all(|c| dir.join(c.name()).exists())
        .then_some(dir)
}

async fn system(binaries: Option<PathBuf>) -> (Stack, Objects) {
    let mut stack = Stack::start(StackOptions {
        audit: true,
        ..StackOptions::default()
    })
    .await;
    for controller in BOTH {
        stack.stop(controller);
    }
    stack.use_binaries(binaries);
    let objects = Objects::new(&stack.client, NAMESPACE);
    let namespace =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
    objects.apply(namespace).await;
    (stack, objects)
}

async fn all(objects: &Objects, which: &[(&str, &str)]) -> Vec<Value> {
    let mut all = Vec::new();
    for (kind, name) in which {
        let object = objects.get(kind, name).await;
        all.push(object.unwrap_or_else(|| panic!("{kind}/{name} is not there")));
    }
    all
}

/// Waits until both have answered a request, and so everything has been looked at.
async fn ask(objects: &Objects) {
    for (kind, name) in OWNERS {
        objects.poke(kind, name).await;
        objects
            .until(kind, name, "the request is handled", |o| {
                o["status"]["lastHandledReconcileAt"]
                    == o["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"]
                    && is_condition(o, "Ready", "True")
            })
            .await;
    }
}

/// The kinds that the originals watch beside ours.
async fn install_other_kinds(stack: &Stack) {
    let crds = conformance::folder("crds").expect("the originals need their definitions");
    stack.plane.apply_crds(&crds).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_of_the_originals_is_recorded() {
    if env::var_os("WINDLASS_RECORD").is_none() {
        return;
    }
    let (mut stack, objects) = system(peers()).await;
    if peers().is_some() {
        install_other_kinds(&stack).await;
    }
    for controller in BOTH {
        stack.start_controller(controller);
    }
    let (repo, [first, second]) = commits(&stack);
    repo.force_reset(&first);
    objects.git_repository("src", repo.url(), json!({})).await;
    objects
        .kustomization("app", json!({"path": "./app", "wait": true}))
        .await;
    objects.until_applied("app", &first).await;
    repo.force_reset(&second);
    objects.poke("GitRepository", "src").await;
    objects.until_applied("app", &second).await;
    objects.until_gone("ConfigMap", "extra").await;
    ask(&objects).await;
    let recorded = [all(&objects, &APPLIED).await, all(&objects, &OWNERS).await].concat();
    recording::write(&stack, &recorded);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_originals_left_is_taken_over_as_it_is() {
    let (mut stack, objects) = system(None).await;
    let (repo, [_, second]) = commits(&stack);
    recording::restore_volume(&stack);
    let recorded = recording::objects(&stack);
    for object in &recorded {
        recording::restore(&stack.client, object).await;
    }
    // Before anything is concluded from it: the cluster is as they left it.
    let applied = all(&objects, &APPLIED).await;
    let owners = all(&objects, &OWNERS).await;
    for (before, now) in recorded.iter().zip(applied.iter().chain(&owners)) {
        let name = &before["metadata"]["name"];
        assert_eq!(
            recording::managers(before),
            recording::managers(now),
            "{name}"
        );
        if before["kind"] == "GitRepository" || before["kind"] == "Kustomization" {
            assert_eq!(before["status"], now["status"]);
        }
    }
    let volume = recording::files(&stack.storage());
    let rollout = deployment(&objects).await;
    let since = Timestamp::now();
    stack.git.forget_requests();
    for controller in BOTH {
        stack.start_controller(controller);
    }
    ask(&objects).await;

    nothing_was_touched(&stack, &objects, &applied, since).await;
    assert_eq!(deployment(&objects).await, rollout);
    let now = all(&objects, &OWNERS).await;
    assert_eq!(
        now[0]["status"]["artifact"],
        owners[0]["status"]["artifact"]
    );
    assert_eq!(
        now[1]["status"]["inventory"],
        owners[1]["status"]["inventory"]
    );
    same_history(&owners[1], &now[1]);
    assert_eq!(recording::files(&stack.storage()), volume);
    // It was asked for the commit, and had no other.
    let packs = stack.git.requests();
    let packs = packs.iter().filter(|request| request.method == "POST");
    assert!(packs.count() <= 1);

    // What we leave behind has the same form: managers, fields, files, names.
    let extra = settings("3").replace("settings", "extra");
    let edits = [
        ("app/settings.yaml", Some(settings("3"))),
        ("app/extra.yaml", Some(extra)),
    ];
    let third = repo.commit(&edits.each_ref().map(|(p, t)| (*p, t.as_deref())), "third");
    objects.poke("GitRepository", "src").await;
    objects.until_applied("app", &third).await;
    repo.force_reset(&second);
    objects.poke("GitRepository", "src").await;
    objects.until_applied("app", &second).await;
    objects.until_gone("ConfigMap", "extra").await;
    let left = [all(&objects, &APPLIED).await, all(&objects, &OWNERS).await].concat();
    for (before, now) in recorded.iter().zip(&left) {
        let name = &before["metadata"]["name"];
        assert_eq!(
            recording::managers(before),
            recording::managers(now),
            "{name}"
        );
        assert_eq!(form(&before["status"]), form(&now["status"]), "{name}");
        assert_eq!(
            before["metadata"]["finalizers"],
            now["metadata"]["finalizers"]
        );
        assert_eq!(before["metadata"]["labels"], now["metadata"]["labels"]);
    }
    let artifact = format!("gitrepository/{NAMESPACE}/src/{second}.tar.gz");
    let files = recording::files(&stack.storage());
    assert!(files.contains(&artifact), "{files:?}");
    let named_alike = |file: &String| {
        let name = file.strip_prefix(&format!("gitrepository/{NAMESPACE}/src/"));
        let name = name.and_then(|n| n.trim_end_matches(".lock").strip_suffix(".tar.gz"));
        name.is_some_and(|n| n.len() == 40 && n.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    assert!(files.iter().all(named_alike), "{files:?}");

    let Some(peers) = peers() else {
        println!("skipped: the way back, without the originals in PEERS");
        return;
    };
    for controller in BOTH {
        stack.stop(controller);
    }
    install_other_kinds(&stack).await;
    stack.use_binaries(Some(peers));
    let applied = all(&objects, &APPLIED).await;
    let owners = all(&objects, &OWNERS).await;
    let since = Timestamp::now();
    for controller in BOTH {
        stack.start_controller(controller);
    }
    ask(&objects).await;
    nothing_was_touched(&stack, &objects, &applied, since).await;
    let now = all(&objects, &OWNERS).await;
    assert_eq!(
        now[0]["status"]["artifact"],
        owners[0]["status"]["artifact"]
    );
    assert_eq!(
        now[1]["status"]["inventory"],
        owners[1]["status"]["inventory"]
    );
    same_history(&owners[1], &now[1]);
}

/// What a rollout would change.
async fn deployment(objects: &Objects) -> (Value, usize) {
    let web = objects.get("Deployment", "web").await.unwrap();
    let sets = objects.list("ReplicaSet").await.len();
    (web["metadata"]["generation"].clone(), sets)
}

/// No applied object was written, and none was made or deleted, by either controller.
async fn nothing_was_touched(
    stack: &Stack,
    objects: &Objects,
    applied: &[Value],
    since: Timestamp,
) {
    let log = stack.plane.audit_events();
    let writes: Vec<_> = log
        .iter()
        .filter(|event| event.is_write() && event.request_received_timestamp >= since)
        .filter(|event| is_ours(event) && !["events", "leases"].contains(&event.resource()))
        .filter(|event| !["kustomizations", "gitrepositories"].contains(&event.resource()))
        .map(|event| (&event.verb, &event.request_uri))
        .collect();
    assert!(writes.is_empty(), "{writes:?}");
    for (before, now) in applied.iter().zip(all(objects, &APPLIED).await) {
        assert_eq!(before["metadata"]["uid"], now["metadata"]["uid"]);
    }
}

fn is_ours(event: &AuditEvent) -> bool {
    BOTH.iter().any(|c| event.user_agent.starts_with(c.name()))
}

/// Of the same manifests there is one entry as before, which has been counted on.
fn same_history(before: &Value, now: &Value) {
    let entries = |object: &Value| object["status"]["history"].as_array().unwrap().clone();
    let (before, now) = (entries(before), entries(now));
    let fixed = |entry: &Value| {
        let fixed = [
            "digest",
            "firstReconciled",
            "lastReconciledStatus",
            "metadata",
        ];
        fixed.map(|key| entry[key].clone())
    };
    assert_eq!(
        before.iter().map(fixed).collect::<Vec<_>>(),
        now.iter().map(fixed).collect::<Vec<_>>()
    );
    let total = |entries: &[Value]| entries[0]["totalReconciliations"].as_i64();
    assert!(total(&now) > total(&before));
}

/// The names in a value, without what they hold: lists by the form of their first item.
fn form(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.clone(), form(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(items) => items.first().map_or(json!([]), |item| json!([form(item)])),
        Value::String(_) => json!("text"),
        Value::Number(_) => json!(0),
        other => other.clone(),
    }
}
