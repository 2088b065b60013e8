//! What others do while the kustomize-controller is down is undone after its start.

use serde_json::{Value, json};
use windlass_e2e::{Controller, Objects, Stack, StackOptions};
use windlass_testkit::wait_until;

const MANIFESTS: &str = "apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  labels: {team: blue}
  annotations: {note: kept}
data: {a: \"1\", b: \"2\"}
binaryData: {c: AAEC}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 0
  minReadySeconds: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {note: kept}}
    spec:
      terminationGracePeriodSeconds: 5
      containers:
      - name: web
        image: example.invalid/web:1
        args: [--one, --two]
        env: [{name: MODE, value: plain}]
        ports: [{containerPort: 8080}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules: [{apiGroups: [\"\"], resources: [pods], verbs: [get, list]}]
";

/// Every field that is declared above, but for what identifies an object or an item of a list and
/// what cannot be changed.
fn edits() -> Vec<(&'static str, &'static str, Vec<Value>)> {
    let set = |path: &str, value: Value| json!({"op": "replace", "path": path, "value": value});
    let unset = |path: &str| json!({"op": "remove", "path": path});
    let pod = "/spec/template/spec";
    let container = format!("{pod}/containers/0");
    vec![
        (
            "ConfigMap",
            "settings",
            vec![
                set("/metadata/labels/team", json!("red")),
                set("/metadata/annotations/note", json!("changed")),
                set("/data/a", json!("edited")),
                unset("/data/b"),
                set("/binaryData/c", json!("AwQF")),
            ],
        ),
        (
            "Service",
            "web",
            vec![
                set("/spec/selector/app", json!("other")),
                set("/spec/ports/0/name", json!("other")),
                set("/spec/ports/0/targetPort", json!(9090)),
            ],
        ),
        (
            "Deployment",
            "web",
            vec![
                unset("/metadata/labels/app"),
                set("/spec/replicas", json!(2)),
                set("/spec/minReadySeconds", json!(7)),
                set("/spec/template/metadata/annotations/note", json!("changed")),
                set(&format!("{pod}/terminationGracePeriodSeconds"), json!(50)),
                set(
                    &format!("{container}/image"),
                    json!("example.invalid/other:1"),
                ),
                set(&format!("{container}/args"), json!(["--three"])),
                set(&format!("{container}/env/0/value"), json!("fancy")),
                unset(&format!("{container}/ports")),
            ],
        ),
        (
            "Role",
            "reader",
            vec![
                set("/rules/0/verbs", json!(["get", "list", "delete"])),
                set("/rules/0/resources", json!(["pods", "secrets"])),
            ],
        ),
    ]
}

/// What is declared of an object, with what makes it its owner's.
async fn content(objects: &Objects, kind: &str, name: &str) -> Value {
    let object = objects.get(kind, name).await.unwrap_or_default();
    let mut content = json!({
        "labels": object["metadata"]["labels"],
        "annotations": object["metadata"]["annotations"],
    });
    for part in ["data", "binaryData", "spec", "rules"] {
        content[part] = object[part].clone();
    }
    // Of the Deployment's own controller.
    if let Some(annotations) = content["annotations"].as_object_mut() {
        annotations.remove("deployment.kubernetes.io/revision");
        if annotations.is_empty() {
            content["annotations"] = Value::Null;
        }
    }
    content
}

async fn all(objects: &Objects) -> Vec<Value> {
    let mut all = Vec::new();
    for (kind, name, _) in edits() {
        all.push(content(objects, kind, name).await);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_made_while_the_controller_was_down_are_healed() {
    let mut stack = Stack::start(StackOptions::default()).await;
    let objects = stack.namespace("edits").await;
    let repo = stack.git.repo("edits");
    let commit = repo.commit(&[("all.yaml", Some(MANIFESTS))], "first");
    objects.git_repository("src", repo.url(), json!({})).await;
    objects.kustomization("app", json!({})).await;
    objects.until_applied("app", &commit).await;
    let declared = all(&objects).await;
    assert!(declared.iter().all(|content| content["labels"].is_object()));

    // By a manager whose fields are taken over, and by one whose fields are not.
    for manager in ["kubectl-edit", "somebody"] {
        stack.stop(Controller::Kustomize);
        for (kind, name, edits) in edits() {
            patch(
                &stack,
                &objects,
                manager,
                (kind, name),
                &Value::Array(edits),
            )
            .await;
        }
        let edited = all(&objects).await;
        for (before, after) in declared.iter().zip(&edited) {
            assert_ne!(before, after);
        }
        healed(&mut stack, &objects, &declared).await;
    }

    // The owner's labels, and whole objects.
    let label = "/metadata/labels/kustomize.toolkit.fluxcd.io~1";
    let name = format!("{label}name");
    let namespace = format!("{label}namespace");
    stack.stop(Controller::Kustomize);
    let relabels = [
        (
            "ConfigMap",
            "settings",
            json!([{"op": "remove", "path": name}]),
        ),
        (
            "Service",
            "web",
            json!([{"op": "replace", "path": namespace, "value": "elsewhere"}]),
        ),
        (
            "Deployment",
            "web",
            json!([{"op": "remove", "path": name}, {"op": "remove", "path": namespace}]),
        ),
    ];
    for (kind, of, edits) in &relabels {
        patch(&stack, &objects, "somebody", (kind, of), edits).await;
    }
    objects.delete("Role", "reader").await;
    healed(&mut stack, &objects, &declared).await;
}

async fn patch(
    stack: &Stack,
    objects: &Objects,
    manager: &str,
    (kind, name): (&str, &str),
    edits: &Value,
) {
    let (manager, edits) = (format!("--field-manager={manager}"), edits.to_string());
    let namespace = objects.namespace();
    let what = ["patch", kind, name, "-n", namespace, "--type=json", "-p"];
    let arguments = [&what[..], &[&edits, &manager]].concat();
    stack.plane.kubectl(&arguments).await;
}

async fn healed(stack: &mut Stack, objects: &Objects, declared: &[Value]) {
    stack.start_controller(Controller::Kustomize);
    let mut last = Vec::new();
    let deadline = std::time::Duration::from_secs(30);
    let wait = wait_until("the edits are undone", deadline, async || {
        last = all(objects).await;
        last == declared
    });
    if tokio::time::timeout(std::time::Duration::from_secs(29), wait)
        .await
        .is_err()
    {
        assert_eq!(last, declared);
    }
}
