//! The recorded scenarios: what users see of the controllers, compared with what the originals
//! showed.

use std::{
    net::TcpListener,
    process::{Command, Stdio},
};

use windlass_e2e::{binaries, workspace_root};

use crate::conformance;

/// The player takes this many ports from a base of its choice.
const PORTS: u16 = 26;

#[test]
fn controllers_answer_as_recorded() {
    let Some(dir) = conformance::folder("flux") else {
        return;
    };
    let built = Command::new(workspace_root().join("e2e/control-plane/build.sh"))
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(built.status.success(), "building the control plane failed");
    let assets = String::from_utf8(built.stdout).unwrap();
    let mut run = Command::new("python3");
    run.arg(dir.join("run.py"))
        .args(["--assets", assets.trim()])
        .arg("--bin")
        .arg(binaries())
        .arg("--crds")
        .arg(workspace_root().join("config/crd"))
        .arg("--expect")
        .arg(dir.join("recorded"))
        .arg("--waive")
        .arg(workspace_root().join("e2e/waivers.txt"))
        .args(["--port", &free_ports().to_string()]);
    if let Ok(only) = std::env::var("ONLY") {
        run.args(["--only", &only]);
    }
    if let Ok(logs) = std::env::var("LOGS") {
        run.args(["--logs", &logs]);
    }
    let played = run.output().unwrap();
    println!("{}", String::from_utf8_lossy(&played.stdout));
    assert!(
        played.status.success(),
        "differences from the recordings\n{}",
        String::from_utf8_lossy(&played.stderr)
    );
}

/// The base of a row of ports that are all free.
fn free_ports() -> u16 {
    (0..200)
        .map(|_| rand::random_range(20_000..30_000))
        .find(|base| {
            (*base..base + PORTS).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok())
        })
        .expect("a row of free ports")
}
