//! Whose objects are changed and deleted.

use std::time::Duration;

use serde_json::{Value, json};

use super::rig::{Case, config_map, config_maps, namespace, open, tenant};

fn foreign_entries(entries: &[(&str, &str, &str)]) -> Value {
    let entries: Vec<Value> = entries
        .iter()
        .map(|(namespace, name, kind)| json!({"id": format!("{namespace}_{name}__{kind}"), "v": "v1"}))
        .collect();
    json!({"inventory": {"entries": entries}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kus_14_a_forged_inventory_deletes_nothing() {
    let stack = open().await;
    let victim = namespace(stack, "victim").await;
    let precious = |name: &str, labels: Value| {
        json!({
            "apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"},
            "metadata": {"name": name, "namespace": victim.namespace(), "labels": labels},
        })
    };
    let case = Case::with(stack, &[("cm.yaml", &config_map("mine"))]).await;
    victim.apply(precious("unowned", json!({}))).await;
    let other = json!({
        "kustomize.toolkit.fluxcd.io/name": "app",
        "kustomize.toolkit.fluxcd.io/namespace": victim.namespace(),
    });
    victim.apply(precious("owned", other)).await;
    let half = json!({"kustomize.toolkit.fluxcd.io/name": "app"});
    victim.apply(precious("half", half)).await;
    let sibling = json!({
        "kustomize.toolkit.fluxcd.io/name": "other",
        "kustomize.toolkit.fluxcd.io/namespace": case.objects.namespace(),
    });
    victim.apply(precious("sibling", sibling)).await;
    // Even what is marked as its own, a tenant may only delete by its own rights.
    let marked = json!({
        "kustomize.toolkit.fluxcd.io/name": "tenant",
        "kustomize.toolkit.fluxcd.io/namespace": case.objects.namespace(),
    });
    victim.apply(precious("marked", marked)).await;
    let forged = foreign_entries(&[
        (victim.namespace(), "unowned", "ConfigMap"),
        (victim.namespace(), "owned", "ConfigMap"),
        (victim.namespace(), "half", "ConfigMap"),
        (victim.namespace(), "sibling", "ConfigMap"),
        (victim.namespace(), "marked", "ConfigMap"),
        ("", victim.namespace(), "Namespace"),
        (victim.namespace(), "default", "ServiceAccount"),
    ]);
    // By the controller's own rights, which may do everything, and by a tenant's.
    tenant(&case.objects, "tenant").await;
    for (name, account) in [("app", None), ("tenant", Some("tenant"))] {
        let mut spec = json!({"nameSuffix": format!("-{name}")});
        if let Some(account) = account {
            spec["serviceAccountName"] = json!(account);
        }
        case.objects.kustomization(name, spec).await;
        case.objects
            .until_condition("Kustomization", name, "Ready", "True")
            .await;
        case.objects
            .patch_status("Kustomization", name, forged.clone())
            .await;
        case.objects.poke("Kustomization", name).await;
        case.objects
            .until("Kustomization", name, "the request is handled", |o| {
                o["status"]["lastHandledReconcileAt"]
                    == o["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"]
            })
            .await;
        case.objects
            .patch_status("Kustomization", name, forged.clone())
            .await;
        case.objects.delete("Kustomization", name).await;
        if account.is_some() {
            // It may not even look: it stays, and says so, until its inventory is mended.
            let space = case.objects.namespace();
            let told = |event: &Value| {
                event["involvedObject"]["name"] == "tenant"
                    && event["involvedObject"]["namespace"] == space
                    && event["message"] == "pruning for deleted resource failed"
            };
            let patience = Duration::from_mins(1);
            let what = "the refusal of the deletions";
            stack.sink.wait_for_event(what, patience, told).await;
            assert!(case.objects.get("Kustomization", name).await.is_some());
            let refused = json!({"inventory": null});
            case.objects
                .patch_status("Kustomization", name, refused)
                .await;
        }
        case.objects.until_gone("Kustomization", name).await;
    }
    let mut left = config_maps(&victim).await;
    left.sort();
    assert_eq!(left, ["half", "marked", "owned", "sibling", "unowned"]);
    assert!(victim.get("ServiceAccount", "default").await.is_some());
    let space = victim.get("Namespace", victim.namespace()).await;
    assert!(space.is_some_and(|o| o["metadata"]["deletionTimestamp"].is_null()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kus_14_an_object_that_was_taken_over_outlives_its_former_owner() {
    let case = Case::with(open().await, &[("cm.yaml", &config_map("moved"))]).await;
    case.objects.kustomization("before", json!({})).await;
    case.objects
        .until_condition("Kustomization", "before", "Ready", "True")
        .await;
    let uid = case.objects.get("ConfigMap", "moved").await.unwrap()["metadata"]["uid"].clone();
    // The new name of the Kustomization: the old one is deleted when the new one has applied.
    let suspended = json!({"spec": {"suspend": true}});
    case.objects
        .patch("Kustomization", "before", suspended)
        .await;
    case.objects.kustomization("after", json!({})).await;
    case.objects
        .until_condition("Kustomization", "after", "Ready", "True")
        .await;
    let prunes = json!({"spec": {"suspend": false, "path": "./nowhere"}});
    case.objects.patch("Kustomization", "before", prunes).await;
    case.objects
        .until_refused("Kustomization", "before", "nowhere")
        .await;
    case.objects.delete("Kustomization", "before").await;
    case.objects.until_gone("Kustomization", "before").await;
    let moved = case.objects.get("ConfigMap", "moved").await.unwrap();
    assert_eq!(moved["metadata"]["uid"], uid);
    let labels = &moved["metadata"]["labels"];
    assert_eq!(labels["kustomize.toolkit.fluxcd.io/name"], "after");
}
