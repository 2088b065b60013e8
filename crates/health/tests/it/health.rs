use std::sync::Arc;

use serde_json::json;
use windlass_api::kustomize::CustomHealthCheck;
use windlass_health::{HealthExprs, ObjectId, Status, Verdict};
use windlass_testkit::wait_until;

use crate::rig::{DEADLINE, Rig, config_map, plane, workload};

#[tokio::test(flavor = "multi_thread")]
async fn deployments_become_current_by_events() {
    let rig = Rig::start(plane().await).await;
    let none = rig.apply(workload("Deployment", "none", 0)).await;
    let two = rig.apply(workload("Deployment", "two", 2)).await;
    let map = rig.apply(config_map("map", json!({"a": "b"}))).await;
    let verdict = rig.expect(&[&two, &none, &map]);
    assert_eq!(verdict, Verdict::Pending);
    assert_eq!(rig.status(2).0, Status::Current);
    rig.until_told(Verdict::Done).await;
    let ids: Vec<ObjectId> = rig
        .tracker
        .health(&rig.owner)
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    assert_eq!(ids, [two, none, map]);

    rig.tracker.release(&rig.owner);
    assert_eq!(rig.tracker.verdict(&rig.owner), None);
    assert!(rig.tracker.health(&rig.owner).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollout_beyond_its_deadline_fails() {
    let rig = Rig::start(plane().await).await;
    let mut stuck = workload("Deployment", "stuck", 1);
    stuck["spec"]["progressDeadlineSeconds"] = json!(2);
    stuck["spec"]["template"]["spec"]["nodeSelector"] = json!({"no": "such-node"});
    let stuck = rig.apply(stuck).await;
    assert_eq!(rig.expect(&[&stuck]), Verdict::Pending);
    rig.until_told(Verdict::Failed).await;
    assert_eq!(rig.status(0).0, Status::Failed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_fails_with_its_pod() {
    let rig = Rig::start(plane().await).await;
    let mut set = workload("StatefulSet", "set", 1);
    // A pod without a node is nobody's, so its status is what the test makes of it.
    set["spec"]["template"]["spec"]["nodeSelector"] = json!({"no": "such-node"});
    let set = rig.apply(set).await;
    assert_eq!(rig.expect(&[&set]), Verdict::Pending);
    let status = json!({"status": {"phase": "Running", "containerStatuses": [
        {"name": "main", "ready": false, "restartCount": 3, "image": "", "imageID": "",
            "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}})
    .to_string();
    let patch = [
        "-n",
        &rig.namespace,
        "patch",
        "pod",
        "set-0",
        "--subresource=status",
        "--type=merge",
        "-p",
        &status,
    ];
    wait_until("the pod of the set", DEADLINE, async || {
        rig.plane.try_kubectl(&patch).await.is_ok()
    })
    .await;
    rig.until_told(Verdict::Failed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_done_when_they_have_finished() {
    let rig = Rig::start(plane().await).await;
    let job = rig
        .apply(json!({
            "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "job"},
            "spec": {"template": {
                "metadata": {"annotations": {"pod-complete.stage.kwok.x-k8s.io/delay": "1s"}},
                "spec": {"restartPolicy": "Never",
                    "containers": [{"name": "main", "image": "example.invalid/job:1"}]}}},
        }))
        .await;
    assert_eq!(rig.expect(&[&job]), Verdict::Pending);
    rig.until_told(Verdict::Done).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn expressions_replace_the_rules_of_a_kind() {
    let rig = Rig::start(plane().await).await;
    let map = rig.apply(config_map("map", json!({"phase": "Bad"}))).await;
    let check = CustomHealthCheck {
        api_version: "v1".to_owned(),
        kind: Some("ConfigMap".to_owned()),
        current: "data.phase == 'Good'".to_owned(),
        in_progress: None,
        failed: Some("data.phase == 'Bad'".to_owned()),
    };
    let exprs = HealthExprs::compile(&[check]).unwrap();
    rig.expect_with(&[&map], exprs, rig.reader());
    rig.until_told(Verdict::Failed).await;
    rig.meddle(&map, "someone", json!({"data": {"phase": "Good"}}))
        .await;
    rig.until_told(Verdict::Done).await;
    rig.meddle(&map, "someone", json!({"data": null})).await;
    let message = rig.until_status(0, Status::Unknown).await;
    assert_eq!(
        message,
        "failed to evaluate the CEL expression 'data.phase == 'Bad'': no such attribute(s): data.phase"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_without_an_owner_label_are_followed_too() {
    let rig = Rig::start(plane().await).await;
    let mut late = workload("Deployment", "late", 1);
    late["metadata"]["namespace"] = json!(rig.namespace);
    let id = ObjectId::from_object(&late);
    let absent = ObjectId::new("example.invalid", "v1", "Nothing", &rig.namespace, "x");
    let nowhere = ObjectId::new("", "v1", "ConfigMap", "", "x");
    assert_eq!(rig.expect(&[&id, &absent, &nowhere]), Verdict::Pending);
    rig.until_status(0, Status::NotFound).await;
    rig.put(&late, "someone").await;
    rig.until_status(0, Status::Current).await;
    rig.delete(&id).await;
    rig.until_status(0, Status::NotFound).await;
    let message = rig.until_status(1, Status::Unknown).await;
    assert_eq!(
        message,
        "no matches for kind \"Nothing\" in version \"example.invalid/v1\""
    );
    let message = rig.until_status(2, Status::Unknown).await;
    assert_eq!(
        message,
        "resource ConfigMap x is namespace scoped, but namespace is not set"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_cleaned_up_after_itself_is_done() {
    let rig = Rig::start(plane().await).await;
    let gone = ObjectId::new("batch", "v1", "Job", &rig.namespace, "gone");
    let expected = windlass_health::Expected {
        id: gone,
        gone_is_done: true,
        applied: true,
    };
    let verdict = rig
        .tracker
        .expect(&rig.owner, vec![expected], Arc::default(), rig.reader());
    assert_eq!(verdict, Verdict::Pending);
    rig.until_told(Verdict::Done).await;
}
