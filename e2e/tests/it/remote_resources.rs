//! What a kustomization names by URL is fetched by `windlass kustomize build` from real servers.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use windlass_e2e::binaries;
use windlass_testkit::{GitServer, GitServerOptions, Process, free_port};

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n";

/// Builds `kustomization` in a directory of its own.
fn output_of(kustomization: &str) -> Output {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("kustomization.yaml"), kustomization).unwrap();
    // Without keys: what a user has must not decide over a test.
    Command::new(binaries().join("windlass"))
        .env("HOME", dir.path())
        .args(["kustomize", "build"])
        .arg(dir.path())
        .output()
        .unwrap()
}

fn manifests_of(kustomization: &str) -> String {
    let output = output_of(kustomization);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{kustomization}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn refused(kustomization: &str) -> String {
    let output = output_of(kustomization);
    assert!(!output.status.success(), "{kustomization} was accepted");
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn bases_are_cloned_at_the_revision_asked_for() {
    let git = GitServer::start(GitServerOptions::default());
    let repo = git.repo("bases");
    let shared = git.repo("shared");
    let pinned = shared.commit(&[("cm.yaml", Some(CONFIG))], "shared");
    let tree = [
        ("base/kustomization.yaml", Some("resources: [cm.yaml]\n")),
        ("base/cm.yaml", Some(CONFIG)),
        (
            "overlay/kustomization.yaml",
            Some("resources: [../base]\nnamePrefix: one-\n"),
        ),
        (
            "sub/kustomization.yaml",
            Some("resources: [shared/cm.yaml]\nnamePrefix: sub-\n"),
        ),
        (
            "out/kustomization.yaml",
            Some("resources: [../../x.yaml]\n"),
        ),
    ];
    repo.commit(&tree, "one");
    repo.tag("v1");
    repo.commit_submodule("sub/shared", &shared, &pinned, "a submodule");
    let middle = [(
        "overlay/kustomization.yaml",
        Some("resources: [../base]\nnamePrefix: two-\n"),
    )];
    let second = repo.commit(&middle, "two");
    let last = [(
        "overlay/kustomization.yaml",
        Some("resources: [../base]\nnamePrefix: three-\n"),
    )];
    repo.commit(&last, "three");

    let url = repo.url();
    let named = |name: &str| CONFIG.replace("name: a", &format!("name: {name}"));
    let overlay = |query: &str| manifests_of(&format!("resources: ['{url}/overlay{query}']"));
    assert_eq!(overlay(""), named("three-a"));
    assert_eq!(overlay("?ref=v1"), named("one-a"));
    assert_eq!(overlay("?ref=main"), named("three-a"));
    assert_eq!(overlay(&format!("?ref={second}")), named("two-a"));
    assert_eq!(
        manifests_of(&format!("resources: ['{url}/sub']")),
        named("sub-a"),
        "submodules are filled in unless told otherwise"
    );

    let whole = Command::new(binaries().join("windlass"))
        .args(["kustomize", "build", &format!("{url}/overlay?ref=v1")])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&whole.stdout), named("one-a"));

    let error = refused(&format!("resources: ['{url}/overlay?ref=gone']"));
    assert!(error.contains("gone"), "{error}");
    let error = refused(&format!("resources: ['{url}/out']"));
    assert!(error.contains("x.yaml"), "{error}");
    let error = refused(&format!("resources: ['{url}/sub?submodules=false']"));
    assert!(error.contains("cm.yaml"), "{error}");
    git.hang(true);
    let error = refused(&format!("resources: ['git::{url}/base?timeout=1']"));
    assert!(
        error.contains("deadline") || error.contains("time"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn files_come_over_http() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("cm.yaml"), CONFIG).unwrap();
    let port = free_port();
    let server = serve(dir.path(), port).await;
    let url = format!("http://127.0.0.1:{port}");
    assert_eq!(
        manifests_of(&format!("resources: ['{url}/cm.yaml']")),
        CONFIG
    );
    let error = refused(&format!("resources: ['{url}/gone.yaml']"));
    assert!(
        error.contains("HTTP Error: status code 404 (Not Found)"),
        "{error}"
    );
    drop(server);
    let error = refused(&format!("resources: ['{url}/cm.yaml']"));
    assert!(error.contains(&format!("Get \"{url}/cm.yaml\"")), "{error}");
}

async fn serve(dir: &Path, port: u16) -> Process {
    let mut command = Command::new("python3");
    command
        .args(["-u", "-m", "http.server", "--bind", "127.0.0.1"])
        .arg("--directory")
        .arg(dir)
        .arg(port.to_string());
    let server = Process::spawn(&command, &dir.join("log"));
    server
        .wait_for_log("Serving HTTP", Duration::from_secs(20))
        .await;
    server
}

#[test]
fn repositories_of_other_kinds_are_refused() {
    let error = refused("resources: ['git@127.0.0.1:org/repo']");
    assert!(error.contains("~/.ssh"), "{error}");
    let error = refused("resources: ['file:///srv/repo.git//base']");
    assert!(error.contains("http, https and ssh"), "{error}");
}
