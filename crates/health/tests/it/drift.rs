use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, DeleteParams, ListParams, PostParams};
use serde_json::json;
use windlass_health::ObjectId;
use windlass_testkit::wait_until;

use crate::rig::{DEADLINE, Rig, config_map, plane, workload};

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_what_was_applied_are_drift_and_others_are_not() {
    let rig = Rig::start(plane().await).await;
    let mut scaled = workload("Deployment", "scaled", 1);
    scaled["spec"].as_object_mut().unwrap().remove("replicas");
    let scaled = rig.apply(scaled).await;
    let map = rig.apply(config_map("map", json!({"a": "1"}))).await;
    rig.tracker.own(&rig.owner, &[scaled.clone(), map.clone()]);
    rig.until_synced(&scaled).await;
    rig.until_synced(&map).await;

    // None of these touches a field of ours. Were one told of, it would come before the last.
    rig.meddle(&scaled, "scaler", json!({"spec": {"replicas": 2}}))
        .await;
    rig.meddle(
        &scaled,
        "someone",
        json!({"metadata": {"annotations": {"a": "b"}}}),
    )
    .await;
    rig.meddle(&map, "someone", json!({"data": {"other": "2"}}))
        .await;
    rig.meddle(&map, "someone", json!({"data": {"a": "2"}}))
        .await;
    assert_eq!(rig.until_drift().await, map);
    assert_eq!(rig.drifts(), 0);

    // What the owner does about it is not drift.
    rig.apply(config_map("map", json!({"a": "1", "b": "2"})))
        .await;
    rig.delete(&scaled).await;
    assert_eq!(rig.until_drift().await, scaled);
    assert_eq!(rig.drifts(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn managers_to_take_over_are_drift() {
    let rig = Rig::start(plane().await).await;
    let map = rig.apply(config_map("map", json!({"a": "1"}))).await;
    rig.tracker.own(&rig.owner, std::slice::from_ref(&map));
    rig.until_synced(&map).await;
    rig.meddle(&map, "kubectl-edit", json!({"data": {"other": "2"}}))
        .await;
    assert_eq!(rig.until_drift().await, map);
    assert!(rig.tracker.state(&map).unwrap().intruders);
}

#[tokio::test(flavor = "multi_thread")]
async fn losing_the_owner_label_is_drift() {
    let rig = Rig::start(plane().await).await;
    let map = rig.apply(config_map("map", json!({"a": "1"}))).await;
    rig.tracker.own(&rig.owner, std::slice::from_ref(&map));
    rig.until_synced(&map).await;
    let label = json!({"metadata": {"labels": {"kustomize.toolkit.fluxcd.io/name": null}}});
    rig.meddle(&map, "someone", label).await;
    assert_eq!(rig.until_drift().await, map);
    assert_eq!(rig.tracker.state(&map), None);

    // Applied again, it is as before.
    rig.apply(config_map("map", json!({"a": "1"}))).await;
    assert!(rig.tracker.state(&map).is_some());
    rig.meddle(&map, "someone", json!({"data": null})).await;
    assert_eq!(rig.until_drift().await, map);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_owner_deletes_or_gives_up_is_no_drift() {
    let rig = Rig::start(plane().await).await;
    let pruned = rig.apply(config_map("pruned", json!({}))).await;
    let given_up = rig.apply(config_map("given-up", json!({}))).await;
    let kept = rig.apply(config_map("kept", json!({}))).await;
    rig.tracker.own(
        &rig.owner,
        &[pruned.clone(), given_up.clone(), kept.clone()],
    );
    rig.until_synced(&kept).await;
    rig.delete(&pruned).await;
    rig.tracker.forget(&pruned);
    rig.tracker.own(&rig.owner, &[pruned, kept.clone()]);
    rig.delete(&given_up).await;
    rig.delete(&kept).await;
    assert_eq!(rig.until_drift().await, kept);
    assert_eq!(rig.drifts(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_come_and_go() {
    let rig = Rig::start(plane().await).await;
    let group = format!("{}.example.com", rig.namespace);
    let id = ObjectId::new(&group, "v1", "Widget", &rig.namespace, "w");
    rig.tracker.own(&rig.owner, std::slice::from_ref(&id));
    assert!(!rig.tracker.synced(&id));

    let definition: CustomResourceDefinition = serde_json::from_value(json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("widgets.{group}")},
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets", "singular": "widget", "listKind": "WidgetList"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema":
                {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}],
        },
    }))
    .unwrap();
    let definitions: Api<CustomResourceDefinition> = Api::all(rig.client.clone());
    definitions
        .create(&PostParams::default(), &definition)
        .await
        .unwrap();
    wait_until("the kind", DEADLINE, async || {
        rig.mapper.invalidate();
        let known = rig.mapper.resolve(&id.group, &id.version, &id.kind).await;
        known.is_ok()
            && rig
                .api(&id)
                .await
                .list(&ListParams::default())
                .await
                .is_ok()
    })
    .await;
    rig.apply(
        json!({"apiVersion": format!("{group}/v1"), "kind": "Widget",
        "metadata": {"name": "w"}, "spec": {"a": 1}}),
    )
    .await;
    rig.until_synced(&id).await;
    assert!(rig.tracker.state(&id).is_some());

    let name = definition.metadata.name.unwrap();
    definitions
        .delete(&name, &DeleteParams::default())
        .await
        .unwrap();
    assert_eq!(rig.until_drift().await, id);
    wait_until("the end of the watch", DEADLINE, async || {
        !rig.tracker.synced(&id)
    })
    .await;
}
