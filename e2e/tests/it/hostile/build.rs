//! Kustomizations that are out to read, reach or exhaust what is not theirs.

use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::json;
use windlass_e2e::{Stack, StackOptions};

use super::{
    rig::{Case, MAX_READ, config_map, config_maps, locked, message, open, reason},
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
        ("etc/base/cm.yaml".to_owned(), config_map("stolen")),
        (
            "etc/base/kustomization.yaml".to_owned(),
            "resources: [cm.yaml]\n".to_owned(),
        ),
        ("etc/part/cm.yaml".to_owned(), config_map("stolen")),
        (
            "etc/part/kustomization.yaml".to_owned(),
            "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [cm.yaml]\n"
                .to_owned(),
        ),
        ("mine/cm.yaml".to_owned(), config_map("mine")),
        ("honest/cm.yaml".to_owned(), config_map("honest")),
    ];
    let mut names = Vec::new();
    for (name, field) in PATH_FIELDS {
        let directory = match name {
            "components" => Some("../../../../../etc/part"),
            "resources" | "bases" | "generators" | "transformers" | "validators" => {
                Some("../../../../../etc/base")
            }
            _ => None,
        };
        for (form, path) in [
            ("up", Some("../../../../../etc/hostile")),
            ("abs", Some("/etc/hostname")),
            ("dir", directory),
            (
                "root",
                directory.and_then(|path| path.strip_prefix("../../../../..")),
            ),
        ] {
            let Some(path) = path else { continue };
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
    let component = json!({"path": "mine", "components": ["../../../../etc/part"]});
    case.objects.kustomization("spec-dir", component).await;
    names.push("spec-dir".to_owned());
    let host = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    for name in &names {
        let refused = case.until_refused(name, "").await;
        let text = message(&refused, "Ready");
        assert_eq!(reason(&refused, "Ready"), "BuildFailed", "{name}: {text}");
        // Charts are refused whatever they name.
        let why = match name.rsplit_once('-').unwrap() {
            ("helm", _) => "must specify --enable-helm",
            (_, "abs") => "/etc/hostname",
            (_, "root") => "cannot be absolute",
            _ => "is not in or below",
        };
        assert!(text.contains(why), "{name}: {text}");
        let host = host.trim();
        assert!(host.is_empty() || !text.contains(host), "{name}: {text}");
    }
    assert_eq!(case.config_maps().await, Vec::<String>::new());
    case.still_works("honest").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kus_2_loops_and_towers_of_bases_end_soon() {
    const CHAIN: usize = 2_000;
    const SHORT: usize = 100;
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
    // One large file again and again.
    files.push(("large.yaml".to_owned(), "x".repeat(1 << 20)));
    let again = "configMapGenerator:\n".to_owned();
    let again = (0..=MAX_READ >> 20).fold(again, |text, n| {
        text + &format!("- {{name: g{n}, files: [k=../large.yaml]}}\n")
    });
    files.push(("again/kustomization.yaml".to_owned(), again));
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
    let short = format!("chain/{}", CHAIN - SHORT);
    let read = format!("more than {MAX_READ} bytes of files");
    for (name, path, words) in [
        ("itself", "itself", "cycle detected"),
        ("loop", "there", "cycle detected"),
        ("chain", "chain/0", "nested deeper than 64 levels"),
        // Few enough to be visited, and yet too deep.
        ("short", &short, "nested deeper than 64 levels"),
        ("again", "again", &read),
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
async fn a_kus_2_a_build_ends_in_time() {
    // Sixty levels of definitions with two fields of the next one: 2^60 ways to the last.
    let mut definitions = String::new();
    for level in 0..60 {
        let _ = write!(
            definitions,
            "x.T{level}:\n  Schema:\n    properties:\n      kind: {{}}\n      apiVersion: {{}}\n      metadata: {{}}\n      a: {{$ref: x.T{0}}}\n      b: {{$ref: x.T{0}}}\n",
            level + 1
        );
    }
    // Each is compared with all before it.
    let fields = (0..400_000).fold("commonLabels:\n".to_owned(), |text, n| {
        text + &format!("- {{path: a{n}}}\n")
    });
    let files = [
        (
            "itself/kustomization.yaml",
            "resources: [../honest/cm.yaml]\ncrds: [crd.yaml]\n",
        ),
        (
            "itself/crd.yaml",
            "x.A:\n  Schema:\n    properties: {kind: {}, apiVersion: {}, metadata: {}, a: {$ref: x.A}, b: {$ref: x.A}, c: {$ref: x.A}}\n",
        ),
        (
            "ways/kustomization.yaml",
            "resources: [../honest/cm.yaml]\ncrds: [crd.yaml]\n",
        ),
        ("ways/crd.yaml", &definitions),
        (
            "fields/kustomization.yaml",
            "resources: [../honest/cm.yaml]\nconfigurations: [fields.yaml]\n",
        ),
        ("fields/fields.yaml", &fields),
        ("honest/cm.yaml", &config_map("honest")),
    ];
    let stack = Stack::start(StackOptions {
        kustomize_flags: vec!["--concurrent=1".into(), "--max-build-time=3s".into()],
        ..StackOptions::default()
    })
    .await;
    let objects = stack.namespace("time").await;
    let repo = stack.git.repo(objects.namespace());
    let files = files.map(|(path, text)| (path, Some(text)));
    repo.commit(&files, "files");
    objects.git_repository("src", repo.url(), json!({})).await;
    let names = ["itself", "ways", "fields"];
    for name in names {
        objects.kustomization(name, json!({"path": name})).await;
    }
    objects
        .kustomization("honest", json!({"path": "honest"}))
        .await;
    for name in names {
        let words = "kustomize build took longer than 3s";
        objects.until_refused("Kustomization", name, words).await;
    }
    objects
        .until_condition("Kustomization", "honest", "Ready", "True")
        .await;
    assert_eq!(config_maps(&objects).await, ["honest"]);
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
        format!("{}/owner/base?ref=main", bait.url),
        format!("git::{}/owner/base", bait.url),
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
    let spec = json!({"path": "ok", "components": [format!("{}/owner/base", bait.url)]});
    case.objects.kustomization("spec", spec).await;
    names.push("spec".to_owned());
    for name in &names {
        let why = match name.as_str() {
            "spec" => "must be local and relative",
            // No name of a repository, and so a path.
            "component-0" | "component-1" | "component-2" | "component-10" | "base-10" => {
                "no such file or directory"
            }
            _ => "is not allowed",
        };
        let refused = case.until_refused(name, why).await;
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
        let why = match *name {
            "helm" | "old-helm" => "must specify --enable-helm",
            _ => "external plugins disabled; unable to load external plugin 'Runs'",
        };
        case.until_refused(name, why).await;
    }
    assert!(!proof.exists());
    assert_eq!(case.config_maps().await, Vec::<String>::new());
}
