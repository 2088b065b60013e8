use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use kube::client::Body;
use kube::core::PartialObjectMeta;
use kube::discovery::ApiResource;
use kube::{Api, Client, ResourceExt};
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::Notify;
use tower::BoxError;
use windlass_runtime::ObjectKey;
use windlass_runtime::watch::{Event, WatchScope, watch, watch_with};
use windlass_testkit::wait_until;

use crate::cluster::{SOON, clients, control_plane};

type Log = Arc<Mutex<Vec<String>>>;

fn logging<K: ResourceExt>(log: &Log) -> impl Fn(Event<K>) + Send + 'static {
    let log = log.clone();
    move |event| {
        let line = match event {
            Event::Applied { old, new } => {
                let verb = if old.is_some() { "changed" } else { "new" };
                format!("{verb} {}", new.name_any())
            }
            Event::Deleted(gone) => format!("gone {}", gone.name_any()),
            Event::Synced => "synced".to_owned(),
        };
        log.lock().push(line);
    }
}

fn config_map(name: &str, shard: &str) -> ConfigMap {
    serde_json::from_value(
        json!({"metadata": {"name": name, "labels": {"shard": shard}}, "data": {"k": "v"}}),
    )
    .unwrap()
}

fn scope(namespace: &str) -> WatchScope {
    WatchScope {
        namespace: Some(namespace.to_owned()),
        label_selector: Some("shard=one".to_owned()),
    }
}

#[tokio::test]
async fn a_store_follows_its_selector() {
    let plane = control_plane().await;
    let namespace = plane.namespace("watch").await;
    let client = clients(plane).await.own();
    let api: Api<ConfigMap> = Api::namespaced(client.clone(), &namespace);
    let create = PostParams::default();
    api.create(&create, &config_map("a", "one")).await.unwrap();
    api.create(&create, &config_map("b", "two")).await.unwrap();
    let log = Log::default();
    let (store, drive) = watch::<ConfigMap>(client.clone(), scope(&namespace), logging(&log));
    let task = tokio::spawn(drive);
    store.ready().await;
    assert_eq!(*log.lock(), ["new a", "synced"]);
    let a = ObjectKey::new(namespace.as_str(), "a");
    assert!(store.get(&a).unwrap().metadata.managed_fields.is_none());
    // An object that leaves the selector is gone for this store.
    let leave = Patch::Merge(json!({"metadata": {"labels": {"shard": "two"}}}));
    let change = Patch::Merge(json!({"data": {"k": "w"}}));
    let params = PatchParams::default();
    api.patch("a", &params, &change).await.unwrap();
    api.patch("a", &params, &leave).await.unwrap();
    wait_until("the object to leave", SOON, async || store.is_empty()).await;
    assert_eq!(*log.lock(), ["new a", "synced", "changed a", "gone a"]);
    task.abort();
}

/// Passes everything on except the first watch, which stays silent until `cut` and then tells that
/// its position is too old: what a client sees when the server has forgotten the changes since.
fn forgetful(client: Client, cut: Arc<Notify>) -> Client {
    let first = Arc::new(AtomicBool::new(true));
    let service = tower::service_fn(move |request: Request<Body>| {
        let is_watch = request
            .uri()
            .query()
            .is_some_and(|q| q.contains("watch=true"));
        let silent = is_watch && first.swap(!is_watch, Ordering::SeqCst);
        let (client, cut) = (client.clone(), cut.clone());
        async move {
            if !silent {
                let response = client.send(request).await?;
                let boxed = |b: Body| b.map_err(BoxError::from).boxed_unsync();
                return Ok::<Response<UnsyncBoxBody<Bytes, BoxError>>, kube::Error>(
                    response.map(boxed),
                );
            }
            let expired = json!({"type": "ERROR", "object": {"kind": "Status", "apiVersion": "v1",
                "status": "Failure", "reason": "Expired", "code": 410, "message": "too old",
                "metadata": {}}});
            let line = futures::stream::once(async move {
                cut.notified().await;
                Ok::<_, Infallible>(Bytes::from(format!("{expired}\n")))
            });
            let frames = line.map_ok(hyper_frame).map_err(BoxError::from).boxed();
            Ok(Response::new(StreamBody::new(frames).boxed_unsync()))
        }
    });
    Client::new(service, "default")
}

fn hyper_frame(bytes: Bytes) -> http_body::Frame<Bytes> {
    http_body::Frame::data(bytes)
}

#[tokio::test]
async fn what_vanished_unseen_is_told_after_the_relist() {
    let plane = control_plane().await;
    let namespace = plane.namespace("relist").await;
    let client = clients(plane).await.own();
    let api: Api<ConfigMap> = Api::namespaced(client.clone(), &namespace);
    let create = PostParams::default();
    for name in ["goes", "stays"] {
        api.create(&create, &config_map(name, "one")).await.unwrap();
    }
    let cut = Arc::new(Notify::new());
    let log = Log::default();
    let (store, drive) = watch::<ConfigMap>(
        forgetful(client.clone(), cut.clone()),
        scope(&namespace),
        logging(&log),
    );
    let task = tokio::spawn(drive);
    store.ready().await;
    api.delete("goes", &DeleteParams::default()).await.unwrap();
    api.create(&create, &config_map("comes", "one"))
        .await
        .unwrap();
    log.lock().clear();
    cut.notify_one();
    wait_until("the relist", SOON, async || {
        log.lock().iter().any(|line| line == "synced")
    })
    .await;
    assert_eq!(*log.lock(), ["new comes", "gone goes", "synced"]);
    let names: Vec<String> = store.list().iter().map(|o| o.name_any()).collect();
    assert_eq!(names, ["comes", "stays"]);
    // And the watch after it is live again.
    api.delete("stays", &DeleteParams::default()).await.unwrap();
    wait_until("the deletion", SOON, async || store.len() == 1).await;
    task.abort();
}

#[tokio::test]
async fn dynamic_objects_and_bare_metadata_can_be_watched() {
    let plane = control_plane().await;
    let namespace = plane.namespace("dynamic").await;
    let client = clients(plane).await.own();
    let api: Api<ConfigMap> = Api::namespaced(client.clone(), &namespace);
    api.create(&PostParams::default(), &config_map("a", "one"))
        .await
        .unwrap();
    let kind = ApiResource::erase::<ConfigMap>(&());
    let (objects, drive) = watch_with::<DynamicObject>(
        client.clone(),
        &kind,
        scope(&namespace),
        |object| {
            object.data["data"] = json!("trimmed");
        },
        |_| {},
    );
    let first = tokio::spawn(drive);
    let (metadata, drive) =
        watch::<PartialObjectMeta<ConfigMap>>(client, scope(&namespace), |_| {});
    let second = tokio::spawn(drive);
    objects.ready().await;
    metadata.ready().await;
    let key = ObjectKey::new(namespace.as_str(), "a");
    let object = objects.get(&key).unwrap();
    assert_eq!(object.data["data"], "trimmed");
    assert!(object.metadata.managed_fields.is_some());
    assert_eq!(metadata.get(&key).unwrap().labels()["shard"], "one");
    first.abort();
    second.abort();
}

#[tokio::test]
async fn a_kind_that_is_installed_later_is_picked_up() {
    let plane = control_plane().await;
    let client = clients(plane).await.own();
    let group = format!("late{:x}.example.com", std::process::id());
    let kind = ApiResource {
        group: group.clone(),
        version: "v1".to_owned(),
        api_version: format!("{group}/v1"),
        kind: "Late".to_owned(),
        plural: "lates".to_owned(),
    };
    let (store, drive) =
        watch_with::<DynamicObject>(client.clone(), &kind, WatchScope::default(), |_| {}, |_| {});
    let task = tokio::spawn(drive);
    let crd = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("lates.{group}")},
        "spec": {"group": group, "scope": "Namespaced",
            "names": {"kind": "Late", "plural": "lates"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema":
                {"openAPIV3Schema": {"type": "object",
                    "x-kubernetes-preserve-unknown-fields": true}}}]}});
    crate::patching::install(&client, &crd).await;
    tokio::time::timeout(SOON, store.ready()).await.unwrap();
    task.abort();
}
