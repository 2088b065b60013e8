use serde_json::{Value, json};
use windlass_apply::AppliedMemory;

use crate::world::World;

fn managers(object: &Value) -> Vec<String> {
    let entries = object["metadata"]["managedFields"].as_array().unwrap();
    let name =
        |entry: &Value| format!("{} {}", entry["manager"], entry["operation"]).replace('"', "");
    entries.iter().map(name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_kubectl_applied_and_edited_becomes_ours() {
    let world = World::new().await;
    let id = world.config_map_id("cm");
    let manifest = world.config_map("cm", &json!({"a": "kubectl", "gone": "1"}));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), manifest.to_string()).unwrap();
    world
        .cluster
        .kubectl(&["apply", "-f", file.path().to_str().unwrap()])
        .await;
    assert_eq!(
        managers(&world.get(&id).await.unwrap()),
        ["kubectl-client-side-apply Update"]
    );

    let (applier, memory) = (world.applier(|_| {}), AppliedMemory::new());
    let objects = vec![world.config_map("cm", &json!({"a": "git"}))];
    let changes = world.run(&applier, &memory, objects.clone()).await.unwrap();
    assert_eq!(changes.to_string(), format!("{id} configured"));
    let live = world.get(&id).await.unwrap();
    assert_eq!(live["data"], json!({"a": "git"}));
    assert_eq!(live["metadata"]["annotations"], Value::Null);
    assert_eq!(managers(&live), ["kustomize-controller Apply"]);

    // By hand, with kubectl: a field that Git does not have goes, although it is nobody else's drift.
    world
        .edit(&id, "kubectl-edit", &json!({"data": {"by-hand": "1"}}))
        .await;
    world.tracked(&id).await;
    let changes = world.run(&applier, &memory, objects.clone()).await.unwrap();
    assert_eq!(changes.to_string(), format!("{id} configured"));
    let live = world.get(&id).await.unwrap();
    assert_eq!(live["data"], json!({"a": "git"}));
    assert_eq!(managers(&live), ["kustomize-controller Apply"]);

    world.tracked(&id).await;
    world.requests();
    world.run(&applier, &memory, objects).await.unwrap();
    assert_eq!(world.requests(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exported_manifest_settles() {
    let world = World::new().await;
    let (applier, id) = (world.applier(|_| {}), world.config_map_id("cm"));
    let mut exported = world.config_map("cm", &json!({"a": "1"}));
    exported["metadata"]["annotations"] =
        json!({"kubectl.kubernetes.io/last-applied-configuration": "{}"});
    world
        .run(&applier, &AppliedMemory::new(), vec![exported.clone()])
        .await
        .unwrap();
    let changes = world
        .run(&applier, &AppliedMemory::new(), vec![exported])
        .await
        .unwrap();
    assert_eq!(changes.to_string(), format!("{id} unchanged"));
}

#[tokio::test(flavor = "multi_thread")]
async fn overridden_managers_lose_their_fields() {
    let world = World::new().await;
    let id = world.config_map_id("cm");
    let (applier, memory) = (world.applier(|_| {}), AppliedMemory::new());
    let objects = vec![world.config_map("cm", &json!({"a": "git"}))];
    world.run(&applier, &memory, objects.clone()).await.unwrap();
    world
        .edit(&id, "console-ui", &json!({"data": {"b": "1"}}))
        .await;

    world
        .run(&applier, &AppliedMemory::new(), objects.clone())
        .await
        .unwrap();
    assert_eq!(world.data("cm").await["b"], "1");
    let applier = world.applier(|options| options.override_managers = vec!["console".to_owned()]);
    world
        .run(&applier, &AppliedMemory::new(), objects)
        .await
        .unwrap();
    assert_eq!(world.data("cm").await, json!({"a": "git"}));
}
