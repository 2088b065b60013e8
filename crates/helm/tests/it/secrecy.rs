//! What is printed for diagnosis shows no secrets.

use std::fmt::Debug;

use windlass_archive::{Limits, Tree};
use windlass_helm::chart::{LoadLimits, load_directory};
use windlass_helm::release::{Form, Info, Release, StoredChart, StoredSecret};
use windlass_helm::values::Sources;
use windlass_helm::{RenderOptions, Renderer};

const SECRET: &str = "hunter2";
const FILES: [(&str, &str); 5] = [
    (
        "Chart.yaml",
        "apiVersion: v2\nname: vault\nversion: 1.2.3\n",
    ),
    ("values.yaml", "default: hunter2\n"),
    (
        "templates/secret.yaml",
        "kind: Secret\nmetadata:\n  name: a\n  annotations: {k: {{ .Values.password }}}\n",
    ),
    (
        "templates/hook.yaml",
        "kind: Job\nmetadata:\n  name: b\n  annotations: {helm.sh/hook: test, k: {{ .Values.password }}}\n",
    ),
    ("templates/NOTES.txt", "{{ .Values.password }}"),
];

#[track_caller]
fn check(shown: &impl Debug, names: &[&str]) {
    let shown = format!("{shown:?} {shown:#?}");
    assert!(!shown.contains(SECRET), "{shown}");
    for name in names {
        assert!(shown.contains(name), "{name} is not in {shown}");
    }
}

#[test]
fn debug_output_shows_names_and_sizes_but_no_content() {
    let mut tree = Tree::builder(Limits::default());
    for (path, text) in FILES {
        tree.file(path, text, false).unwrap();
    }
    let chart = load_directory(&tree.build(), &LoadLimits::default()).unwrap();
    let sources = Sources {
        files: vec![("v.yaml".to_owned(), b"password: hunter2\n".to_vec())],
        set: vec!["users[0].password=hunter2".to_owned()],
        ..Sources::default()
    };
    check(&sources, &["v.yaml"]);
    let values = sources.merge(&mut |_| Err(String::new())).unwrap();
    check(&values, &["password", "users", "7 bytes"]);
    check(
        &chart,
        &["vault", "1.2.3", "templates/secret.yaml", "default"],
    );

    let renderer = Renderer::new(chart);
    let options = RenderOptions::default();
    let files = renderer.files(&values, &options).unwrap();
    assert!(files.files["vault/templates/secret.yaml"].contains(SECRET));
    check(&files, &["vault/templates/secret.yaml"]);
    let output = renderer.render(&values, &options).unwrap();
    assert!(output.manifests[0].content.contains(SECRET));
    assert!(output.hooks[0].manifest.contains(SECRET) && output.notes.contains(SECRET));
    check(&output, &["Secret", "Job"]);
    check(&output.manifests, &["vault/templates/secret.yaml", "bytes"]);
    check(
        &output.hooks,
        &["vault/templates/hook.yaml", "Test", "bytes"],
    );

    let release = Release {
        name: "prod".to_owned(),
        info: Info {
            notes: output.notes.clone(),
            description: "cannot create Secret hunter2".to_owned(),
            ..Info::default()
        },
        chart: StoredChart::from(&output.chart),
        config: values,
        manifest: output.manifest(),
        hooks: output.hooks,
        version: 3,
        ..Release::default()
    };
    check(&release, &["prod", "vault", "1.2.3", "password"]);
    let secret = StoredSecret::new(&release, Form::V4).unwrap();
    let shown = format!("{secret:?}");
    assert!(!shown.contains(&secret.release), "{shown}");
    check(&secret, &["sh.helm.release.v1.prod.v3", "bytes"]);
}
