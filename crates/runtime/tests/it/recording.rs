use std::time::Duration;

use http::StatusCode;
use k8s_openapi::api::core::v1::{ConfigMap, Event};
use kube::api::{ListParams, PostParams};
use kube::{Api, Client};
use serde_json::json;
use windlass_runtime::events::{EventRecord, Involved, Recorder, Severity};
use windlass_testkit::EventSink;

use crate::cluster::{clients, control_plane};

const REVISION: &str = "kustomize.toolkit.fluxcd.io/revision";

async fn subject(client: &Client, namespace: &str) -> Involved {
    let api: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
    let object: ConfigMap = serde_json::from_value(json!({"metadata": {"name": "app",
        "annotations": {"event.toolkit.fluxcd.io/team": "blue", "other": "no",
                        "event.toolkit.fluxcd.io/wins": "object"}}}))
    .unwrap();
    Involved::of(&api.create(&PostParams::default(), &object).await.unwrap())
}

async fn events(client: &Client, namespace: &str) -> Vec<Event> {
    let api: Api<Event> = Api::namespaced(client.clone(), namespace);
    let about = ListParams::default().fields("involvedObject.name=app");
    api.list(&about).await.unwrap().items
}

#[tokio::test]
async fn repeats_are_counted_and_annotations_travel() {
    let plane = control_plane().await;
    let client = clients(plane).await.own();
    let namespace = plane.namespace("events").await;
    let involved = subject(&client, &namespace).await;
    let recorder = Recorder::new(client.clone(), "kustomize-controller", "").unwrap();
    let event = EventRecord::new(Severity::Error, "BuildFailed", "it broke")
        .with(REVISION, "main@sha1:abc")
        .with("event.toolkit.fluxcd.io/wins", "controller");
    for _ in 0..3 {
        recorder.record(&involved, event.clone());
    }
    recorder.record(
        &involved,
        EventRecord::new(Severity::Info, "BuildFailed", "other"),
    );
    recorder.flush().await;
    let events = events(&client, &namespace).await;
    assert_eq!(events.len(), 2, "{events:?}");
    let broke = events
        .iter()
        .find(|e| e.message.as_deref() == Some("it broke"))
        .unwrap();
    assert_eq!(broke.count, Some(3));
    assert_eq!(broke.type_.as_deref(), Some("Warning"));
    let source = broke.source.clone().unwrap();
    assert_eq!(source.component.as_deref(), Some("kustomize-controller"));
    assert_eq!(broke.involved_object.kind.as_deref(), Some("ConfigMap"));
    let annotations = broke.metadata.annotations.clone().unwrap();
    assert_eq!(
        serde_json::to_value(annotations).unwrap(),
        json!({REVISION: "main@sha1:abc", "event.toolkit.fluxcd.io/team": "blue",
               "event.toolkit.fluxcd.io/wins": "object"})
    );
}

#[tokio::test]
async fn notifications_have_the_contracts_form() {
    let plane = control_plane().await;
    let client = clients(plane).await.own();
    let namespace = plane.namespace("posts").await;
    let involved = subject(&client, &namespace).await;
    let sink = EventSink::start();
    let recorder = Recorder::new(client.clone(), "source-controller", &sink.url()).unwrap();
    let record = |severity, reason: &str| {
        let event = EventRecord::new(severity, reason, "text").with("digest", "sha256:1");
        recorder.record(&involved, event);
    };
    record(Severity::Trace, "Quiet");
    record(Severity::Info, "NewArtifact");
    record(Severity::Error, "GitOperationFailed");
    recorder.flush().await;
    let posted = sink.events();
    assert_eq!(posted.len(), 2, "{posted:?}");
    let first = &posted[0];
    assert_eq!(first["severity"], "info");
    assert_eq!(first["reason"], "NewArtifact");
    assert_eq!(first["message"], "text");
    assert_eq!(first["reportingController"], "source-controller");
    assert!(!first["reportingInstance"].as_str().unwrap().is_empty());
    assert!(first["timestamp"].as_str().unwrap().ends_with('Z'));
    assert_eq!(first["involvedObject"]["kind"], "ConfigMap");
    assert_eq!(first["involvedObject"]["name"], "app");
    assert_eq!(first["involvedObject"]["namespace"], namespace.as_str());
    assert_eq!(first["metadata"]["digest"], "sha256:1");
    assert_eq!(first["metadata"]["event.toolkit.fluxcd.io/team"], "blue");
    assert_eq!(posted[1]["severity"], "error");
    // The trace is an event of the cluster all the same.
    assert_eq!(events(&client, &namespace).await.len(), 3);
}

#[tokio::test]
async fn a_duplicate_is_not_sent_again_and_a_dead_receiver_holds_nobody_up() {
    let plane = control_plane().await;
    let client = clients(plane).await.own();
    let namespace = plane.namespace("posts").await;
    let involved = subject(&client, &namespace).await;
    let sink = EventSink::start();
    let recorder = Recorder::new(client.clone(), "source-controller", &sink.url()).unwrap();
    sink.fail_with(Some(StatusCode::TOO_MANY_REQUESTS));
    recorder.record(&involved, EventRecord::new(Severity::Info, "Again", "text"));
    recorder.flush().await;
    assert_eq!(sink.requests().len(), 1);
    sink.fail_with(Some(StatusCode::BAD_GATEWAY));
    let started = std::time::Instant::now();
    recorder.record(&involved, EventRecord::new(Severity::Info, "Later", "text"));
    assert!(started.elapsed() < Duration::from_millis(500));
    windlass_testkit::wait_until("a first try", Duration::from_secs(20), async || {
        sink.requests().len() >= 2
    })
    .await;
    sink.fail_with(None);
    sink.wait_for_event("the retry", Duration::from_secs(30), |event| {
        event["reason"] == "Later"
    })
    .await;
}
