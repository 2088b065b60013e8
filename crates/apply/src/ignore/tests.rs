use serde_json::{Value, json};
use windlass_api::kustomize::{IgnoreRule, Selector};

use super::{IgnoreRules, carry_over, content_without};

fn rule(paths: &[&str], target: Option<Selector>) -> IgnoreRule {
    IgnoreRule {
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        target,
    }
}

fn kind(pattern: &str) -> Selector {
    Selector {
        kind: Some(pattern.to_owned()),
        ..Selector::default()
    }
}

fn deployment(replicas: i64) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "apps", "labels": {"app": "web"}},
        "spec": {"replicas": replicas, "paused": false},
    })
}

fn joined(rules: &IgnoreRules, object: &Value) -> Vec<String> {
    rules
        .paths_for(object)
        .iter()
        .map(|path| path.join("/"))
        .collect()
}

#[test]
fn patterns_are_anchored_and_rules_add_up() {
    let rules = IgnoreRules::compile(&[
        rule(&["/spec/replicas"], Some(kind("Deployment|StatefulSet"))),
        rule(&["/spec/paused"], None),
        rule(&["/data/x"], None),
        rule(&["/spec/other"], Some(kind("Deploy"))),
    ])
    .unwrap();
    assert_eq!(
        joined(&rules, &deployment(1)),
        ["spec/replicas", "spec/paused", "data/x"]
    );
}

#[test]
fn labels_select_too() {
    let target = Selector {
        label_selector: Some("app in (web)".to_owned()),
        namespace: Some("ap.*".to_owned()),
        ..Selector::default()
    };
    let rules = IgnoreRules::compile(&[rule(&["/spec/replicas"], Some(target))]).unwrap();
    assert_eq!(joined(&rules, &deployment(1)).len(), 1);
    let mut other = deployment(1);
    other["metadata"]["labels"] = json!({});
    assert!(joined(&rules, &other).is_empty());
}

#[test]
fn later_list_items_come_first() {
    let rules = IgnoreRules::compile(&[rule(&["/a/2", "/a/10/x", "/a/10"], None)]).unwrap();
    assert_eq!(joined(&rules, &deployment(1)), ["a/10/x", "a/10", "a/2"]);
}

#[test]
fn bad_rules_are_errors() {
    for bad in [
        rule(&["/a"], Some(kind("("))),
        rule(&["a"], None),
        rule(
            &["/a"],
            Some(Selector {
                label_selector: Some("a in b".to_owned()),
                ..Selector::default()
            }),
        ),
    ] {
        let error = IgnoreRules::compile(&[bad]).unwrap_err().to_string();
        assert!(error.starts_with("invalid ignore rule: "), "{error}");
    }
}

#[test]
fn ignored_fields_do_not_count_as_drift() {
    let rules = IgnoreRules::compile(&[rule(&["/spec/replicas"], None)]).unwrap();
    let (one, two) = (deployment(1), deployment(2));
    let paths = rules.paths_for(&one);
    assert_eq!(content_without(&one, &paths), content_without(&two, &paths));
    assert_ne!(content_without(&one, &[]), content_without(&two, &[]));
}

#[test]
fn the_live_value_is_sent_unless_another_applier_holds_it() {
    let rules = IgnoreRules::compile(&[rule(&["/spec/replicas"], None)]).unwrap();
    let mut live = deployment(5);
    let mut payload = deployment(1);
    let paths = rules.paths_for(&live);
    carry_over(&mut payload, &live, &paths);
    assert_eq!(payload["spec"]["replicas"], 5);

    live["metadata"]["managedFields"] = json!([{
        "manager": "scaler", "operation": "Apply", "fieldsV1": {"f:spec": {"f:replicas": {}}},
    }]);
    let mut payload = deployment(1);
    let paths = rules.paths_for(&payload);
    carry_over(&mut payload, &live, &paths);
    assert_eq!(payload["spec"], json!({"paused": false}));
}

#[test]
fn a_field_of_ours_that_left_git_is_kept() {
    let rules = IgnoreRules::compile(&[rule(&["/spec/replicas"], None)]).unwrap();
    let mut live = deployment(5);
    live["metadata"]["managedFields"] = json!([{
        "manager": "kustomize-controller", "operation": "Apply",
        "fieldsV1": {"f:spec": {"f:replicas": {}}},
    }]);
    let mut payload = deployment(1);
    payload["spec"] = json!({});
    let paths = rules.paths_for(&live);
    carry_over(&mut payload, &live, &paths);
    assert_eq!(payload["spec"], json!({"replicas": 5}));
}

#[test]
fn names_beside_numbers_are_an_order() {
    let names = (0..40).flat_map(|n| [format!("/data/{n}"), format!("/data/{n}a")]);
    let paths: Vec<String> = names.collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let rules = IgnoreRules::compile(&[rule(&paths, None)]).unwrap();
    let object = deployment(1);
    let sorted = rules.paths_for(&object);
    assert_eq!(sorted.len(), 80);
    // The later items of a list go first.
    let numbers = sorted.iter().filter_map(|path| path[1].parse().ok());
    assert!(numbers.is_sorted_by(|a: &u32, b| a > b));
}
