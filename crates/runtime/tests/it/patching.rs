use std::sync::Arc;
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Event;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use windlass_api::meta::FINALIZER;
use windlass_api::source::GitRepository;
use windlass_runtime::conditions::{Conditions, Status};
use windlass_runtime::events::{EventRecord, Recorder, Severity};
use windlass_runtime::metrics::Metrics;
use windlass_runtime::outcome::{Outcome, Reporter};
use windlass_runtime::patch::{self, Writer};
use windlass_runtime::queue::Requeue;
use windlass_testkit::{ControlPlane, wait_until};

use crate::cluster::{SOON, clients, control_plane};

const WRITER: Writer = Writer {
    field_manager: "source-controller",
    conditions: &["Ready", "Reconciling", "Stalled"],
};

/// Installs a CRD and waits until its kind is served.
pub(crate) async fn install(client: &Client, crd: &Value) {
    let crds: Api<CustomResourceDefinition> = Api::all(client.clone());
    let name = crd["metadata"]["name"].as_str().unwrap();
    let params = PatchParams::apply("runtime-test").force();
    crds.patch(name, &params, &Patch::Apply(crd)).await.unwrap();
    wait_until("the kind to be served", SOON, async || {
        let crd = crds.get(name).await.unwrap();
        let conditions = crd.status.and_then(|s| s.conditions).unwrap_or_default();
        conditions
            .iter()
            .any(|c| c.type_ == "Established" && c.status == "True")
    })
    .await;
}

async fn repository(plane: &ControlPlane, client: &Client) -> (Api<GitRepository>, GitRepository) {
    let (_, crd) = windlass_api::crds()
        .into_iter()
        .find(|(_, crd)| crd["spec"]["names"]["kind"] == "GitRepository")
        .unwrap();
    install(client, &crd).await;
    let namespace = plane.namespace("patch").await;
    let api: Api<GitRepository> = Api::namespaced(client.clone(), &namespace);
    let object: GitRepository = serde_json::from_value(json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": {"name": "app"},
        "spec": {"interval": "1m", "url": "https://example.com/app"}}))
    .unwrap();
    // The endpoint of a new kind may lag behind its condition.
    let mut created = None;
    wait_until("the object to be created", SOON, async || {
        created = api.create(&PostParams::default(), &object).await.ok();
        created.is_some()
    })
    .await;
    (api, created.unwrap())
}

fn status(ready: &str, extra: &Value) -> Value {
    let mut conditions = Conditions::default();
    conditions.set("Ready", Status::False, "Testing", ready, Some(1));
    let mut status = json!({"conditions": conditions.as_slice()});
    for (key, value) in extra.as_object().unwrap() {
        status[key] = value.clone();
    }
    status
}

fn messages(object: &GitRepository) -> Vec<(String, String)> {
    let status = serde_json::to_value(&object.status).unwrap();
    let conditions = status["conditions"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    conditions
        .iter()
        .map(|c| (text(&c["type"]), text(&c["message"])))
        .collect()
}

#[tokio::test]
async fn a_status_patch_keeps_what_others_wrote_meanwhile() {
    let plane = control_plane().await;
    let client = clients(plane).await.own();
    let (api, created) = repository(plane, &client).await;
    let first = status(
        "one",
        &json!({"observedIgnore": "*.md", "observedGeneration": 1}),
    );
    let seen = patch::status(&client, &WRITER, &created, &first)
        .await
        .unwrap()
        .unwrap();
    // Somebody adds a condition of their own, and touches one of ours; `seen` is stale now.
    let foreign = json!({"status": {"conditions": [
        {"type": "Audited", "status": "True", "reason": "Robot", "message": "theirs",
         "lastTransitionTime": "2026-01-01T00:00:00Z"},
        {"type": "Ready", "status": "True", "reason": "Robot", "message": "meddled",
         "lastTransitionTime": "2026-01-01T00:00:00Z"}]}});
    api.patch_status("app", &PatchParams::default(), &Patch::Merge(&foreign))
        .await
        .unwrap();
    let second = status("two", &json!({"observedGeneration": 2}));
    let now = patch::status(&client, &WRITER, &seen, &second)
        .await
        .unwrap()
        .unwrap();
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(
        messages(&now),
        [pair("Ready", "two"), pair("Audited", "theirs")]
    );
    let stored = serde_json::to_value(api.get("app").await.unwrap()).unwrap();
    assert_eq!(stored["status"]["observedGeneration"], 2);
    assert!(stored["status"].get("observedIgnore").is_none(), "{stored}");
    let managers = stored["metadata"]["managedFields"].as_array().unwrap();
    assert!(
        managers
            .iter()
            .any(|m| m["manager"] == "source-controller" && m["subresource"] == "status")
    );
}

#[tokio::test]
async fn nothing_is_written_when_nothing_differs_and_nobody_is_resurrected() {
    let plane = control_plane().await;
    let client = clients(plane).await.own();
    let (api, created) = repository(plane, &client).await;
    let wanted = status("one", &json!({}));
    let seen = patch::status(&client, &WRITER, &created, &wanted)
        .await
        .unwrap()
        .unwrap();
    let again = patch::status(&client, &WRITER, &seen, &wanted)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(again.resource_version(), seen.resource_version());
    // Deleted and made again under the same name: another object, which is not ours to write.
    api.delete("app", &DeleteParams::default()).await.unwrap();
    let other = status("two", &json!({}));
    let gone = patch::status(&client, &WRITER, &seen, &other)
        .await
        .unwrap();
    assert!(gone.is_none());
    let mut fresh = created.clone();
    fresh.metadata.resource_version = None;
    fresh.metadata.uid = None;
    let fresh = api.create(&PostParams::default(), &fresh).await.unwrap();
    let gone = patch::status(&client, &WRITER, &seen, &other)
        .await
        .unwrap();
    assert!(gone.is_none());
    let now = api.get("app").await.unwrap();
    assert_eq!(now.resource_version(), fresh.resource_version());
}

#[tokio::test]
async fn finalizers_of_others_survive() {
    let plane = control_plane().await;
    let client = clients(plane).await.own();
    let (api, created) = repository(plane, &client).await;
    let other = json!({"metadata": {"finalizers": ["example.com/other"]}});
    api.patch("app", &PatchParams::default(), &Patch::Merge(&other))
        .await
        .unwrap();
    // `created` is stale: it shows no finalizer.
    let with = patch::add_finalizer(&client, &WRITER, &created, FINALIZER)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(with.finalizers(), ["example.com/other", FINALIZER]);
    let without = patch::remove_finalizer(&client, &WRITER, &with, FINALIZER)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(without.finalizers(), ["example.com/other"]);
    patch::remove_finalizer(&client, &WRITER, &without, "example.com/other")
        .await
        .unwrap();
    api.delete("app", &DeleteParams::default()).await.unwrap();
    wait_until("the object to go", SOON, async || {
        api.get_opt("app").await.unwrap().is_none()
    })
    .await;
}

#[tokio::test]
async fn a_report_is_one_patch_and_observes_the_reconcile() {
    let plane = control_plane().await;
    let client = clients(plane).await.own();
    let (api, created) = repository(plane, &client).await;
    let metrics = Metrics::new();
    let reporter = Reporter {
        client: client.clone(),
        recorder: Recorder::new(client.clone(), "source-controller", "").unwrap(),
        metrics: metrics.clone(),
        writer: WRITER,
        kind: "GitRepository",
    };
    let outcome = |message: &str| Outcome {
        status: status(message, &json!({})),
        events: Vec::new(),
        requeue: Requeue::After(Duration::from_mins(1)),
    };
    let next = reporter
        .report(&created, outcome("one"), Instant::now())
        .await;
    assert_eq!(next.requeue, Requeue::After(Duration::from_mins(1)));
    assert_eq!(messages(&next.object.unwrap())[0].1, "one");
    assert_eq!(messages(&api.get("app").await.unwrap())[0].1, "one");
    assert!(
        metrics
            .encode()
            .contains("kind=\"GitRepository\",name=\"app\"")
    );
    api.delete("app", &DeleteParams::default()).await.unwrap();
    let next = reporter
        .report(&created, outcome("two"), Instant::now())
        .await;
    assert_eq!(next.requeue, Requeue::Done);
    assert!(next.object.is_none());
    assert!(!metrics.encode().contains("name=\"app\""));
}

/// Who sees a status finds its events, as with Flux, which hands them over first.
#[tokio::test]
async fn events_are_on_their_way_before_the_status() {
    let plane = control_plane().await;
    let client = clients(plane).await.own();
    let (_, created) = repository(plane, &client).await;
    let namespace = created.namespace().unwrap();
    // Lets no request of the reporter's own through until told.
    let gate = Arc::new(Semaphore::new(0));
    let (held, real) = (gate.clone(), client.clone());
    let behind_the_gate = tower::service_fn(move |request| {
        let (held, real) = (held.clone(), real.clone());
        async move {
            let _pass = held.acquire().await;
            real.send(request).await
        }
    });
    let reporter = Reporter {
        client: Client::new(behind_the_gate, namespace.as_str()),
        recorder: Recorder::new(client.clone(), "source-controller", "").unwrap(),
        metrics: Metrics::new(),
        writer: WRITER,
        kind: "GitRepository",
    };
    let outcome = Outcome {
        status: status("one", &json!({})),
        events: vec![EventRecord::new(Severity::Info, "NewArtifact", "text")],
        requeue: Requeue::Done,
    };
    let report = reporter.report(&created, outcome, Instant::now());
    let events: Api<Event> = Api::namespaced(client.clone(), &namespace);
    let told = async {
        wait_until("the event", SOON, async || {
            let list = events.list(&ListParams::default()).await.unwrap();
            !list.items.is_empty()
        })
        .await;
        gate.add_permits(1);
    };
    let (after, ()) = tokio::join!(report, told);
    assert_eq!(messages(&after.object.unwrap())[0].1, "one");
}
