use std::sync::Arc;

use serde_json::json;
use windlass_health::{HealthExprs, ObjectId, Reader, Status, Verdict};
use windlass_testkit::wait_until;

use crate::rig::{DEADLINE, Rig, client_as, config_map, plane, workload};

/// A tenant must not learn of an object that it may not read, though the controller may.
#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_told_only_of_what_it_may_read() {
    let plane = plane().await;
    let rig = Rig::start(plane).await;
    let account = format!("system:serviceaccount:{}:default", rig.namespace);
    let mut secret = config_map("others", json!({"a": "b"}));
    secret["metadata"]["namespace"] = json!(rig.namespace);
    rig.put(&secret, "someone").await;
    let id = ObjectId::from_object(&secret);
    let reader = Reader {
        client: client_as(plane, &account).await,
        account: Arc::from(account.as_str()),
    };
    let verdict = rig.expect_with(&[&id], HealthExprs::default(), reader.clone());
    assert_eq!(verdict, Verdict::Pending);
    wait_until("the refusal", DEADLINE, async || {
        rig.status(0).1.contains("forbidden")
    })
    .await;
    assert_eq!(rig.status(0).0, Status::Unknown);
    assert!(rig.status(0).1.contains(&account), "{:?}", rig.status(0));

    // Another namespace's object of the kind is another question.
    let other = Rig::start(plane).await;
    let mut open = config_map("open", json!({}));
    open["metadata"]["namespace"] = json!(other.namespace);
    other.put(&open, "someone").await;
    let role = [
        "-n",
        &other.namespace,
        "create",
        "rolebinding",
        "view",
        "--clusterrole=view",
    ];
    let subject = format!("--serviceaccount={}:default", rig.namespace);
    plane
        .kubectl(&[role.as_slice(), &[subject.as_str()]].concat())
        .await;
    let id = ObjectId::from_object(&open);
    // Grants take a moment to arrive in the authorizer.
    wait_until("the grant", DEADLINE, async || {
        let question = [
            "-n",
            &other.namespace,
            "auth",
            "can-i",
            "get",
            "configmaps",
            "--as",
            &account,
        ];
        plane.try_kubectl(&question).await.is_ok()
    })
    .await;
    rig.expect_with(&[&id], HealthExprs::default(), reader);
    rig.until_status(0, Status::Current).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_controller_may_not_watch_the_account_polls() {
    let plane = plane().await;
    let watcher = client_as(plane, "system:serviceaccount:default:nobody").await;
    let rig = Rig::watching_as(plane, watcher).await;
    let web = rig.apply(workload("Deployment", "web", 1)).await;
    assert_eq!(rig.expect(&[&web]), Verdict::Pending);
    rig.until_told(Verdict::Done).await;
    assert!(!rig.tracker.synced(&web));
    rig.delete(&web).await;
    rig.until_status(0, Status::NotFound).await;
}
