use serde_json::{Value, json};
use windlass_apply::AppliedMemory;
use windlass_health::ObjectId;

use crate::world::{SOON, World};

fn fixed(world: &World, a: &str) -> Value {
    let mut object = world.config_map("fixed", &json!({"a": a}));
    object["immutable"] = json!(true);
    object
}

async fn uid(world: &World, id: &ObjectId) -> Value {
    world.get(id).await.unwrap()["metadata"]["uid"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn immutable_objects_are_recreated_only_when_forced() {
    let world = World::new().await;
    let memory = AppliedMemory::new();
    let id = world.config_map_id("fixed");
    let applier = world.applier(|_| {});
    world
        .run(&applier, &memory, vec![fixed(&world, "1")])
        .await
        .unwrap();
    let before = uid(&world, &id).await;

    let error = world
        .run(&applier, &memory, vec![fixed(&world, "2")])
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{id} dry-run failed (Invalid): ConfigMap \"fixed\" is invalid: data: Forbidden: field is \
            immutable when `immutable` is set"
        )
    );
    assert_eq!(uid(&world, &id).await, before);

    let forced = world.applier(|options| options.force = true);
    let changes = world
        .run(&forced, &memory, vec![fixed(&world, "2")])
        .await
        .unwrap();
    assert_eq!(changes.to_string(), format!("{id} created"));
    assert_ne!(uid(&world, &id).await, before);
    assert_eq!(world.data("fixed").await, json!({"a": "2"}));

    let mut marked = fixed(&world, "3");
    marked["metadata"]["annotations"] = json!({"kustomize.toolkit.fluxcd.io/force": "Enabled"});
    let changes = world.run(&applier, &memory, vec![marked]).await.unwrap();
    assert_eq!(changes.to_string(), format!("{id} created"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_typo_under_force_deletes_nothing() {
    let world = World::new().await;
    let forced = world.applier(|options| options.force = true);
    let memory = AppliedMemory::new();
    let service = |kind: &str| {
        json!({"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "web", "namespace": world.namespace},
            "spec": {"type": kind, "ports": [{"port": 80}]}})
    };
    world
        .run(&forced, &memory, vec![service("NodePort")])
        .await
        .unwrap();
    let id = ObjectId::from_object(&service("NodePort"));
    let before = uid(&world, &id).await;
    let error = world
        .run(&forced, &memory, vec![service("NodePorl")])
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("dry-run failed (Invalid)"),
        "{error}"
    );
    assert_eq!(uid(&world, &id).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_owners_object_is_not_replaced() {
    let world = World::new().await;
    let id = world.config_map_id("fixed");
    let mut foreign = fixed(&world, "1");
    foreign["metadata"]["labels"] = json!({
        "kustomize.toolkit.fluxcd.io/name": "other",
        "kustomize.toolkit.fluxcd.io/namespace": world.namespace,
    });
    world.create(&foreign).await;
    let before = uid(&world, &id).await;
    let forced = world.applier(|options| options.force = true);
    let objects = vec![fixed(&world, "2")];
    world
        .run(&forced, &AppliedMemory::new(), objects)
        .await
        .unwrap_err();
    assert_eq!(uid(&world, &id).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_held_by_a_finalizer_is_awaited_elsewhere() {
    let world = World::new().await;
    let id = world.config_map_id("fixed");
    let mut held = fixed(&world, "1");
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    world.create(&held).await;
    let forced = world.applier(|options| options.force = true);
    let memory = AppliedMemory::new();
    for _ in 0..2 {
        let error = world
            .run(&forced, &memory, vec![fixed(&world, "2")])
            .await
            .unwrap_err();
        assert_eq!(error.awaiting(), Some(&[id.clone()][..]), "{error}");
    }
    world
        .edit(&id, "someone", &json!({"metadata": {"finalizers": null}}))
        .await;
    windlass_testkit::wait_until("the object to vanish", SOON, async || {
        world.get(&id).await.is_none()
    })
    .await;
    let changes = world
        .run(&forced, &memory, vec![fixed(&world, "2")])
        .await
        .unwrap();
    assert_eq!(changes.to_string(), format!("{id} created"));
}
