use serde_json::{Value, json};

use super::normalise;

fn normalised(mut object: Value) -> Value {
    normalise(&mut object);
    object
}

fn deployment(container: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "creationTimestamp": null},
        "spec": {
            "replicas": 0,
            "template": {
                "metadata": {"creationTimestamp": null, "labels": {"app": "web"}},
                "spec": {"containers": [container], "initContainers": [container]},
            },
        },
        "status": {"replicas": 3},
    })
}

#[test]
fn fields_that_a_built_in_kind_does_not_have_disappear() {
    let object = normalised(deployment(&json!({
        "name": "c", "imagePullpolicy": "Always", "image": "x",
        "resources": {"limits": {"cpu": 1, "memory": "1Gi"}, "limit": {}},
        "env": [{"name": "A", "value": null, "val": "x"}],
    })));
    let container = &object["spec"]["template"]["spec"]["containers"][0];
    let expected = json!({
        "name": "c", "image": "x",
        "resources": {"limits": {"cpu": 1, "memory": "1Gi"}},
        "env": [{"name": "A"}],
    });
    assert_eq!(container, &expected);
    assert_eq!(object["spec"]["replicas"], 0);
    assert_eq!(object.get("status"), None);
    assert_eq!(object["metadata"], json!({"name": "web"}));
    assert_eq!(
        object["spec"]["template"]["metadata"],
        json!({"labels": {"app": "web"}})
    );
}

#[test]
fn other_kinds_keep_all_their_fields() {
    let widget = json!({"apiVersion": "example.com/v1", "kind": "Deployment", "metadata": {"name": "x"},
        "anything": {"x": null}, "spec": {"y": 1}});
    assert_eq!(normalised(widget.clone()), widget);
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": "x", "creationTimestamp": null}, "rule": []});
    assert_eq!(normalised(role.clone()), role);
}

#[test]
fn wrong_types_are_left_for_the_server() {
    let object = normalised(deployment(&json!("no container")));
    assert_eq!(
        object["spec"]["template"]["spec"]["containers"][0],
        "no container"
    );
}

#[test]
fn ports_get_their_protocol_in_containers_and_services() {
    let object = normalised(deployment(&json!({
        "name": "c", "ports": [{"containerPort": 80}, {"containerPort": 53, "protocol": "UDP"}],
    })));
    let pod = &object["spec"]["template"]["spec"];
    assert_eq!(pod["containers"][0]["ports"][0]["protocol"], "TCP");
    assert_eq!(pod["containers"][0]["ports"][1]["protocol"], "UDP");
    assert_eq!(pod["initContainers"][0]["ports"][0].get("protocol"), None);

    let cron = normalised(
        json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "x"},
        "spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [
            {"name": "c", "ports": [{"containerPort": 1}]}]}}}}}}),
    );
    let pod = &cron["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    assert_eq!(pod["containers"][0]["ports"][0]["protocol"], "TCP");

    let service = normalised(
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"},
        "spec": {"clusterIP": "", "ports": [{"port": 80, "nodePort": 0}]}}),
    );
    assert_eq!(
        service["spec"],
        json!({"ports": [{"port": 80, "protocol": "TCP"}]})
    );
}

#[test]
fn string_data_becomes_data() {
    let secret = |data: Value, plain: Value| {
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"},
            "data": data, "stringData": plain})
    };
    let folded = normalised(secret(json!({"a": "b2xk", "b": null}), json!({"a": "new"})));
    assert_eq!(folded["data"], json!({"a": "bmV3", "b": ""}));
    assert_eq!(folded.get("stringData"), None);
    let kept = normalised(secret(json!({"a": "not base64"}), json!({"a": 1})));
    assert_eq!(kept["data"]["a"], "not base64");
    assert_eq!(kept["stringData"]["a"], 1);
}

#[test]
fn null_values_of_a_config_map_are_empty_strings() {
    let map = normalised(
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"},
        "data": {"a": null, "b": "c"}, "dta": {}}),
    );
    assert_eq!(map["data"], json!({"a": "", "b": "c"}));
    assert_eq!(map.get("dta"), None);
}

#[test]
fn crds_keep_their_status_and_lose_a_placeholder_certificate() {
    let crd = |bundle: &str| {
        json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "x"}, "status": {"conditions": []},
            "spec": {"conversion": {"webhook": {"clientConfig": {"caBundle": bundle}}}}})
    };
    let object = normalised(crd("Cg=="));
    assert!(object.get("status").is_some());
    assert_eq!(
        object["spec"]["conversion"]["webhook"]["clientConfig"],
        json!({})
    );
    // "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    let pem = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCkFBQUEKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=";
    assert_eq!(normalised(crd(pem)), crd(pem));
}
