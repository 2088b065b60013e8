//! The Kustomizations of the bench: one source, impersonation, variables, `wait: true`.

use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use serde_json::{Value, json};
use windlass_e2e::{Objects, Stack, Watch, is_condition};

/// The four objects of a Kustomization.
const MANIFESTS: &str = "apiVersion: v1
kind: ServiceAccount
metadata: {name: \"${name}\"}
---
apiVersion: v1
kind: Service
metadata: {name: \"${name}\"}
spec: {selector: {app: \"${name}\"}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: \"${name}\", annotations: {version: \"${version}\"}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: \"${name}\"}}
  template:
    metadata: {labels: {app: \"${name}\"}, annotations: {version: \"${version}\"}}
    spec: {containers: [{name: app, image: \"example.invalid/app:1\"}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: \"${name}\", annotations: {version: \"${version}\"}}
spec:
  rules:
  - host: \"${name}.example.invalid\"
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: \"${name}\", port: {name: http}}}}]}
";

/// What is installed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Variant {
    pub(crate) count: usize,
    /// `spec.wait`
    pub(crate) wait: bool,
    /// Of each Deployment; their Pods become ready on a Node that is played.
    pub(crate) replicas: u32,
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            count,
            wait,
            replicas,
        } = self;
        write!(
            f,
            "{count} Kustomizations of 4 objects, wait: {wait}, {replicas} replicas"
        )
    }
}

impl Variant {
    /// The manifests of one Kustomization, as a loader without a controller would send them.
    pub(crate) fn manifests(&self, index: usize) -> String {
        MANIFESTS
            .replace("${name}", &format!("app-{index}"))
            .replace("${version}", "v1")
            .replace("${replicas}", &self.replicas.to_string())
    }
}

pub(crate) struct Load {
    objects: Objects,
    pub(crate) variant: Variant,
    interval: &'static str,
}

impl Load {
    /// Makes the source and the account, and waits for the artifact.
    pub(crate) async fn new(stack: &Stack, objects: &Objects, variant: Variant) -> Self {
        let repo = stack.git.repo("bench");
        repo.commit(&[("app/app.yaml", Some(MANIFESTS))], "app");
        objects.git_repository("src", repo.url(), json!({})).await;
        objects
            .until_condition("GitRepository", "src", "Ready", "True")
            .await;
        objects
            .apply_text(&format!(
                "apiVersion: v1
kind: ServiceAccount
metadata: {{name: deployer, namespace: {0}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: deployer, namespace: {0}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}}
subjects: [{{kind: ServiceAccount, name: deployer, namespace: {0}}}]
",
                objects.namespace()
            ))
            .await;
        Self {
            objects: objects.clone(),
            variant,
            interval: "1h",
        }
    }

    /// With another interval.
    pub(crate) fn every(self, interval: &'static str) -> Self {
        Self { interval, ..self }
    }

    /// Creates or changes all Kustomizations; answers when the first was sent.
    pub(crate) async fn write(&self, version: u32) -> Instant {
        let Variant {
            count,
            wait,
            replicas,
        } = self.variant;
        let started = Instant::now();
        stream::iter(0..count)
            .for_each_concurrent(20, |i| async move {
                let name = format!("app-{i}");
                let variables = json!({
                    "name": name, "version": format!("v{version}"), "replicas": replicas.to_string(),
                });
                let spec = json!({
                    "path": "./app", "wait": wait, "serviceAccountName": "deployer",
                    "interval": self.interval,
                    "postBuild": {"substitute": variables},
                });
                self.objects.kustomization(&name, spec).await;
            })
            .await;
        started
    }
}

/// Waits until all Kustomizations are Ready in their current generation; answers when.
pub(crate) async fn all_ready(watch: &mut Watch, count: usize) -> Instant {
    let ready = |object: &Value| {
        is_condition(object, "Ready", "True")
            && object["status"]["observedGeneration"] == object["metadata"]["generation"]
    };
    watch
        .until_all("all are Ready", Duration::from_mins(10), count, ready)
        .await
}

/// Requests of the kustomize-controller so far, by verb and resource, watches aside.
pub(crate) fn requests(stack: &Stack) -> BTreeMap<String, usize> {
    let mut requests = BTreeMap::new();
    for event in stack.plane.audit_events() {
        let ours = event.user_agent.starts_with("kustomize-controller");
        if !ours || event.stage != "ResponseComplete" || event.verb == "watch" {
            continue;
        }
        let path = event.request_uri.split('?').next().unwrap_or_default();
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let resource = parts
            .iter()
            .position(|part| *part == "namespaces")
            .and_then(|at| parts.get(at + 2))
            .or_else(|| parts.last())
            .copied()
            .unwrap_or_default();
        let dry = if event.request_uri.contains("dryRun") {
            " (dry run)"
        } else {
            ""
        };
        let sub = if path.ends_with("/status") {
            "/status"
        } else {
            ""
        };
        *requests
            .entry(format!("{} {resource}{sub}{dry}", event.verb))
            .or_insert(0) += 1;
    }
    requests
}
