//! A volume of artifacts that is full.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use rand::Rng;
use serde_json::{Value, json};
use windlass_e2e::{
    ArtifactWatch, Controller, Stack, StackOptions, condition, is_condition, seeded,
};
use windlass_testkit::{Entry, wait_until};

const DEADLINE: Duration = Duration::from_mins(1);
/// Of the file in each commit, which cannot be compressed.
const LOAD: usize = 2 << 20;

/// A file system in memory, gone when it is dropped.
struct Volume(PathBuf);

impl Volume {
    /// Mounts one of 8 MiB and so many files at `path`; `None`, said in a line, where that is not
    /// permitted.
    fn mount(path: &Path) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=8m,nr_inodes=64", "tmpfs"]);
        let output = mount.arg(path).output();
        let mounted = output.is_ok_and(|output| output.status.success());
        if !mounted {
            println!("skipped: a file system cannot be mounted here");
        }
        mounted.then(|| Self(path.to_owned()))
    }

    /// Takes all that is left: bytes, and files.
    fn fill(&self) {
        let mut file = File::create(self.0.join(".filler")).unwrap();
        let block = [0; 4096];
        while file.write_all(&block).is_ok() {}
        let mut others = (0..).map(|i| self.0.join(format!(".filler-{i}")));
        while File::create(others.next().unwrap()).is_ok() {}
    }

    fn make_room(&self) {
        for entry in fs::read_dir(&self.0).unwrap() {
            let path = entry.unwrap().path();
            if path.to_string_lossy().contains("/.filler") {
                fs::remove_file(path).unwrap();
            }
        }
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        // Lazily: the controller may still have files open.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_volume_is_named_and_the_last_artifact_stays_served() {
    let mut stack = Stack::start(StackOptions::default()).await;
    stack.stop(Controller::Source);
    let Some(volume) = Volume::mount(&stack.storage()) else {
        return;
    };
    stack.start_controller(Controller::Source);
    let mut random = seeded("disk");
    let objects = stack.namespace("disk").await;
    let repo = stack.git.repo("disk");
    let mut commit = |value: u32| {
        let mut load = vec![0; LOAD];
        random.fill_bytes(&mut load);
        let text = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: cm}}\ndata: {{a: \"{value}\"}}\n"
        );
        let entries = [
            ("load", Entry::File(load)),
            ("app/cm.yaml", Entry::File(text.into_bytes())),
        ];
        repo.commit_entries("main", &entries, "load")
    };
    let first = commit(1);
    objects
        .git_repository("src", repo.url(), json!({"interval": "2s"}))
        .await;
    objects.kustomization("app", json!({"path": "app"})).await;
    let ready = objects.until_applied("app", &first).await;
    assert!(is_condition(&ready, "Ready", "True"));
    let stored = objects.get("GitRepository", "src").await.unwrap();
    let artifact = stored["status"]["artifact"].clone();
    let consumer = ArtifactWatch::start(&stack.client, &objects, "src");

    volume.fill();
    let second = commit(2);
    let says_so = |object: &Value| {
        let failed = condition(object, "StorageOperationFailed");
        is_condition(object, "Ready", "False")
            && object["status"]["artifact"] == artifact
            && failed.is_some_and(|c| {
                let message = c["message"].as_str().unwrap_or_default();
                c["status"] == "True" && message.contains("no space left on the artifact volume")
            })
    };
    objects
        .until("GitRepository", "src", "the volume is full", says_so)
        .await;
    more_is_served(&consumer).await;

    // Whoever starts on a full volume serves what is there.
    stack.kill9(Controller::Source);
    stack.start_controller(Controller::Source);
    more_is_served(&consumer).await;
    objects
        .until("GitRepository", "src", "the volume is still full", says_so)
        .await;
    let app = objects.get("Kustomization", "app").await.unwrap();
    assert!(is_condition(&app, "Ready", "True"));

    // There is room again, and nobody says so.
    volume.make_room();
    objects.until_applied("app", &second).await;
    objects
        .until("GitRepository", "src", "recovered", |o| {
            is_condition(o, "Ready", "True") && condition(o, "StorageOperationFailed").is_none()
        })
        .await;
    more_is_served(&consumer).await;
    assert_eq!(consumer.seen().faults, [""; 0]);
    stack.stop(Controller::Source);
}

async fn more_is_served(consumer: &ArtifactWatch) {
    let before = consumer.seen().whole;
    wait_until("another download", DEADLINE, async || {
        consumer.seen().whole > before + 1
    })
    .await;
}
