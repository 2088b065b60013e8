//! Kustomizations that are out to make much of little.

use std::fmt::Write as _;

use serde_json::json;

use super::rig::{
    Case, MAX_INVENTORY, MAX_MANIFESTS, MAX_OBJECTS, config_map, message, open, reason,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_kus_8_patches_are_bounded() {
    let mut copies = String::new();
    for n in 0..60 {
        let _ = writeln!(copies, "- {{op: copy, from: /data, path: /data/x{n}}}");
    }
    let mut doubling = String::from("resources: [cm.yaml]\nreplacements:\n");
    for n in 0..60 {
        let _ = writeln!(
            doubling,
            "- source: {{kind: ConfigMap, fieldPath: data}}\n  targets: [{{select: {{kind: ConfigMap}}, fieldPaths: [data.x{n}], options: {{create: true}}}}]"
        );
    }
    let json = |op: &str| {
        format!(
            "resources: [cm.yaml]\npatches: [{{target: {{kind: ConfigMap}}, patch: '[{op}]'}}]\n"
        )
    };
    let greedy = "(a*)*".repeat(20);
    // For every one of so many objects, together more than all manifests may have.
    let all = "z".repeat(10_000);
    let many = |field: &str| format!("resources: [many.yaml]\n{field}\n");
    let cases = [
        (
            "one-for-all",
            many(&format!("patches: [{{target: {{kind: ConfigMap}}, patch: '{{apiVersion: v1, kind: ConfigMap, metadata: {{name: any}}, data: {{z: {all}}}}}'}}]")),
            "patches and replacements add more than",
        ),
        (
            "json-for-all",
            many(&format!("patches: [{{target: {{kind: ConfigMap}}, patch: '[{{\"op\":\"add\",\"path\":\"/data/z\",\"value\":\"{all}\"}}]'}}]")),
            "patches and replacements add more than",
        ),
        (
            "labels-for-all",
            many(&format!("commonAnnotations: {{z: {all}}}")),
            "patches and replacements add more than",
        ),
        (
            "copies",
            "resources: [cm.yaml]\npatches: [{target: {kind: ConfigMap}, path: copies.yaml}]\n".to_string(),
            "patches and replacements add more than",
        ),
        ("doubling", doubling, "patches and replacements add more than"),
        ("rows", "resources: [s.yaml]\npatches: [{path: s.yaml}]\n".to_owned(), "more than 10000 elements"),
        ("index", json(r#"{"op":"add","path":"/list/99999999999","value":1}"#), "99999999999"),
        ("below", json(r#"{"op":"remove","path":"/list/-99999999999"}"#), "-99999999999"),
        ("appended", json(r#"{"op":"replace","path":"/list/-","value":1}"#), "missing"),
        ("pointer", json(r#"{"op":"replace","path":"data","value":1}"#), "missing"),
        ("deep", json(&format!(r#"{{"op":"add","path":"{}","value":1}}"#, "/data".repeat(20_000))), "missing"),
        (
            "regexp",
            format!("resources: [cm.yaml]\npatches: [{{target: {{kind: ConfigMap, name: '{greedy}x'}}, patch: '[{{\"op\":\"remove\",\"path\":\"/nowhere\"}}]'}}]\n"),
            "",
        ),
        (
            "huge-regexp",
            "resources: [cm.yaml]\npatches: [{target: {kind: ConfigMap, name: '((a{0,1000}){0,1000}){0,1000}'}, patch: '[{\"op\":\"remove\",\"path\":\"/x\"}]'}]\n".to_owned(),
            "regexp",
        ),
    ];
    let name = "a".repeat(200);
    let cm = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{a: {}}}\nlist: [1]\n",
        "b".repeat(1000)
    );
    let mut many = String::new();
    for n in 0..2_000 {
        let _ = write!(many, "---\n{}", config_map(&format!("many-{n}")));
    }
    let mut files = vec![("copies/copies.yaml".to_owned(), copies)];
    for (name, text, _) in &cases {
        if name.ends_with("-for-all") {
            files.push((format!("{name}/many.yaml"), many.clone()));
        }
        files.push((format!("{name}/kustomization.yaml"), text.clone()));
        files.push((format!("{name}/cm.yaml"), cm.clone()));
    }
    let ports: Vec<_> = (0..10_001).map(|n| format!("{{port: {n}}}")).collect();
    let service = format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: s}}\nspec: {{ports: [{}]}}\n",
        ports.join(", ")
    );
    files.push(("rows/s.yaml".to_owned(), service));
    files.push(("honest/cm.yaml".to_owned(), config_map("honest")));
    let texts: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let case = Case::with(open().await, &texts).await;
    for (name, _, _) in &cases {
        case.objects
            .kustomization(name, json!({"path": name}))
            .await;
    }
    for (name, _, words) in &cases {
        // A pattern that matches nothing is no error; that it was tried in no time is the point.
        if *name == "regexp" {
            case.objects
                .until("Kustomization", name, "built", |o| {
                    !reason(o, "Ready").is_empty() && reason(o, "Ready") != "Progressing"
                })
                .await;
        } else {
            case.until_refused(name, words).await;
        }
    }
    case.still_works("honest").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kus_9_variables_make_no_objects_and_no_floods() {
    let case = Case::with(
        open().await,
        &[
            ("inject/cm.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: injected}\ndata:\n  a: ${evil}\n"),
            ("fields/cm.yaml", "apiVersion: v1\ndata: {a: b}\nkind: ConfigMap\nmetadata:\n  name: ${fields}\n"),
            ("unset/cm.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: unset}\ndata: {a: \"${nobody}\"}\n"),
            ("nested/cm.yaml", &format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: nested}}\ndata: {{a: \"{}x{}\"}}\n",
                "${none:=".repeat(500), "}".repeat(500)
            )),
            ("named/cm.yaml", &config_map("named")),
            ("flood/cm.yaml", &format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: flood}}\ndata: {{a: \"{}\"}}\n",
                "${large}".repeat(200)
            )),
            ("many/kustomization.yaml", &format!(
                "resources: [{}]\n",
                (0..200).map(|n| format!("{n}.yaml")).collect::<Vec<_>>().join(", ")
            )),
        ],
    )
    .await;
    let many: Vec<_> = (0..200)
        .map(|n| {
            let text = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: many-{n}}}\ndata: {{a: \"${{large}}\"}}\n");
            (format!("many/{n}.yaml"), text)
        })
        .collect();
    let many: Vec<_> = many.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
    let commit = case.commit(&many);
    case.objects.poke("GitRepository", "src").await;
    let evil = "x\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: hostile-injected}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}\nsubjects: []\n";
    let large = "x".repeat(100_000);
    let variables = |pairs: serde_json::Value| json!({"substitute": pairs});
    case.objects
        .kustomization(
            "inject",
            json!({"path": "inject", "postBuild": variables(json!({"evil": evil}))}),
        )
        .await;
    // Of two fields of a name the later counts: what follows the last one could be any object.
    let fields = "x\nkind: ClusterRoleBinding\napiVersion: rbac.authorization.k8s.io/v1\ndata: null\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}\nsubjects: []\nmetadata:\n  name: hostile-injected";
    case.objects
        .kustomization(
            "fields",
            json!({"path": "fields", "targetNamespace": null, "postBuild": variables(json!({"fields": fields}))}),
        )
        .await;
    case.until_refused("fields", "YAMLToJSON").await;
    let words = format!("larger than {MAX_MANIFESTS} bytes (--max-manifests-size)");
    for (name, pairs, words) in [
        (
            "unset",
            json!({"a": "b"}),
            "variable not set (strict mode): \"nobody\"",
        ),
        ("nested", json!({"a": "b"}), "nest deeper than"),
        ("named", json!({"a b}${large": "b"}), "invalid"),
        ("flood", json!({"large": large}), &words),
        ("many", json!({"large": large}), &words),
    ] {
        let spec = json!({"path": name, "postBuild": variables(pairs)});
        let refused = case.refused(name, spec, words).await;
        assert_eq!(reason(&refused, "Ready"), "BuildFailed");
        assert!(message(&refused, "Ready").len() < 2000);
    }
    // The line breaks are gone, and what is left is no YAML, or the value it was put in as.
    case.objects
        .until("Kustomization", "inject", "tried", |o| {
            reason(o, "Ready") == "BuildFailed" || reason(o, "Ready") == "ReconciliationSucceeded"
        })
        .await;
    let bindings = case.objects.list("ClusterRoleBinding").await;
    assert!(
        bindings
            .iter()
            .all(|o| o["metadata"]["name"] != "hostile-injected")
    );
    assert!(!commit.is_empty());
    let made = case.config_maps().await;
    assert!(made.iter().all(|name| name == "injected"), "{made:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kus_15_an_inventory_that_cannot_be_stored_is_refused_before_the_first_write() {
    let objects = MAX_INVENTORY / 250 + 1;
    let mut text = String::new();
    for n in 0..objects {
        let _ = write!(
            text,
            "---\n{}",
            config_map(&format!("{}-{n}", "x".repeat(240)))
        );
    }
    let mut many = String::new();
    for n in 0..=MAX_OBJECTS {
        let _ = write!(many, "---\n{}", config_map(&format!("many-{n}")));
    }
    let case = Case::with(
        open().await,
        &[
            ("long/all.yaml", &text),
            ("many/all.yaml", &many),
            ("honest/cm.yaml", &config_map("honest")),
        ],
    )
    .await;
    let words = format!("more than the {MAX_INVENTORY} of --max-inventory-size");
    let refused = case.refused("long", json!({"path": "long"}), &words).await;
    assert_eq!(reason(&refused, "Ready"), "InventoryTooLarge");
    case.refused("many", json!({"path": "many"}), "more than 3000 resources")
        .await;
    assert_eq!(case.config_maps().await, Vec::<String>::new());
    case.still_works("honest").await;
}
