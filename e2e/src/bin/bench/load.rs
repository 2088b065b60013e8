//! The Kustomizations of the bench: one source, impersonation, variables, `wait: true`.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use serde_json::{Value, json};
use windlass_e2e::{Objects, Stack, is_condition};

/// The four objects of a Kustomization.
pub(crate) const MANIFESTS: &str = "apiVersion: v1
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
  replicas: 0
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

pub(crate) struct Load {
    objects: Objects,
    count: usize,
}

impl Load {
    /// Makes the source and the account, and waits for the artifact.
    pub(crate) async fn new(stack: &Stack, objects: &Objects, count: usize) -> Self {
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
            count,
        }
    }

    /// Creates all Kustomizations; answers when the first was sent.
    pub(crate) async fn install(&self) -> Instant {
        self.write(1).await
    }

    /// Changes one variable of each.
    pub(crate) async fn upgrade(&self) -> Instant {
        self.write(2).await
    }

    async fn write(&self, version: u32) -> Instant {
        let started = Instant::now();
        stream::iter(0..self.count)
            .for_each_concurrent(20, |i| async move {
                let name = format!("app-{i}");
                let variables = json!({"name": name, "version": format!("v{version}")});
                let spec = json!({
                    "path": "./app", "wait": true, "serviceAccountName": "deployer",
                    "postBuild": {"substitute": variables},
                });
                self.objects.kustomization(&name, spec).await;
            })
            .await;
        started
    }
}

/// Waits until all Kustomizations are Ready in their current generation; answers the time since
/// `started`. Looks at the list twice a second, which costs the API server little.
pub(crate) async fn all_ready(objects: &Objects, count: usize, started: Instant) -> Duration {
    loop {
        let list = objects.list("Kustomization").await;
        let ready = |object: &&Value| {
            is_condition(object, "Ready", "True")
                && object["status"]["observedGeneration"] == object["metadata"]["generation"]
        };
        if list.iter().filter(ready).count() == count {
            return started.elapsed();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
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
