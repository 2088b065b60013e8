//! `windlass helm template --dry-run=server` shows a chart what a real API server has.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use windlass_e2e::binaries;
use windlass_testkit::{ControlPlane, Options};

const TEMPLATE: &str = r#"apiVersion: v1
kind: ConfigMap
metadata:
  name: found
data:
  one: {{ (lookup "v1" "ConfigMap" "looked-at" "settings").data.colour | quote }}
  items: {{ range (lookup "v1" "ConfigMap" "looked-at" "").items }}{{ if eq .metadata.name "settings" }}{{ .kind }} {{ .apiVersion }}{{ end }}{{ end }}
  clusterWide: {{ (lookup "v1" "Namespace" "" "looked-at").metadata.name }}
  namespaceIgnored: {{ (lookup "v1" "Namespace" "other" "looked-at").metadata.name }}
  absent: {{ lookup "v1" "ConfigMap" "looked-at" "nothing" | toJson | quote }}
  unknownKind: {{ lookup "v1" "Gadget" "looked-at" "nothing" | toJson | quote }}
  withoutNamespace: {{ lookup "v1" "ConfigMap" "" "settings" | toJson | quote }}
  group: {{ (lookup "apps/v1" "Deployment" "" "").kind }}
  version: {{ .Capabilities.KubeVersion.Version }} {{ .Capabilities.KubeVersion.Minor }}
  known: {{ .Capabilities.APIVersions.Has "apps/v1/Deployment" }} {{ .Capabilities.APIVersions.Has "v1/Pod" }} {{ .Capabilities.APIVersions.Has "said/v1" }}
"#;

/// Lookups that end the rendering, and why.
const FAILING: [(&str, &str); 3] = [
    (
        r#""example.com/v1" "Gadget" "" """#,
        "unable to get apiresource from unstructured: example.com/v1, Kind=Gadget: the server could not find the requested resource",
    ),
    (
        r#""v1" "ConfigMap" "looked-at" "../secrets""#,
        "invalid resource name \"../secrets\": [may not contain '/']",
    ),
    (
        r#""v1" "ConfigMap" "%" "a""#,
        "invalid namespace \"%\": [may not contain '%']",
    ),
];

fn chart(dir: &Path, template: &str) {
    fs::create_dir_all(dir.join("templates")).unwrap();
    fs::write(
        dir.join("Chart.yaml"),
        "apiVersion: v2\nname: lookups\nversion: 1.0.0\n",
    )
    .unwrap();
    fs::write(dir.join("templates/found.yaml"), template).unwrap();
}

fn template(program: &Path, arguments: &[&str], dir: &Path, kubeconfig: &Path) -> Output {
    Command::new(program)
        .args(arguments)
        .args(["template", "release"])
        .arg(dir)
        .args(["--dry-run=server", "--api-versions", "said/v1"])
        .env("KUBECONFIG", kubeconfig)
        .output()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn charts_look_up_objects_of_a_cluster() {
    let plane = ControlPlane::shared(Options::default()).await;
    plane.kubectl(&["create", "namespace", "looked-at"]).await;
    let settings = [
        "create",
        "configmap",
        "settings",
        "--from-literal=colour=blue",
    ];
    plane
        .kubectl(&[&settings[..], &["--namespace", "looked-at"]].concat())
        .await;
    let dir = tempfile::tempdir().unwrap();
    chart(dir.path(), TEMPLATE);
    let windlass = binaries().join("windlass");
    let ours = template(&windlass, &["helm"], dir.path(), &plane.kubeconfig());
    let errors = String::from_utf8_lossy(&ours.stderr);
    assert!(ours.status.success(), "{errors}");
    let text = String::from_utf8(ours.stdout).unwrap();
    for line in [
        "one: \"blue\"",
        "items: ConfigMap v1",
        "clusterWide: looked-at",
        "namespaceIgnored: looked-at",
        "absent: \"{}\"",
        "unknownKind: \"{}\"",
        "withoutNamespace: \"{}\"",
        "group: DeploymentList",
        "known: true true false",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }

    let compare = Command::new("helm").arg("version").output().is_ok();
    let helm = Path::new("helm");
    for (lookup, problem) in FAILING {
        let failing = tempfile::tempdir().unwrap();
        chart(failing.path(), &format!("a: {{{{ lookup {lookup} }}}}\n"));
        let first = |program, arguments: &[&str]| {
            let refused = template(program, arguments, failing.path(), &plane.kubeconfig());
            let words = String::from_utf8(refused.stderr).unwrap();
            words
                .lines()
                .find(|line| line.starts_with("Error:"))
                .map(str::to_owned)
        };
        let ours = first(&windlass, &["helm"]);
        let end = format!("error calling lookup: {problem}");
        assert!(
            ours.as_ref().is_some_and(|line| line.ends_with(&end)),
            "{ours:?}"
        );
        if compare {
            assert_eq!(ours, first(helm, &[]));
        }
    }
    if !compare {
        println!("skipped: nothing to compare with, helm is not on the PATH");
        return;
    }
    let theirs = template(helm, &[], dir.path(), &plane.kubeconfig());
    assert_eq!(
        text,
        String::from_utf8_lossy(&theirs.stdout),
        "{}",
        String::from_utf8_lossy(&theirs.stderr)
    );
}

#[test]
fn the_context_gives_the_namespace() {
    let dir = tempfile::tempdir().unwrap();
    chart(dir.path(), "a: {{ .Release.Namespace }}\n");
    let kubeconfig = dir.path().join("kubeconfig");
    let context = |name| {
        format!("- name: {name}\n  context: {{cluster: c, user: u, namespace: {name}-ns}}\n")
    };
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: one\nclusters: []\nusers: []\ncontexts:\n{}{}",
        context("one"),
        context("two")
    );
    fs::write(&kubeconfig, text).unwrap();
    let namespace = |flags: &[&str]| {
        let rendered = Command::new(binaries().join("windlass"))
            .args(["helm", "template", "release"])
            .arg(dir.path())
            .args(flags)
            .env("KUBECONFIG", &kubeconfig)
            .output()
            .unwrap();
        let text = String::from_utf8(rendered.stdout).unwrap();
        text.lines()
            .find_map(|line| line.strip_prefix("a: ").map(str::to_owned))
    };
    assert_eq!(namespace(&[]).as_deref(), Some("one-ns"));
    assert_eq!(
        namespace(&["--kube-context=two"]).as_deref(),
        Some("two-ns")
    );
    assert_eq!(namespace(&["-n", "three"]).as_deref(), Some("three"));
    fs::remove_file(&kubeconfig).unwrap();
    assert_eq!(namespace(&[]).as_deref(), Some("default"));
}

#[test]
fn a_cluster_that_is_not_there_is_named() {
    let dir = tempfile::tempdir().unwrap();
    chart(dir.path(), "a: b\n");
    let kubeconfig = dir.path().join("kubeconfig");
    let windlass = binaries().join("windlass");
    let ours = template(&windlass, &["helm"], dir.path(), &kubeconfig);
    assert!(!ours.status.success());
    let words = String::from_utf8_lossy(&ours.stderr).into_owned();
    assert!(
        words.contains("cluster reachability check failed: kubernetes cluster unreachable"),
        "{words}"
    );
}
