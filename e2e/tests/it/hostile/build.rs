//! Kustomizations that are out to read, reach or exhaust what is not theirs.

use std::{fmt::Write as _, sync::Arc, sync::atomic::AtomicUsize, sync::atomic::Ordering};

use serde_json::json;

use super::{
    rig::{Case, MAX_INVENTORY, config_map, locked, message, open, reason},
    wire::Wire,
};

/// Every field of a kustomization that names files or directories.
const PATH_FIELDS: [(&str, &str); 18] = [
    ("resources", "resources: [PATH]"),
    ("bases", "bases: [PATH]"),
    ("components", "components: [PATH]"),
    ("crds", "crds: [PATH]"),
    (
        "patches",
        "patches: [{path: PATH, target: {kind: ConfigMap}}]",
    ),
    ("patchesStrategicMerge", "patchesStrategicMerge: [PATH]"),
    (
        "patchesJson6902",
        "patchesJson6902: [{path: PATH, target: {version: v1, kind: ConfigMap, name: mine}}]",
    ),
    ("files", "configMapGenerator: [{name: g, files: [PATH]}]"),
    ("envs", "configMapGenerator: [{name: g, envs: [PATH]}]"),
    (
        "secretGenerator",
        "secretGenerator: [{name: g, files: [k=PATH]}]",
    ),
    ("openapi", "openapi: {path: PATH}"),
    ("transformers", "transformers: [PATH]"),
    ("generators", "generators: [PATH]"),
    ("validators", "validators: [PATH]"),
    ("configurations", "configurations: [PATH]"),
    ("replacements", "replacements: [{path: PATH}]"),
    (
        "helm",
        "helmCharts: [{name: c, releaseName: c, version: 1.0.0, valuesFile: PATH}]",
    ),
    (
        "helmGlobals",
        "helmGlobals: {chartHome: PATH}\nresources: [PATH]",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_kus_1_paths_cannot_leave_the_artifact() {
    // What the climbing path would mean if the artifact were taken for the root of a disk.
    let mut files = vec![
        ("etc/hostile".to_owned(), config_map("stolen")),
        ("mine/cm.yaml".to_owned(), config_map("mine")),
        ("honest/cm.yaml".to_owned(), config_map("honest")),
    ];
    let mut names = Vec::new();
    for (name, field) in PATH_FIELDS {
        for (form, path) in [
            ("up", "../../../../../etc/hostile"),
            ("abs", "/etc/hostname"),
        ] {
            let name = format!("{}-{form}", name.to_lowercase());
            let field = field.replace("PATH", path);
            let text = if field.starts_with("resources") || field.contains("\nresources") {
                field
            } else {
                format!("resources: [../mine/cm.yaml]\n{field}")
            };
            files.push((format!("{name}/kustomization.yaml"), text));
            names.push(name);
        }
    }
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let case = Case::with(open().await, &files).await;
    for name in &names {
        let path = json!({"path": name});
        case.objects.kustomization(name, path).await;
    }
    let component = json!({"path": "mine", "components": ["../../../../etc"]});
    case.objects.kustomization("component", component).await;
    names.push("component".to_owned());
    let host = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    for name in &names {
        let refused = case.until_refused(name, "").await;
        let text = message(&refused, "Ready");
        assert_eq!(reason(&refused, "Ready"), "BuildFailed", "{name}: {text}");
        let field = name.split('-').next().unwrap();
        let says_why = text.contains("/etc") || text.to_lowercase().contains(field);
        assert!(says_why, "{name}: {text}");
        let host = host.trim();
        assert!(host.is_empty() || !text.contains(host), "{name}: {text}");
    }
    assert_eq!(case.config_maps().await, Vec::<String>::new());
    case.still_works("honest").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kus_2_loops_and_towers_of_bases_end_soon() {
    const CHAIN: usize = 2_000;
    const LEVELS: usize = 25;
    let mut files = vec![
        (
            "itself/kustomization.yaml".to_owned(),
            "resources: [.]\n".to_owned(),
        ),
        (
            "there/kustomization.yaml".to_owned(),
            "resources: [../back]\n".to_owned(),
        ),
        (
            "back/kustomization.yaml".to_owned(),
            "resources: [../there]\n".to_owned(),
        ),
        ("honest/cm.yaml".to_owned(), config_map("honest")),
    ];
    for n in 0..CHAIN {
        let text = format!("resources: [../{}]\n", n + 1);
        files.push((format!("chain/{n}/kustomization.yaml"), text));
    }
    files.push((format!("chain/{CHAIN}/cm.yaml"), config_map("end")));
    // Twice the one below at each level: 2^25 ways to the bottom.
    for n in 0..LEVELS {
        let below = n + 1;
        files.push((
            format!("double/{n}/kustomization.yaml"),
            "resources: [a, b]\n".to_owned(),
        ));
        for side in ["a", "b"] {
            files.push((
                format!("double/{n}/{side}/kustomization.yaml"),
                format!("resources: [../../{below}]\nnameSuffix: -{side}\n"),
            ));
        }
    }
    let end = format!("double/{LEVELS}/kustomization.yaml");
    files.push((end, "resources: [cm.yaml]\n".to_owned()));
    files.push((format!("double/{LEVELS}/cm.yaml"), config_map("end")));
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let case = Case::with(open().await, &files).await;
    for (name, path, words) in [
        ("itself", "itself", "cycle detected"),
        ("loop", "there", "cycle detected"),
        ("chain", "chain/0", "nested deeper than 64"),
        (
            "double",
            "double/0",
            "more than 300 kustomization directories",
        ),
    ] {
        case.refused(name, json!({"path": path}), words).await;
    }
    assert_eq!(case.config_maps().await, Vec::<String>::new());
    case.still_works("honest").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kus_4_the_path_of_the_spec_stays_inside() {
    let stack = open().await;
    let case = Case::with(
        stack,
        &[
            ("a/cm.yaml", &config_map("of-a")),
            ("b/cm.yaml", &config_map("of-b")),
        ],
    )
    .await;
    case.repo.commit_symlink("link", "/etc", "a way out");
    case.repo.commit_symlink("in", "a", "a way in");
    case.objects.poke("GitRepository", "src").await;
    let head = case.repo.head();
    case.objects
        .until("GitRepository", "src", "the links are there", |o| {
            let revision = o["status"]["artifact"]["revision"].as_str();
            revision.is_some_and(|revision| revision.ends_with(&head))
        })
        .await;
    for (name, path) in [
        ("up", "../../../../../etc"),
        ("abs", "/etc"),
        ("link", "link"),
        ("through", "link/cron.d"),
        ("inner-link", "in"),
        ("backslash", "a\\..\\..\\etc"),
        ("nul", "a\u{0}"),
        ("unicode", "\u{ff0e}\u{ff0e}/etc"),
        ("long", &"x/".repeat(5000)),
    ] {
        let refused = case
            .refused(name, json!({"path": path}), "path not found")
            .await;
        assert_eq!(reason(&refused, "Ready"), "ArtifactFailed", "{name}");
    }
    assert_eq!(case.config_maps().await, Vec::<String>::new());
    // A climb stops at the root of the artifact, as in the original: it is no way to elsewhere.
    for (name, path, made) in [
        ("sideways", "./a/../../b", "of-b"),
        ("top", "../../a", "of-a"),
    ] {
        case.objects
            .kustomization(name, json!({"path": path}))
            .await;
        case.objects
            .until_condition("Kustomization", name, "Ready", "True")
            .await;
        assert!(case.objects.get("ConfigMap", made).await.is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kus_5_nothing_is_fetched_during_a_build() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let bait = Wire::start(move |_, stream| {
        counter.fetch_add(1, Ordering::Relaxed);
        super::wire::ok(stream, "text/yaml", config_map("fetched").as_bytes())
    });
    let remote = [
        format!("{}/base", bait.url),
        format!("{}/cm.yaml", bait.url),
        format!("{}/base?ref=main", bait.url),
        format!("git::{}/base", bait.url),
        "https://169.254.169.254/latest/meta-data".to_owned(),
        "github.com/kubernetes-sigs/kustomize//examples/helloWorld".to_owned(),
        "git@github.com:kubernetes-sigs/kustomize".to_owned(),
        "file:///etc".to_owned(),
        "git::ssh://-oProxyCommand=touch%20/tmp/hostile/x".to_owned(),
        "ssh://-oProxyCommand=x/y".to_owned(),
    ];
    let mut files = vec![("ok/cm.yaml".to_owned(), config_map("honest"))];
    for (n, url) in remote.iter().enumerate() {
        files.push((
            format!("base-{n}/kustomization.yaml"),
            format!("resources: ['{url}']\n"),
        ));
        files.push((
            format!("component-{n}/kustomization.yaml"),
            format!("resources: [../ok/cm.yaml]\ncomponents: ['{url}']\n"),
        ));
    }
    for (name, field) in [
        (
            "generator",
            "configMapGenerator: [{name: g, files: ['k=URL']}]",
        ),
        (
            "patch",
            "patches: [{path: 'URL', target: {kind: ConfigMap}}]",
        ),
    ] {
        let field = field.replace("URL", &format!("{}/cm.yaml", bait.url));
        files.push((
            format!("{name}/kustomization.yaml"),
            format!("resources: [../ok/cm.yaml]\n{field}\n"),
        ));
    }
    let texts: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let case = Case::with(locked().await, &texts).await;
    let mut names: Vec<String> = files[1..]
        .iter()
        .map(|(path, _)| path.split('/').next().unwrap().to_owned())
        .collect();
    for name in &names {
        case.objects
            .kustomization(name, json!({"path": name}))
            .await;
    }
    let spec = json!({"path": "ok", "components": [format!("{}/base", bait.url)]});
    case.objects.kustomization("spec", spec).await;
    names.push("spec".to_owned());
    for name in &names {
        let refused = case.until_refused(name, "").await;
        assert_eq!(reason(&refused, "Ready"), "BuildFailed", "{name}");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    assert_eq!(case.config_maps().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kus_6_a_build_runs_no_programs() {
    let dir = tempfile::tempdir().unwrap();
    let proof = dir.path().join("ran");
    let touch = format!("#!/bin/sh\ntouch {}\n", proof.display());
    let function = |kind: &str| {
        format!(
            "apiVersion: hostile.test/v1\nkind: Runs\nmetadata:\n  name: runs\n  annotations:\n    \
             config.kubernetes.io/function: |\n      {kind}\n"
        )
    };
    let exec = function("exec: {path: ./run.sh}");
    let container = function("container: {image: 'example.invalid/run:1', network: true}");
    let starlark = function("starlark: {path: ./run.star, name: run}");
    let go = "apiVersion: hostile.test/v1\nkind: Runs\nmetadata: {name: runs}\n";
    let helm = "helmCharts: [{name: c, releaseName: c, version: 1.0.0, repo: 'https://charts.example.invalid'}]\n";
    let old = "helmChartInflationGenerator: [{chartName: c, helmBin: ./run.sh}]\n";
    let mut files = vec![
        ("helm/kustomization.yaml".to_owned(), helm.to_owned()),
        ("old-helm/kustomization.yaml".to_owned(), old.to_owned()),
    ];
    for (name, text) in [
        ("exec", exec.as_str()),
        ("container", &container),
        ("starlark", &starlark),
        ("go", go),
    ] {
        for field in ["generators", "transformers", "validators"] {
            let at = format!("{name}-{field}");
            files.push((
                format!("{at}/kustomization.yaml"),
                format!("resources: [cm.yaml]\n{field}: [runs.yaml]\n"),
            ));
            files.push((format!("{at}/cm.yaml"), config_map("made")));
            files.push((format!("{at}/runs.yaml"), text.to_owned()));
        }
    }
    let texts: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let case = Case::new(open().await).await;
    for (path, _) in &files {
        let dir = path.split('/').next().unwrap();
        case.repo
            .commit_executable(&format!("{dir}/run.sh"), &touch, "a program");
    }
    case.commit(&texts);
    case.source(json!({})).await;
    let names: std::collections::BTreeSet<&str> = files
        .iter()
        .map(|(path, _)| path.split('/').next().unwrap())
        .collect();
    for name in &names {
        case.objects
            .kustomization(name, json!({"path": name}))
            .await;
    }
    for name in &names {
        case.until_refused(name, "build").await;
    }
    assert!(!proof.exists());
    assert_eq!(case.config_maps().await, Vec::<String>::new());
}

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
    let cases = [
        (
            "copies",
            "resources: [cm.yaml]\npatches: [{target: {kind: ConfigMap}, path: copies.yaml}]\n".to_string(),
            "patches and replacements add more than",
        ),
        ("doubling", doubling, "patches and replacements add more than"),
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
    let mut files = vec![("copies/copies.yaml".to_owned(), copies)];
    for (name, text, _) in &cases {
        files.push((format!("{name}/kustomization.yaml"), text.clone()));
        files.push((format!("{name}/cm.yaml"), cm.clone()));
    }
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
            ("unset/cm.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: unset}\ndata: {a: \"${nobody}\"}\n"),
            ("nested/cm.yaml", &format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: nested}}\ndata: {{a: \"{}x{}\"}}\n",
                "${none:=".repeat(500), "}".repeat(500)
            )),
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
    for (name, pairs, words) in [
        (
            "unset",
            json!({"a": "b"}),
            "variable not set (strict mode): \"nobody\"",
        ),
        ("nested", json!({"a": "b"}), "nest deeper than"),
        ("flood", json!({"large": large}), "larger than"),
        ("many", json!({"large": large}), "larger than"),
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
    for n in 0..=super::rig::MAX_OBJECTS {
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
