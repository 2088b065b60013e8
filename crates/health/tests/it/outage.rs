use serde_json::json;
use tokio::sync::OnceCell;
use windlass_health::{Status, Verdict};
use windlass_testkit::{ControlPlane, Options};

use crate::rig::{Rig, config_map, workload};

/// Not the shared one: the other tests would feel it.
static PLANE: OnceCell<ControlPlane> = OnceCell::const_new();

#[tokio::test(flavor = "multi_thread")]
async fn watches_survive_the_api_server() {
    let options = Options {
        nodes: true,
        audit: false,
    };
    let plane = PLANE.get_or_init(|| ControlPlane::start(options)).await;
    let rig = Rig::start(plane).await;
    let map = rig.apply(config_map("map", json!({"a": "1"}))).await;
    let gone = rig.apply(config_map("gone", json!({}))).await;
    let web = rig.apply(workload("Deployment", "web", 1)).await;
    rig.tracker
        .own(&rig.owner, &[map.clone(), gone.clone(), web.clone()]);
    rig.expect(&[&web]);
    rig.until_told(Verdict::Done).await;
    rig.until_synced(&map).await;

    plane.restart_api_server().await;
    rig.delete(&gone).await;
    assert_eq!(rig.until_drift().await, gone);
    rig.meddle(&map, "someone", json!({"data": {"a": "2"}}))
        .await;
    assert_eq!(rig.until_drift().await, map);
    rig.delete(&web).await;
    rig.until_status(0, Status::NotFound).await;
}
