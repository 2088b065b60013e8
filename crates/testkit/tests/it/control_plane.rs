use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, DeleteParams};
use serde_json::Value;
use windlass_testkit::{ControlPlane, Options, wait_until};

const SHARED: Options = Options {
    nodes: true,
    audit: true,
};
const DEADLINE: Duration = Duration::from_secs(90);

#[tokio::test]
async fn deployments_roll_out_or_fail_and_jobs_end() {
    let cluster = ControlPlane::shared(SHARED).await;
    let namespace = cluster.namespace("rollout").await;
    let dir = tempfile::tempdir().unwrap();
    let manifests = dir.path().join("manifests.yaml");
    fs::write(&manifests, WORKLOADS).unwrap();
    let path = manifests.to_str().unwrap();
    cluster
        .kubectl(&["apply", "--server-side", "-n", &namespace, "-f", path])
        .await;
    for (object, condition) in [
        ("deployment/good", "Available"),
        ("job/good", "Complete"),
        ("job/crashing", "Failed"),
        ("deployment/failing", "Progressing=False"),
    ] {
        let wait = format!("--for=condition={condition}");
        cluster
            .kubectl(&["wait", "-n", &namespace, "--timeout=90s", &wait, object])
            .await;
    }
    let output = cluster
        .kubectl(&["get", "-n", &namespace, "-o", "json", "deployments"])
        .await;
    let list: Value = serde_json::from_str(&output).unwrap();
    let ready: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            (
                item["metadata"]["name"].as_str().unwrap(),
                &item["status"]["readyReplicas"],
            )
        })
        .collect();
    assert_eq!(
        ready,
        [("failing", &Value::Null), ("good", &Value::from(3))]
    );
}

#[tokio::test]
async fn a_deleted_namespace_is_finalised() {
    let cluster = ControlPlane::shared(SHARED).await;
    let name = cluster.namespace("doomed").await;
    cluster
        .kubectl(&["create", "configmap", "content", "-n", &name])
        .await;
    let namespaces: Api<Namespace> = Api::all(cluster.client().await);
    namespaces
        .delete(&name, &DeleteParams::default())
        .await
        .unwrap();
    wait_until("the namespace to be gone", DEADLINE, async || {
        namespaces.get_opt(&name).await.unwrap().is_none()
    })
    .await;
}

#[tokio::test]
async fn custom_resources_are_served_and_requests_audited() {
    let cluster = ControlPlane::shared(SHARED).await;
    let namespace = cluster.namespace("custom").await;
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("widgets.yaml"), WIDGETS).unwrap();
    cluster.apply_crds(dir.path()).await;
    cluster.kubectl(&["get", "-n", &namespace, "widgets"]).await;
    let wanted = format!("/apis/test.windlass/v1/namespaces/{namespace}/widgets");
    let seen = cluster
        .audit_events()
        .into_iter()
        .filter(|event| event.request_uri.starts_with(&wanted))
        .filter(|event| event.user_agent.starts_with("kubectl/"))
        .count();
    assert_eq!(seen, 1);
    let error = cluster.try_kubectl(&["get", "gadgets"]).await.unwrap_err();
    assert!(error.contains("gadgets"), "{error}");
}

#[tokio::test]
async fn the_api_server_keeps_address_and_data_over_a_restart() {
    let cluster = ControlPlane::start(Options::default()).await;
    let name = cluster.namespace("kept").await;
    let namespaces: Api<Namespace> = Api::all(cluster.client().await);
    let before = cluster.pids();
    cluster.restart_api_server().await;
    assert_ne!(cluster.pids(), before);
    assert!(namespaces.get_opt(&name).await.unwrap().is_some());
    cluster.stop_program("kube-apiserver").await;
    assert!(namespaces.get_opt(&name).await.is_err());
    cluster.start_program("kube-apiserver").await;
    assert!(namespaces.get_opt(&name).await.unwrap().is_some());

    let (dir, pids) = (cluster.dir().to_owned(), cluster.pids());
    drop(cluster);
    assert_eq!(pids.len(), 4);
    assert!(
        !pids.iter().any(|pid| runs(*pid)),
        "of {pids:?} some still run"
    );
    assert!(!dir.exists());
}

#[tokio::test]
async fn a_killed_supervisor_leaves_no_process_behind() {
    let cluster = ControlPlane::start(Options::default()).await;
    let pids = cluster.pids();
    assert!(pids.iter().all(|pid| runs(*pid)));
    let killed = Command::new("kill")
        .args(["-KILL", &pids[0].to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    wait_until("all programs to end", DEADLINE, async || {
        !pids.iter().any(|pid| runs(*pid))
    })
    .await;
    fs::remove_dir_all(cluster.dir()).unwrap();
}

/// Whether a process exists and is not just waiting to be collected by its parent.
fn runs(pid: u32) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"));
    stat.is_ok_and(|stat| {
        stat.rsplit(") ")
            .next()
            .is_some_and(|rest| !rest.starts_with(['Z', 'X']))
    })
}

const WORKLOADS: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: good}
spec:
  replicas: 3
  selector: {matchLabels: {app: good}}
  template:
    metadata: {labels: {app: good}}
    spec: {containers: [{name: main, image: none}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: failing}
spec:
  progressDeadlineSeconds: 2
  selector: {matchLabels: {app: failing}}
  template:
    metadata:
      labels: {app: failing}
      annotations: {windlass.test/fail: "true"}
    spec: {containers: [{name: main, image: none}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: good}
spec:
  template:
    spec: {restartPolicy: Never, containers: [{name: main, image: none}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: crashing}
spec:
  backoffLimit: 0
  template:
    metadata: {annotations: {windlass.test/crash: "true"}}
    spec: {restartPolicy: Never, containers: [{name: main, image: none}]}
"#;

const WIDGETS: &str = r"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.test.windlass}
spec:
  group: test.windlass
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object}}
";
