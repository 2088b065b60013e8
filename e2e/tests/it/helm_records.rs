//! Releases that Windlass stores in a cluster are Helm's own for the real `helm`, and the reverse.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use windlass_archive::{Limits, Tree};
use windlass_helm::chart::{LoadLimits, load_directory};
use windlass_helm::release::{
    Form, Info, Release, Status, StoredChart, StoredSecret, decode_release, secret_name,
};
use windlass_helm::values::map_from_json;
use windlass_helm::{ReleaseOptions, RenderOptions, Rendered, Renderer};
use windlass_testkit::{ControlPlane, Options};

const CHART: [(&str, &str); 5] = [
    (
        "Chart.yaml",
        "apiVersion: v2\nname: web\nversion: 1.2.3\nappVersion: \"4.5\"\nkeywords: [a]\n",
    ),
    ("values.yaml", "colour: red\nreplicas: 1\n"),
    (
        "templates/settings.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-settings\ndata:\n  \
         colour: {{ .Values.colour | quote }}\n  revision: {{ .Release.Revision | quote }}\n",
    ),
    (
        "templates/hook.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-before\n  annotations:\n    \
         helm.sh/hook: pre-install,pre-rollback\n    helm.sh/hook-weight: \"-5\"\n",
    ),
    (
        "templates/NOTES.txt",
        "Hello <{{ .Values.colour }}> & all of {{ .Release.Name }}\n",
    ),
];

fn rendered(name: &str, namespace: &str, revision: i64, values: &Value) -> Rendered {
    let mut tree = Tree::builder(Limits::default());
    for (path, text) in CHART {
        tree.file(path, text.as_bytes().to_vec(), false).unwrap();
    }
    let chart = load_directory(&tree.build(), &LoadLimits::default()).unwrap();
    let options = RenderOptions {
        release: ReleaseOptions {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            revision,
            is_install: revision == 1,
            is_upgrade: revision > 1,
        },
        ..RenderOptions::default()
    };
    let values = map_from_json(values.as_object().unwrap());
    Renderer::new(chart).render(&values, &options).unwrap()
}

/// The release as a controller would store it.
fn release(name: &str, namespace: &str, revision: i64, values: &Value, status: Status) -> Release {
    let rendered = rendered(name, namespace, revision, values);
    Release {
        name: name.to_owned(),
        namespace: namespace.to_owned(),
        version: revision,
        info: Info {
            first_deployed: "2026-01-02T03:04:05Z".to_owned(),
            last_deployed: format!("2026-01-02T03:04:0{revision}Z"),
            description: format!("Run {revision} complete"),
            status,
            notes: rendered.notes.clone(),
            ..Info::default()
        },
        chart: StoredChart::from(&rendered.chart),
        config: map_from_json(values.as_object().unwrap()),
        manifest: rendered.manifest(),
        hooks: rendered.hooks,
        ..Release::default()
    }
}

struct Helm<'a> {
    plane: &'a ControlPlane,
    namespace: &'a str,
}

impl Helm<'_> {
    fn run(&self, arguments: &[&str]) -> String {
        let output = Command::new("helm")
            .args(arguments)
            .args(["--namespace", self.namespace])
            .env("KUBECONFIG", self.plane.kubeconfig())
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "helm {arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.run(&[arguments, &["--output", "json"]].concat())).unwrap()
    }

    /// The text of a stored release, and the release.
    async fn stored(&self, name: &str, revision: i64) -> (String, Release) {
        let secret = secret_name(name, revision);
        let get = ["get", "secret", &secret, "-o", "json", "-n", self.namespace];
        let secret: Value = serde_json::from_str(&self.plane.kubectl(&get).await).unwrap();
        let data = secret["data"]["release"].as_str().unwrap();
        let text = String::from_utf8(STANDARD.decode(data).unwrap()).unwrap();
        let release = decode_release(&text).unwrap();
        (text, release)
    }

    async fn colour(&self, name: &str) -> String {
        let object = format!("configmap/{name}-settings");
        let get = [
            "get",
            &object,
            "-o",
            "jsonpath={.data.colour}",
            "-n",
            self.namespace,
        ];
        self.plane.kubectl(&get).await
    }
}

fn is_missing() -> bool {
    let missing = Command::new("helm").arg("version").output().is_err();
    if missing {
        println!(
            "skipped: helm is not on the PATH; recorded Secrets are read by the tests of the engine"
        );
    }
    missing
}

#[tokio::test(flavor = "multi_thread")]
async fn helm_shows_and_rolls_back_what_windlass_stored() {
    if is_missing() {
        return;
    }
    let plane = ControlPlane::shared(Options::default()).await;
    let namespace = &plane.namespace("records").await;
    let helm = Helm { plane, namespace };
    let first = release(
        "web",
        namespace,
        1,
        &json!({"colour": "blue"}),
        Status::Superseded,
    );
    let second = release(
        "web",
        namespace,
        2,
        &json!({"colour": "green"}),
        Status::Deployed,
    );
    let dir = tempfile::tempdir().unwrap();
    for release in [&first, &second] {
        let secret = StoredSecret::new(release, Form::V4).unwrap();
        apply(plane, dir.path(), &secret.to_json(namespace).to_string()).await;
    }
    apply(plane, dir.path(), &owned(&second.manifest, namespace)).await;

    let listed = helm.json(&["list"]);
    assert_eq!(listed[0]["name"], "web");
    assert_eq!(listed[0]["revision"], "2");
    assert_eq!(listed[0]["status"], "deployed");
    assert_eq!(listed[0]["chart"], "web-1.2.3");
    assert_eq!(listed[0]["app_version"], "4.5");
    let status = helm.json(&["status", "web"]);
    assert_eq!(status["info"]["description"], "Run 2 complete");
    assert_eq!(status["info"]["notes"], "Hello <green> & all of web\n");
    let part = |part: &str, revision: &str| helm.run(&["get", part, "web", "--revision", revision]);
    assert_eq!(part("manifest", "2").trim_end(), second.manifest.trim_end());
    assert_eq!(part("manifest", "1").trim_end(), first.manifest.trim_end());
    assert!(part("hooks", "2").contains("helm.sh/hook-weight: \"-5\""));
    assert!(part("notes", "1").contains("Hello <blue> & all of web"));
    assert!(part("values", "1").contains("colour: blue"));
    let history = helm.json(&["history", "web"]);
    let phases: Vec<_> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|revision| (revision["revision"].as_i64(), revision["status"].as_str()))
        .collect();
    assert_eq!(
        phases,
        [(Some(1), Some("superseded")), (Some(2), Some("deployed"))]
    );

    helm.run(&["rollback", "web", "1"]);
    assert_eq!(helm.colour("web").await, "blue");
    let (_, third) = helm.stored("web", 3).await;
    assert_eq!(third.info.status, Status::Deployed);
    assert_eq!(third.manifest, first.manifest);
    assert!(third.config == first.config && third.chart == first.chart);
    assert_eq!(third.info.notes, first.info.notes);
    let (_, second) = helm.stored("web", 2).await;
    assert_eq!(second.info.status, Status::Superseded);
    helm.run(&["uninstall", "web"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn windlass_reads_what_helm_stored() {
    if is_missing() {
        return;
    }
    let plane = ControlPlane::shared(Options::default()).await;
    let namespace = &plane.namespace("records").await;
    let helm = Helm { plane, namespace };
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in CHART {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let chart = dir.path().to_str().unwrap();
    helm.run(&["install", "shop", chart, "--set", "colour=blue"]);
    helm.run(&["upgrade", "shop", chart, "--set", "colour=green,replicas=3"]);

    for (revision, colour, status) in [
        (1, "blue", Status::Superseded),
        (2, "green", Status::Deployed),
    ] {
        let (text, read) = helm.stored("shop", revision).await;
        let ours = rendered("shop", namespace, revision, &json!({"colour": colour}));
        assert_eq!(read.info.status, status);
        assert_eq!(
            (&*read.name, &*read.namespace, read.version),
            ("shop", &**namespace, revision)
        );
        assert_eq!(read.manifest, ours.manifest());
        assert_eq!(read.info.notes, ours.notes);
        assert_eq!(read.hooks.len(), 1);
        assert_eq!(read.hooks[0].manifest, ours.hooks[0].manifest);
        assert_eq!(read.hooks[0].weight, -5);
        assert_eq!(
            (
                read.chart.name(),
                read.chart.version(),
                read.chart.app_version()
            ),
            ("web", "1.2.3", "4.5")
        );
        let ours = Release {
            chart: StoredChart::from(&ours.chart),
            ..Release::default()
        };
        let ours = StoredSecret::new(&ours, Form::V4).unwrap();
        assert_eq!(
            record(&ours.release)["chart"],
            without_times(record(&text)["chart"].clone())
        );
        // Written again, it is the same record.
        let again = StoredSecret::new(&read, Form::V4).unwrap();
        assert_eq!(record(&again.release), record(&text));
    }
}

/// A stored chart without the times of its files, which say when it was unpacked and nothing more.
fn without_times(mut chart: Value) -> Value {
    let untimed = |object: &mut Value| object.as_object_mut().and_then(|o| o.remove("modtime"));
    untimed(&mut chart);
    for files in ["templates", "files"] {
        let files = chart[files].as_array_mut();
        files.into_iter().flatten().for_each(|file| {
            untimed(file);
        });
    }
    chart
}

fn record(release: &str) -> Value {
    let bytes = STANDARD.decode(release).unwrap();
    let mut json = Vec::new();
    flate2::read::GzDecoder::new(&*bytes)
        .read_to_end(&mut json)
        .unwrap();
    serde_json::from_slice(&json).unwrap()
}

/// The manifest as it is in the cluster of an installed release.
fn owned(manifest: &str, namespace: &str) -> String {
    let marks = format!(
        "metadata:\n  namespace: {namespace}\n  labels:\n    app.kubernetes.io/managed-by: Helm\n  annotations:\n    \
         meta.helm.sh/release-name: web\n    meta.helm.sh/release-namespace: {namespace}\n"
    );
    manifest.replace("metadata:\n", &marks)
}

async fn apply(plane: &ControlPlane, dir: &Path, manifest: &str) {
    let file = dir.join("object.yaml");
    fs::write(&file, manifest).unwrap();
    plane
        .kubectl(&["apply", "-f", file.to_str().unwrap()])
        .await;
}
