use std::sync::Arc;
use std::time::Duration;

use kube::api::{Api, DeleteParams, DynamicObject, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::discovery::Scope;
use kube::{Client, Config};
use parking_lot::Mutex;
use serde_json::{Value, json};
use windlass_health::{
    Change, Expected, HealthExprs, ObjectId, Reader, Status, Takeover, Tracker, Verdict,
};
use windlass_runtime::mapper::RestMapper;
use windlass_runtime::{CancellationToken, ObjectKey};
use windlass_testkit::{ControlPlane, Options, wait_until};

pub(crate) const DEADLINE: Duration = Duration::from_secs(90);

/// A tracker, its owner in a namespace of its own, and what the owner was told.
pub(crate) struct Rig {
    pub(crate) plane: &'static ControlPlane,
    pub(crate) client: Client,
    pub(crate) namespace: String,
    pub(crate) owner: ObjectKey,
    pub(crate) tracker: Tracker,
    pub(crate) mapper: RestMapper,
    told: Arc<Mutex<Vec<Change>>>,
    shutdown: CancellationToken,
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

pub(crate) async fn plane() -> &'static ControlPlane {
    let options = Options {
        nodes: true,
        audit: false,
    };
    ControlPlane::shared(options).await
}

pub(crate) async fn client_as(plane: &ControlPlane, user: &str) -> Client {
    let kubeconfig = Kubeconfig::from_yaml(plane.kubeconfig_yaml()).unwrap();
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .unwrap();
    config.auth_info.impersonate = Some(user.to_owned());
    Client::try_from(config).unwrap()
}

impl Rig {
    pub(crate) async fn start(plane: &'static ControlPlane) -> Self {
        let client = plane.client().await;
        Self::watching_as(plane, client).await
    }

    /// A rig whose tracker has the identity of `watcher`.
    pub(crate) async fn watching_as(plane: &'static ControlPlane, watcher: Client) -> Self {
        let client = plane.client().await;
        let namespace = plane.namespace("health").await;
        let owner = ObjectKey::new(namespace.as_str(), "app");
        let told = Arc::new(Mutex::new(Vec::new()));
        let shutdown = CancellationToken::new();
        let mapper = RestMapper::new(client.clone());
        let tracker = {
            let (told, owner) = (Arc::clone(&told), owner.clone());
            let on_change = move |to, change| {
                assert_eq!(to, owner);
                told.lock().push(change);
            };
            Tracker::new(
                watcher,
                mapper.clone(),
                Takeover::default(),
                on_change,
                &shutdown,
            )
        };
        Self {
            plane,
            client,
            namespace,
            owner,
            tracker,
            mapper,
            told,
            shutdown,
        }
    }

    pub(crate) async fn api(&self, id: &ObjectId) -> Api<DynamicObject> {
        let found = self.mapper.resolve(&id.group, &id.version, &id.kind).await;
        let (resource, scope) = found.unwrap();
        assert_eq!(scope, Scope::Namespaced);
        Api::namespaced_with(self.client.clone(), &id.namespace, &resource)
    }

    /// Applies as the owner's controller does, and says so to the tracker.
    pub(crate) async fn apply(&self, mut object: Value) -> ObjectId {
        object["metadata"]["namespace"] = json!(self.namespace);
        object["metadata"]["labels"]["kustomize.toolkit.fluxcd.io/name"] = json!("app");
        let answer = self.put(&object, "kustomize-controller").await;
        self.tracker.observe(&answer);
        ObjectId::from_object(&object)
    }

    /// Applies `object` as `manager`, without a word to the tracker.
    pub(crate) async fn put(&self, object: &Value, manager: &str) -> Value {
        let id = ObjectId::from_object(object);
        let params = PatchParams::apply(manager).force();
        let api = self.api(&id).await;
        let answer = api.patch(&id.name, &params, &Patch::Apply(object)).await;
        serde_json::to_value(answer.unwrap()).unwrap()
    }

    /// A merge patch by somebody else.
    pub(crate) async fn meddle(&self, id: &ObjectId, manager: &str, change: Value) {
        let params = PatchParams {
            field_manager: Some(manager.to_owned()),
            ..PatchParams::default()
        };
        let api = self.api(id).await;
        api.patch(&id.name, &params, &Patch::Merge(change))
            .await
            .unwrap();
    }

    pub(crate) async fn delete(&self, id: &ObjectId) {
        let api = self.api(id).await;
        api.delete(&id.name, &DeleteParams::default())
            .await
            .unwrap();
    }

    pub(crate) fn reader(&self) -> Reader {
        Reader {
            client: self.client.clone(),
            account: "".into(),
        }
    }

    pub(crate) fn expect(&self, ids: &[&ObjectId]) -> Verdict {
        self.expect_with(ids, HealthExprs::default(), self.reader())
    }

    pub(crate) fn expect_with(
        &self,
        ids: &[&ObjectId],
        exprs: HealthExprs,
        reader: Reader,
    ) -> Verdict {
        let expected = ids.iter().map(|id| Expected {
            id: (*id).clone(),
            gone_is_done: false,
            applied: reader.account.is_empty(),
        });
        self.tracker
            .expect(&self.owner, expected.collect(), Arc::new(exprs), reader)
    }

    /// Waits until the verdict is `wanted`, and that the owner was told of it.
    pub(crate) async fn until_told(&self, wanted: Verdict) {
        let what = format!("the verdict {wanted:?}");
        wait_until(&what, DEADLINE, async || {
            self.tracker.verdict(&self.owner) == Some(wanted)
                && self.told.lock().contains(&Change::Health)
        })
        .await;
    }

    pub(crate) fn status(&self, index: usize) -> (Status, String) {
        let (_, assessment) = self.tracker.health(&self.owner).swap_remove(index);
        (assessment.status, assessment.message)
    }

    pub(crate) async fn until_status(&self, index: usize, wanted: Status) -> String {
        let what = format!("the status {wanted}");
        wait_until(&what, DEADLINE, async || self.status(index).0 == wanted).await;
        self.status(index).1
    }

    /// Waits for the next drift.
    pub(crate) async fn until_drift(&self) -> ObjectId {
        let next = || {
            let mut told = self.told.lock();
            let at = told
                .iter()
                .position(|change| matches!(change, Change::Drift(_)))?;
            match told.remove(at) {
                Change::Drift(id) => Some(id),
                Change::Health | Change::Shared => None,
            }
        };
        let mut found = None;
        wait_until("a drift", DEADLINE, async || {
            found = next();
            found.is_some()
        })
        .await;
        found.unwrap()
    }

    pub(crate) fn drifts(&self) -> usize {
        let told = self.told.lock();
        told.iter()
            .filter(|change| matches!(change, Change::Drift(_)))
            .count()
    }

    pub(crate) async fn until_synced(&self, id: &ObjectId) {
        wait_until("the list of the kind", DEADLINE, async || {
            self.tracker.synced(id)
        })
        .await;
    }
}

#[expect(clippy::needless_pass_by_value, reason = "called with JSON literals")]
pub(crate) fn config_map(name: &str, data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})
}

pub(crate) fn workload(kind: &str, name: &str, replicas: i64) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": "example.invalid/app:1"}]},
            },
        },
    })
}
