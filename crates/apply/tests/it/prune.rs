use serde_json::json;
use windlass_api::kustomize::ResourceRef;
use windlass_apply::{Action, AppliedMemory, inventory};
use windlass_health::ObjectId;

use crate::world::World;

fn refs(ids: &[ObjectId]) -> Vec<ResourceRef> {
    ids.iter().map(inventory::entry).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_ours_and_not_protected_is_deleted() {
    let world = World::new().await;
    let applier = world.applier(|_| {});
    let mut objects: Vec<_> = ["a-ours", "b-keep", "c-unreconciled", "d-handed-over"]
        .iter()
        .map(|name| world.config_map(name, &json!({})))
        .collect();
    objects[1]["metadata"]["annotations"] =
        json!({"kustomize.toolkit.fluxcd.io/prune": "Disabled"});
    world
        .run(&applier, &AppliedMemory::new(), objects)
        .await
        .unwrap();
    world
        .create(&world.config_map("e-foreign", &json!({})))
        .await;
    let label = |key: &str, value: &str| json!({"metadata": {"labels": {format!("kustomize.toolkit.fluxcd.io/{key}"): value}}});
    let id = |name: &str| world.config_map_id(name);
    world
        .edit(
            &id("c-unreconciled"),
            "someone",
            &label("reconcile", "disabled"),
        )
        .await;
    world
        .edit(&id("d-handed-over"), "someone", &label("name", "other"))
        .await;

    let ids = [
        "a-ours",
        "b-keep",
        "c-unreconciled",
        "d-handed-over",
        "e-foreign",
        "f-gone",
    ]
    .map(id);
    world.requests();
    let (changes, error) = applier.delete(&refs(&ids)).await;
    assert!(error.is_none(), "{error:?}");
    let lines: Vec<String> = changes
        .entries
        .iter()
        .map(|c| format!("{} {}", c.id.name, c.action))
        .collect();
    assert_eq!(
        lines,
        [
            "f-gone deleted",
            "e-foreign skipped",
            "d-handed-over skipped",
            "c-unreconciled skipped",
            "b-keep skipped",
            "a-ours deleted"
        ]
    );
    let deletions: Vec<String> = world
        .requests()
        .into_iter()
        .filter(|request| request.starts_with("DELETE"))
        .collect();
    assert_eq!(deletions, ["DELETE a-ours"]);
    assert_eq!(world.get(&ids[0]).await, None);
    for kept in &ids[1..5] {
        assert!(world.get(kept).await.is_some(), "{kept}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_is_gone_has_nothing_left_to_delete() {
    let world = World::new().await;
    let gone = ObjectId::new("gone.example.com", "v1", "Widget", &world.namespace, "w");
    let (changes, error) = world.applier(|_| {}).delete(&refs(&[gone])).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(changes.entries[0].action, Action::Deleted);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_gathered_and_survivors_kept() {
    let world = World::new().await;
    let memory = AppliedMemory::new();
    let objects = ["a", "b"]
        .map(|name| world.config_map(name, &json!({})))
        .to_vec();
    world
        .run(&world.applier(|_| {}), &memory, objects)
        .await
        .unwrap();
    let weak = windlass_apply::Applier::new(
        world.impersonating("weak"),
        world.mapper.clone(),
        world.tracker.clone(),
        windlass_apply::ApplyOptions::new(world.owner("app")),
    );
    let stale = refs(&["a", "b"].map(|name| world.config_map_id(name)));
    let (changes, error) = weak.delete(&stale).await;
    let error = error.unwrap().to_string();
    assert!(
        error.starts_with("delete failed, errors: ConfigMap/"),
        "{error}"
    );
    assert_eq!(error.matches("is forbidden").count(), 2, "{error}");
    assert!(
        changes
            .entries
            .iter()
            .all(|change| change.action == Action::Unknown)
    );
    assert_eq!(inventory::survivors(&stale, &changes).entries.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn termination_is_looked_at_without_waiting() {
    let world = World::new().await;
    let applier = world.applier(|_| {});
    let id = world.config_map_id("held");
    let mut held = world.config_map("held", &json!({}));
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    world
        .run(&applier, &AppliedMemory::new(), vec![held])
        .await
        .unwrap();
    let (changes, _) = applier.delete(&refs(std::slice::from_ref(&id))).await;
    assert_eq!(
        applier.remaining(&changes).await.unwrap(),
        std::slice::from_ref(&id)
    );
    world
        .edit(&id, "someone", &json!({"metadata": {"finalizers": null}}))
        .await;
    windlass_testkit::wait_until("termination", crate::world::SOON, async || {
        applier.remaining(&changes).await.unwrap().is_empty()
    })
    .await;
}
