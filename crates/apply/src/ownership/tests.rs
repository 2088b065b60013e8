use serde_json::{Value, json};

use super::{applied_by_another, needs_take_over, take_over_patch};

fn entry(manager: &str, operation: &str, fields: &Value) -> Value {
    json!({"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsType": "FieldsV1",
        "time": "2026-01-01T00:00:00Z", "fieldsV1": fields})
}

fn object(entries: &[Value]) -> Value {
    json!({"metadata": {"resourceVersion": "7", "managedFields": entries}})
}

#[test]
fn managers_are_taken_over_by_prefix_and_operation() {
    let table = [
        ("kubectl-client-side-apply", "Update", true),
        ("kubectl", "Apply", true),
        ("kubectl-edit", "Update", true),
        ("before-first-apply", "Update", true),
        ("before-first-apply", "Apply", false),
        ("kustomize-controller", "Update", true),
        ("kustomize-controller", "Apply", false),
        ("flux-client-side-apply", "Update", false),
        ("helm", "Update", false),
    ];
    for (manager, operation, expected) in table {
        let object = object(&[entry(manager, operation, &json!({"f:data": {}}))]);
        assert_eq!(
            needs_take_over(&object, &[]),
            expected,
            "{manager} {operation}"
        );
    }
    let helm = object(&[entry("helm-x", "Apply", &json!({"f:data": {}}))]);
    assert!(needs_take_over(&helm, &["helm".to_owned()]));
}

#[test]
fn subresources_stay_with_their_managers() {
    let mut scale = entry("kubectl", "Update", &json!({"f:spec": {"f:replicas": {}}}));
    scale["subresource"] = json!("scale");
    assert!(!needs_take_over(&object(&[scale]), &[]));
}

#[test]
fn fields_move_into_our_entry() {
    let live = object(&[
        entry(
            "kubectl-edit",
            "Update",
            &json!({"f:data": {"f:b": {}, "f:c": {}}}),
        ),
        entry("other", "Update", &json!({"f:data": {"f:z": {}}})),
        entry(
            "kustomize-controller",
            "Apply",
            &json!({"f:data": {"f:a": {}, "f:b": {}}}),
        ),
    ]);
    let patch = take_over_patch(&live, &[]).unwrap();
    assert_eq!(
        patch[0],
        json!({"op": "test", "path": "/metadata/resourceVersion", "value": "7"})
    );
    let entries = &patch[1]["value"];
    assert_eq!(entries.as_array().unwrap().len(), 2);
    assert_eq!(entries[0]["manager"], "other");
    assert_eq!(
        entries[1]["fieldsV1"],
        json!({"f:data": {"f:a": {}, "f:b": {}, "f:c": {}}})
    );
    assert_eq!(entries[1]["operation"], "Apply");
}

#[test]
fn without_an_entry_of_ours_the_first_one_is_renamed() {
    let mut live = object(&[
        entry(
            "kubectl-client-side-apply",
            "Update",
            &json!({"f:data": {"f:a": {}}}),
        ),
        entry("kubectl-edit", "Update", &json!({"f:data": {"f:b": {}}})),
    ]);
    live["metadata"]["annotations"] =
        json!({"kubectl.kubernetes.io/last-applied-configuration": "{}", "mine": "1"});
    let patch = take_over_patch(&live, &[]).unwrap();
    assert_eq!(
        patch[1]["path"],
        "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration"
    );
    let entries = patch[2]["value"].as_array().unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["manager"], "kustomize-controller");
    assert_eq!(entries[0]["operation"], "Apply");
    assert_eq!(
        entries[0]["fieldsV1"],
        json!({"f:data": {"f:a": {}, "f:b": {}}})
    );
}

#[test]
fn nothing_to_take_over_is_no_patch() {
    let live = object(&[entry(
        "kustomize-controller",
        "Apply",
        &json!({"f:data": {}}),
    )]);
    assert_eq!(take_over_patch(&live, &[]), None);
}

#[test]
fn list_items_are_found_by_their_keys() {
    let mut live = object(&[entry(
        "scaler",
        "Apply",
        &json!({"f:spec": {"f:containers": {"k:{\"name\":\"b\"}": {".": {}, "f:image": {}}}}}),
    )]);
    live["spec"] =
        json!({"containers": [{"name": "a", "image": "x"}, {"name": "b", "image": "y"}]});
    let path = |text: &str| text.split('/').map(str::to_owned).collect::<Vec<_>>();
    assert!(applied_by_another(&live, &path("spec/containers/1/image")));
    assert!(!applied_by_another(&live, &path("spec/containers/0/image")));
    assert!(!applied_by_another(
        &live,
        &path("spec/containers/1/command")
    ));
    assert!(applied_by_another(&live, &path("spec/containers/1")));
}
