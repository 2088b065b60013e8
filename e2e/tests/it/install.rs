//! What is shipped to install Windlass is accepted by a real API server, and its flags by the
//! real controllers.

use std::{fs, process::Command};

use clap::Parser;
use serde_json::Value;
use windlass_e2e::{binaries, workspace_root};
use windlass_testkit::{ControlPlane, Options};

#[tokio::test(flavor = "multi_thread")]
async fn config_and_chart_are_accepted_by_the_api_server() {
    let plane = ControlPlane::shared(Options::default()).await;
    plane
        .kubectl(&["create", "namespace", "windlass-system"])
        .await;
    let root = workspace_root();
    let built = Command::new(binaries().join("windlass"))
        .args(["kustomize", "build"])
        .arg(root.join("config/default"))
        .output()
        .unwrap();
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    accept(plane, "config", &String::from_utf8(built.stdout).unwrap()).await;

    if Command::new("helm").arg("version").output().is_err() {
        println!("skipped: the chart is not rendered, helm is not on the PATH");
        return;
    }
    let values: [&[&str]; 3] = [
        &[],
        &[
            "--set",
            "kustomizeController.clusterAdmin=false",
            "--set",
            "monitoring.enabled=true",
        ],
        &[
            "--set",
            "persistence.enabled=true",
            "--set",
            "kustomizeController.enabled=false",
        ],
    ];
    for set in values {
        let rendered = Command::new("helm")
            .args([
                "template",
                "windlass",
                "--namespace",
                "windlass-system",
                "--include-crds",
            ])
            .arg(root.join("charts/windlass"))
            .args(set)
            .output()
            .unwrap();
        assert!(
            rendered.status.success(),
            "{}",
            String::from_utf8_lossy(&rendered.stderr)
        );
        accept(plane, "chart", &String::from_utf8(rendered.stdout).unwrap()).await;
    }
}

/// The objects pass a server-side dry run, and the arguments of the Deployments parse.
async fn accept(plane: &ControlPlane, what: &str, manifests: &str) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("manifests.yaml");
    // Kinds of other operators are not installed here.
    let objects: Vec<Value> = windlass_yaml::documents(manifests)
        .unwrap()
        .into_iter()
        .filter(|object| !object.is_null() && object["kind"] != "PodMonitor")
        .collect();
    let text: Vec<String> = objects.iter().map(windlass_yaml::json_to_yaml).collect();
    fs::write(&file, text.join("---\n")).unwrap();
    plane
        .kubectl(&[
            "apply",
            "--server-side",
            "--dry-run=server",
            "-f",
            file.to_str().unwrap(),
        ])
        .await;
    let mut deployments = 0;
    for object in &objects {
        if object["kind"] != "Deployment" {
            continue;
        }
        deployments += 1;
        let container = &object["spec"]["template"]["spec"]["containers"][0];
        let name = object["metadata"]["name"].as_str().unwrap();
        let arguments = container["args"].as_array().unwrap().iter();
        let arguments = std::iter::once(name).chain(arguments.map(|a| a.as_str().unwrap()));
        if name.contains("source") {
            source_controller::Flags::try_parse_from(arguments).map(drop)
        } else {
            kustomize_controller::Flags::try_parse_from(arguments).map(drop)
        }
        .unwrap_or_else(|error| panic!("{what}: {name}: {error}"));
    }
    assert!(deployments > 0, "{what} has no Deployment");
}
