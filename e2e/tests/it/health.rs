//! Health where it takes time: rollouts, failures, Jobs and custom resources on a Node that runs
//! Pods.

use serde_json::{Value, json};
use windlass_e2e::{Objects, Stack, StackOptions, condition, is_condition};

#[tokio::test(flavor = "multi_thread")]
async fn readiness_follows_what_was_applied() {
    let stack = Stack::start(StackOptions {
        nodes: true,
        ..StackOptions::default()
    })
    .await;
    let objects = stack.namespace("health").await;
    let repo = stack.git.repo("health");
    let commit = repo.commit(
        &[
            ("rollout/web.yaml", Some(&deployment("web", 2, "{}"))),
            (
                "failing/bad.yaml",
                Some(&deployment("bad", 1, "{windlass.test/fail: \"true\"}")),
            ),
            ("job/job.yaml", Some(JOB)),
            ("crd/crd.yaml", Some(CRD)),
            ("custom/widget.yaml", Some(WIDGET)),
        ],
        "all",
    );
    objects.git_repository("src", repo.url(), json!({})).await;
    for path in ["rollout", "job"] {
        objects
            .kustomization(path, json!({"path": path, "wait": true}))
            .await;
    }
    objects
        .kustomization("failing", json!({"path": "failing", "wait": true}))
        .await;
    objects
        .kustomization(
            "crd",
            json!({"path": "crd", "targetNamespace": null, "wait": true}),
        )
        .await;
    let exprs = json!([{
        "apiVersion": "health.example.com/v1", "kind": "Widget",
        "current": "has(status.phase) && status.phase == 'Ready'",
        "failed": "has(status.phase) && status.phase == 'Broken'",
    }]);
    let custom = json!({
        "path": "custom", "wait": true, "dependsOn": [{"name": "crd"}], "healthCheckExprs": exprs,
    });
    objects.kustomization("custom", custom).await;

    objects.until_applied("rollout", &commit).await;
    let web = objects.get("Deployment", "web").await.unwrap();
    assert_eq!(web["status"]["readyReplicas"], 2);

    objects.until_applied("job", &commit).await;
    let job = objects.get("Job", "once").await.unwrap();
    assert!(condition(&job, "Complete").is_some_and(|c| c["status"] == "True"));

    fails_by_deadline(&objects).await;

    // The custom resource is on its way until somebody writes its status.
    objects
        .until("Kustomization", "custom", "waits for health", |o| {
            is_condition(o, "Ready", "Unknown") && o["status"]["inventory"].is_object()
        })
        .await;
    stack
        .plane
        .kubectl(&[
            "patch",
            "widget",
            "w",
            "-n",
            objects.namespace(),
            "--subresource=status",
            "--type=merge",
            "-p",
            r#"{"status":{"phase":"Ready"}}"#,
        ])
        .await;
    objects.until_applied("custom", &commit).await;
}

/// A rollout whose progress deadline passes fails at once, not at the timeout.
async fn fails_by_deadline(objects: &Objects) {
    let failed = objects
        .until_condition("Kustomization", "failing", "Ready", "False")
        .await;
    let ready = condition(&failed, "Ready").unwrap();
    assert_eq!(ready["reason"], "HealthCheckFailed");
    let message = ready["message"].as_str().unwrap();
    let wanted = format!("[Deployment/{}/bad status: 'Failed']", objects.namespace());
    assert!(
        message.contains("failed early due to stalled resources"),
        "{message}"
    );
    assert!(message.contains(&wanted), "{message}");
    assert_eq!(failed["status"]["lastAppliedRevision"], Value::Null);
}

fn deployment(name: &str, replicas: u32, annotations: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: {replicas}
  progressDeadlineSeconds: 3
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}, annotations: {annotations}}}
    spec: {{containers: [{{name: c, image: \"example.invalid/web:1\"}}]}}
"
    )
}

const JOB: &str = "apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: c, image: \"example.invalid/job:1\"}]
";

const CRD: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.health.example.com}
spec:
  group: health.example.com
  names: {kind: Widget, plural: widgets, singular: widget, listKind: WidgetList}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema:
      openAPIV3Schema:
        type: object
        x-kubernetes-preserve-unknown-fields: true
";

const WIDGET: &str = "apiVersion: health.example.com/v1
kind: Widget
metadata: {name: w}
spec: {size: 1}
";
