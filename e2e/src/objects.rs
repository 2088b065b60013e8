//! The objects of one namespace, as a user handles them: by manifests and by kind and name.

use std::{fmt, time::Duration};

use kube::{
    Api, Client,
    api::{ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams},
    core::GroupVersionKind,
};
use serde_json::{Value, json};

use crate::watch::Watch;

/// How long anything may take until the harness gives up.
const DEADLINE: Duration = Duration::from_mins(2);

/// Between two looks.
const POLL: Duration = Duration::from_millis(25);

/// A namespace and a client.
#[derive(Clone)]
pub struct Objects {
    client: Client,
    namespace: String,
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Objects")
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

impl Objects {
    /// The objects of `namespace`.
    pub fn new(client: &Client, namespace: &str) -> Self {
        Self {
            client: client.clone(),
            namespace: namespace.to_owned(),
        }
    }

    /// The name of the namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    fn api(&self, api_version: &str, kind: &str) -> Api<DynamicObject> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
        let cluster_wide = [
            "Namespace",
            "Node",
            "CustomResourceDefinition",
            "ClusterRole",
            "ClusterRoleBinding",
            "PriorityClass",
            "ValidatingWebhookConfiguration",
        ];
        if cluster_wide.contains(&kind) {
            Api::all_with(self.client.clone(), &resource)
        } else {
            Api::namespaced_with(self.client.clone(), &self.namespace, &resource)
        }
    }

    fn of(&self, kind: &str) -> Api<DynamicObject> {
        let api_version = match kind {
            "GitRepository" => "source.toolkit.fluxcd.io/v1",
            "Kustomization" => "kustomize.toolkit.fluxcd.io/v1",
            "Deployment" | "StatefulSet" | "ReplicaSet" => "apps/v1",
            "Job" => "batch/v1",
            "Lease" => "coordination.k8s.io/v1",
            "Ingress" => "networking.k8s.io/v1",
            "PriorityClass" => "scheduling.k8s.io/v1",
            "ValidatingWebhookConfiguration" => "admissionregistration.k8s.io/v1",
            "Role" | "RoleBinding" | "ClusterRole" | "ClusterRoleBinding" => {
                "rbac.authorization.k8s.io/v1"
            }
            _ => "v1",
        };
        self.api(api_version, kind)
    }

    /// Follows all objects of a kind.
    pub fn watch(&self, kind: &str) -> Watch {
        Watch::start(self.of(kind))
    }

    /// Applies manifests, as `kubectl apply --server-side` does.
    pub async fn apply_text(&self, manifests: &str) {
        for object in windlass_yaml::documents(manifests).expect("manifests are YAML") {
            self.apply(object).await;
        }
    }

    /// Applies manifests into this namespace, or only has them checked.
    pub async fn send_text(&self, manifests: &str, dry_run: bool) {
        for object in windlass_yaml::documents(manifests).expect("manifests are YAML") {
            self.send(object, dry_run).await;
        }
    }

    /// Every object of a kind.
    pub async fn list(&self, kind: &str) -> Vec<Value> {
        let list = self.of(kind).list(&ListParams::default()).await;
        let list = list.unwrap_or_else(|error| panic!("listing {kind}: {error}"));
        let items = list.items.into_iter();
        items
            .map(|object| serde_json::to_value(object).expect("an object is JSON"))
            .collect()
    }

    /// Applies one object.
    pub async fn apply(&self, object: Value) {
        self.send(object, false).await;
    }

    async fn send(&self, object: Value, dry_run: bool) {
        let (kind, name) = (object["kind"].clone(), object["metadata"]["name"].clone());
        self.try_send(object, dry_run)
            .await
            .unwrap_or_else(|error| panic!("applying {kind}/{name}: {error}"));
    }

    async fn try_send(&self, object: Value, dry_run: bool) -> kube::Result<()> {
        let text = |value: &Value| value.as_str().expect("an object is complete").to_owned();
        let (api_version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
        let name = text(&object["metadata"]["name"]);
        let parameters = PatchParams {
            dry_run,
            ..PatchParams::apply("e2e").force()
        };
        self.api(&api_version, &kind)
            .patch(&name, &parameters, &Patch::Apply(&object))
            .await
            .map(drop)
    }

    /// Makes a `GitRepository` of the branch `main`.
    pub async fn git_repository(&self, name: &str, url: &str, spec: Value) {
        let mut full = json!({"interval": "1h", "url": url, "ref": {"branch": "main"}});
        merge(&mut full, spec);
        self.apply(json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
            "metadata": {"name": name, "namespace": self.namespace}, "spec": full,
        }))
        .await;
    }

    /// Makes a `Kustomization` of the source `src`, pruning, into this namespace.
    pub async fn kustomization(&self, name: &str, spec: Value) {
        let mut full = json!({
            "interval": "1h", "retryInterval": "2s", "timeout": "60s", "prune": true, "path": "./",
            "targetNamespace": self.namespace,
            "sourceRef": {"kind": "GitRepository", "name": "src"},
        });
        merge(&mut full, spec);
        self.apply(json!({
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
            "metadata": {"name": name, "namespace": self.namespace}, "spec": full,
        }))
        .await;
    }

    /// Reads an object.
    pub async fn get(&self, kind: &str, name: &str) -> Option<Value> {
        self.of(kind)
            .get_opt(name)
            .await
            .unwrap_or_else(|error| panic!("reading {kind}/{name}: {error}"))
            .map(|object| serde_json::to_value(object).expect("an object is JSON"))
    }

    /// Patches an object, as `kubectl patch --type=merge` does.
    pub async fn patch(&self, kind: &str, name: &str, patch: Value) {
        let found = self.try_patch(kind, name, patch).await;
        assert!(found, "patching {kind}/{name}: it is not there");
    }

    /// Patches an object; answers false when it is not there.
    pub async fn try_patch(&self, kind: &str, name: &str, patch: Value) -> bool {
        let parameters = PatchParams {
            field_manager: Some("e2e-edit".into()),
            ..Default::default()
        };
        let api = self.of(kind);
        match api.patch(name, &parameters, &Patch::Merge(&patch)).await {
            Ok(_) => true,
            Err(kube::Error::Api(status)) if status.code == 404 => false,
            Err(error) => panic!("patching {kind}/{name}: {error}"),
        }
    }

    /// Patches the status of an object, as its controller does.
    pub async fn patch_status(&self, kind: &str, name: &str, status: Value) {
        let patch = Patch::Merge(json!({"status": status}));
        self.of(kind)
            .patch_status(name, &PatchParams::default(), &patch)
            .await
            .unwrap_or_else(|error| panic!("status of {kind}/{name}: {error}"));
    }

    /// Applies one object and answers what the API server has against it, if it refuses it.
    pub async fn try_apply(&self, object: Value) -> Result<(), String> {
        self.try_send(object, false)
            .await
            .map_err(|error| error.to_string())
    }

    /// Deletes an object; nothing happens when it is gone.
    pub async fn delete(&self, kind: &str, name: &str) {
        match self.of(kind).delete(name, &DeleteParams::default()).await {
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            other => drop(other.unwrap_or_else(|error| panic!("deleting {kind}/{name}: {error}"))),
        }
    }

    /// Requests a reconcile, as `flux reconcile` does.
    pub async fn poke(&self, kind: &str, name: &str) {
        let now = jiff::Timestamp::now().to_string();
        let annotations = json!({"reconcile.fluxcd.io/requestedAt": now});
        self.patch(
            kind,
            name,
            json!({"metadata": {"annotations": annotations}}),
        )
        .await;
    }

    /// Waits until the object satisfies a predicate, and answers it.
    pub async fn until(
        &self,
        kind: &str,
        name: &str,
        what: &str,
        is: impl Fn(&Value) -> bool,
    ) -> Value {
        let mut last = Value::Null;
        let label = format!("{kind}/{name} in {}: {what}", self.namespace);
        let came = tokio::time::timeout(DEADLINE, async {
            loop {
                last = self.get(kind, name).await.unwrap_or_default();
                if is(&last) {
                    break;
                }
                tokio::time::sleep(POLL).await;
            }
        })
        .await;
        assert!(
            came.is_ok(),
            "waited {DEADLINE:?} for {label}; at last: {}",
            last["status"]
        );
        last
    }

    /// Waits until a condition of the current generation has this status.
    pub async fn until_condition(
        &self,
        kind: &str,
        name: &str,
        type_: &str,
        status: &str,
    ) -> Value {
        self.until(kind, name, &format!("{type_}={status}"), |o| {
            is_condition(o, type_, status)
        })
        .await
    }

    /// Waits until Ready is false for a reason that the message says with these words; other
    /// reasons may come before it, as while watches catch up. Answers the object.
    pub async fn until_refused(&self, kind: &str, name: &str, words: &str) -> Value {
        self.until(kind, name, &format!("refused, saying {words:?}"), |o| {
            is_condition(o, "Ready", "False")
                && condition(o, "Ready")
                    .and_then(|c| c["message"].as_str())
                    .is_some_and(|message| message.contains(words))
        })
        .await
    }

    /// Waits until the `Kustomization` has applied the commit and is ready.
    pub async fn until_applied(&self, name: &str, commit: &str) -> Value {
        self.until(
            "Kustomization",
            name,
            &format!("applied {commit}"),
            |object| {
                let applied = object["status"]["lastAppliedRevision"]
                    .as_str()
                    .unwrap_or_default();
                applied.ends_with(commit) && is_condition(object, "Ready", "True")
            },
        )
        .await
    }

    /// Waits until the object is gone.
    pub async fn until_gone(&self, kind: &str, name: &str) {
        self.until(kind, name, "gone", Value::is_null).await;
    }
}

/// A condition of an object.
pub fn condition<'a>(object: &'a Value, type_: &str) -> Option<&'a Value> {
    object["status"]["conditions"]
        .as_array()?
        .iter()
        .find(|c| c["type"] == type_)
}

/// Whether a condition of the current generation has this status.
pub fn is_condition(object: &Value, type_: &str, status: &str) -> bool {
    condition(object, type_).is_some_and(|condition| {
        let generation = &object["metadata"]["generation"];
        condition["status"] == status
            && (condition["observedGeneration"].is_null()
                || condition["observedGeneration"] == *generation)
    })
}

/// A merge of objects in which null removes.
fn merge(into: &mut Value, from: Value) {
    let (Some(map), Value::Object(from)) = (into.as_object_mut(), from) else {
        return;
    };
    for (key, value) in from {
        match (map.get_mut(&key), value) {
            (_, Value::Null) => drop(map.remove(&key)),
            (Some(old @ Value::Object(_)), value @ Value::Object(_)) => merge(old, value),
            (_, value) => drop(map.insert(key, value)),
        }
    }
}
