//! One namespace of the shared control plane, an applier for it, and a record of its requests.

use std::sync::Arc;
use std::time::Duration;

use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams};
use kube::client::ClientBuilder;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tower::util::MapRequestLayer;
use windlass_apply::{AppliedMemory, Applier, ApplyOptions, ChangeSet, Error, prepare, stages};
use windlass_health::{ObjectId, Takeover, Tracker};
use windlass_runtime::mapper::RestMapper;
use windlass_runtime::{CancellationToken, ObjectKey};
use windlass_testkit::{ControlPlane, Options, wait_until};

/// How long anything that has to happen may take.
pub(crate) const SOON: Duration = Duration::from_secs(20);

pub(crate) struct World {
    pub(crate) cluster: &'static ControlPlane,
    config: Config,
    /// The administrator; its requests are not recorded.
    pub(crate) admin: Client,
    pub(crate) mapper: RestMapper,
    pub(crate) tracker: Tracker,
    pub(crate) namespace: String,
    requests: Arc<Mutex<Vec<String>>>,
    shutdown: CancellationToken,
}

impl Drop for World {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        let cluster = ControlPlane::shared(Options::default()).await;
        let kubeconfig = Kubeconfig::from_yaml(cluster.kubeconfig_yaml()).unwrap();
        let config =
            Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
        let config = config.unwrap();
        let namespace = cluster.namespace("apply").await;
        let admin = cluster.client().await;
        let mapper = RestMapper::new(admin.clone());
        let shutdown = CancellationToken::new();
        let tracker = Tracker::new(
            admin.clone(),
            mapper.clone(),
            Takeover::default(),
            |_, _| {},
            &shutdown,
        );
        Self {
            cluster,
            config,
            admin,
            mapper,
            tracker,
            namespace,
            requests: Arc::default(),
            shutdown,
        }
    }

    pub(crate) fn owner(&self, name: &str) -> ObjectKey {
        ObjectKey::new(self.namespace.as_str(), name)
    }

    /// An applier for the Kustomization `app` whose requests are recorded.
    pub(crate) fn applier(&self, change: impl FnOnce(&mut ApplyOptions)) -> Applier {
        let mut options = ApplyOptions::new(self.owner("app"));
        change(&mut options);
        let client = self.recorded(self.config.clone());
        Applier::new(client, self.mapper.clone(), self.tracker.clone(), options)
    }

    fn recorded(&self, config: Config) -> Client {
        let requests = self.requests.clone();
        let record = move |request: http::Request<kube::client::Body>| {
            let dry = request
                .uri()
                .query()
                .is_some_and(|query| query.contains("dryRun=All"));
            let name = request.uri().path().rsplit('/').next().unwrap_or_default();
            let dry = if dry { " dry-run" } else { "" };
            requests
                .lock()
                .push(format!("{} {name}{dry}", request.method()));
            request
        };
        let builder = ClientBuilder::try_from(config).unwrap();
        builder.with_layer(&MapRequestLayer::new(record)).build()
    }

    /// A client that acts as a service account, recorded too.
    pub(crate) fn impersonating(&self, account: &str) -> Client {
        let mut config = self.config.clone();
        config.auth_info.impersonate = Some(format!(
            "system:serviceaccount:{}:{account}",
            self.namespace
        ));
        self.recorded(config)
    }

    /// The requests recorded since the last call, such as `PATCH cm dry-run`.
    pub(crate) fn requests(&self) -> Vec<String> {
        std::mem::take(&mut *self.requests.lock())
    }

    /// Prepares, plans and applies all stages; later stages do not wait for readiness.
    pub(crate) async fn run(
        &self,
        applier: &Applier,
        memory: &AppliedMemory,
        objects: Vec<Value>,
    ) -> Result<ChangeSet, Error> {
        let mut changes = ChangeSet::default();
        for stage in stages(prepare(objects, &self.owner("app"), None)?, &[]) {
            let plan = applier.plan(&stage, memory).await?;
            let (done, error) = applier.apply(plan, memory).await;
            changes.append(done);
            if let Some(error) = error {
                return Err(error);
            }
        }
        Ok(changes)
    }

    pub(crate) fn config_map(&self, name: &str, data: &Value) -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "data": data,
            "metadata": {"name": name, "namespace": self.namespace}})
    }

    async fn api(&self, id: &ObjectId) -> Api<DynamicObject> {
        let resolved = self.mapper.resolve(&id.group, &id.version, &id.kind).await;
        let (resource, _) = resolved.unwrap();
        if id.namespace.is_empty() {
            Api::all_with(self.admin.clone(), &resource)
        } else {
            Api::namespaced_with(self.admin.clone(), &id.namespace, &resource)
        }
    }

    pub(crate) fn config_map_id(&self, name: &str) -> ObjectId {
        ObjectId::new("", "v1", "ConfigMap", &self.namespace, name)
    }

    pub(crate) async fn get(&self, id: &ObjectId) -> Option<Value> {
        let found = self.api(id).await.get_opt(&id.name).await.unwrap();
        found.map(|object| serde_json::to_value(object).unwrap())
    }

    /// The data of a `ConfigMap` that must exist.
    pub(crate) async fn data(&self, name: &str) -> Value {
        self.get(&self.config_map_id(name)).await.unwrap()["data"].clone()
    }

    pub(crate) async fn create(&self, object: &Value) {
        let id = ObjectId::from_object(object);
        let object: DynamicObject = serde_json::from_value(object.clone()).unwrap();
        self.api(&id)
            .await
            .create(&PostParams::default(), &object)
            .await
            .unwrap();
    }

    /// A merge patch by another manager, for instance `kubectl-edit`.
    pub(crate) async fn edit(&self, id: &ObjectId, manager: &str, patch: &Value) -> Value {
        let params = PatchParams {
            field_manager: Some(manager.to_owned()),
            ..PatchParams::default()
        };
        let edited = self
            .api(id)
            .await
            .patch(&id.name, &params, &Patch::Merge(patch))
            .await;
        serde_json::to_value(edited.unwrap()).unwrap()
    }

    /// Waits until the tracker knows the live object as it is now.
    pub(crate) async fn tracked(&self, id: &ObjectId) {
        wait_until("the watch to catch up", SOON, async || {
            let live = self.get(id).await;
            let version =
                live.and_then(|o| Some(o["metadata"]["resourceVersion"].as_str()?.to_owned()));
            let known = self.tracker.state(id).map(|state| state.resource_version);
            self.tracker.synced(id) && known == version
        })
        .await;
    }
}
