//! The system, what is done to it, and what must be there.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use http::StatusCode;
use rand::{Rng, RngExt, seq::IndexedRandom};
use serde_json::{Value, json};
use windlass_e2e::{ArtifactWatch, Controller, Declared, Objects, Stack, StackOptions};
use windlass_testkit::Repo;

const FOLDERS: [&str; 4] = ["red", "green", "blue", "grey"];
const OBJECTS: usize = 10;
const BYSTANDER: &str = "bystander";
/// How long the system may take from a quiet moment on until the cluster is as declared.
const CATCH_UP: Duration = Duration::from_mins(3);
/// How long the Git server misbehaves at most.
const OUTAGE: Duration = Duration::from_secs(6);

/// The system under test and the model of it.
pub(crate) struct World {
    pub(crate) stack: Stack,
    objects: Objects,
    repo: Repo,
    declared: Declared,
    commit: String,
    changes: u64,
    consumer: ArtifactWatch,
    bystander: Value,
    git_broken_until: Option<Instant>,
    /// How often each thing was done.
    pub(crate) done: BTreeMap<&'static str, usize>,
    /// What was found to be wrong.
    pub(crate) differences: Vec<String>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let stack = Stack::start(StackOptions::default()).await;
        let objects = stack.namespace("soak").await;
        let repo = stack.git.repo("soak");
        let (declared, commit) = Declared::new(&repo, &FOLDERS, OBJECTS);
        objects
            .git_repository(
                "src",
                repo.url(),
                json!({"interval": "5s", "timeout": "5s"}),
            )
            .await;
        objects
            .apply(json!({"apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": BYSTANDER, "namespace": objects.namespace()}}))
            .await;
        let bystander = objects
            .get("ConfigMap", BYSTANDER)
            .await
            .expect("it is there");
        let consumer = ArtifactWatch::start(&stack.client, &objects, "src");
        let world = Self {
            stack,
            objects,
            repo,
            declared,
            commit,
            changes: 0,
            consumer,
            bystander,
            git_broken_until: None,
            done: BTreeMap::new(),
            differences: Vec::new(),
        };
        for folder in FOLDERS {
            world.install(folder).await;
        }
        world
    }

    async fn install(&self, folder: &str) {
        let spec = json!({"path": folder, "interval": "20s", "wait": true});
        self.objects.kustomization(folder, spec).await;
    }

    /// Does one thing. With `kills`, it may be to kill a controller.
    pub(crate) async fn act(&mut self, random: &mut impl Rng, kills: bool) {
        if self
            .git_broken_until
            .is_some_and(|until| Instant::now() >= until)
        {
            self.restore_git();
        }
        let what = match random.random_range(0..1000) {
            0..450 => self.change(random).await,
            450..600 => self.edit(random).await,
            600..700 => self.delete(random).await,
            700..850 => self.poke(random).await,
            850..900 => self.reinstall(random).await,
            900..940 => self.break_git(random),
            940..945 => self.restart_api_server().await,
            945..970 if kills => self.kill(Controller::Source),
            945..995 if kills => self.kill(Controller::Kustomize),
            _ => "pauses",
        };
        *self.done.entry(what).or_default() += 1;
    }

    async fn change(&mut self, random: &mut impl Rng) -> &'static str {
        self.changes += 1;
        let edit = self.declared.change(random, self.changes);
        self.commit = edit.commit(&self.repo, "change");
        // The others are found at the interval.
        if random.random_bool(0.7) {
            self.objects.poke("GitRepository", "src").await;
        }
        "commits"
    }

    /// A declared object that is in the cluster now.
    async fn present(&self, random: &mut impl Rng) -> Option<String> {
        let name = self.declared.names().choose(random)?.clone();
        self.objects.get("ConfigMap", &name).await.map(|_| name)
    }

    async fn edit(&mut self, random: &mut impl Rng) -> &'static str {
        let Some(mut name) = self.present(random).await else {
            return "pauses";
        };
        let which = random.random_range(0..4);
        if which > 1 {
            // What is relabelled and taken out of Git at once is not the Kustomization's to
            // delete any more; the first of a folder is never taken out.
            let folder = FOLDERS.choose(random).expect("there are folders");
            name = format!("{folder}-0");
        }
        let edit = match which {
            0 => json!({"data": {"value": "edited"}}),
            1 => json!({"data": {"value": null}}),
            2 => json!({"metadata": {"labels": {"kustomize.toolkit.fluxcd.io/name": null}}}),
            _ => json!({"metadata": {"labels": {"kustomize.toolkit.fluxcd.io/name": "other"}}}),
        };
        // It may have been pruned since.
        if self.objects.try_patch("ConfigMap", &name, edit).await {
            "edits"
        } else {
            "pauses"
        }
    }

    async fn delete(&mut self, random: &mut impl Rng) -> &'static str {
        if let Some(name) = self.present(random).await {
            self.objects.delete("ConfigMap", &name).await;
        }
        "deletions"
    }

    async fn poke(&mut self, random: &mut impl Rng) -> &'static str {
        match FOLDERS.choose(random) {
            Some(folder) if random.random_bool(0.7) => {
                self.objects.poke("Kustomization", folder).await;
            }
            _ => self.objects.poke("GitRepository", "src").await,
        }
        "pokes"
    }

    /// Deletes a Kustomization, which takes its objects along, and makes it again.
    async fn reinstall(&mut self, random: &mut impl Rng) -> &'static str {
        let folder = FOLDERS.choose(random).expect("there are folders");
        self.objects.delete("Kustomization", folder).await;
        self.objects.until_gone("Kustomization", folder).await;
        let prefix = format!("{folder}-");
        for object in self.objects.list("ConfigMap").await {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            let label = &object["metadata"]["labels"]["kustomize.toolkit.fluxcd.io/name"];
            // What somebody relabelled is not the Kustomization's any more.
            if !name.starts_with(&prefix) {
                continue;
            }
            if label == *folder {
                self.differences
                    .push(format!("{name} outlived its Kustomization"));
            }
            self.objects.delete("ConfigMap", name).await;
        }
        self.install(folder).await;
        "reinstallations"
    }

    fn break_git(&mut self, random: &mut impl Rng) -> &'static str {
        self.restore_git();
        match random.random_range(0..3) {
            0 => self
                .stack
                .git
                .fail_with(Some(StatusCode::INTERNAL_SERVER_ERROR)),
            1 => self.stack.git.hang(true),
            _ => self.stack.git.cut_after(Some(random.random_range(1..800))),
        }
        self.git_broken_until = Some(Instant::now() + OUTAGE.mul_f64(random.random()));
        "Git outages"
    }

    fn restore_git(&mut self) {
        self.git_broken_until = None;
        self.stack.git.fail_with(None);
        self.stack.git.hang(false);
        self.stack.git.cut_after(None);
        // A server that remembers every request is a leak of the harness.
        self.stack.git.forget_requests();
        self.stack.sink.clear();
    }

    async fn restart_api_server(&mut self) -> &'static str {
        self.stack.plane.restart_api_server().await;
        "API server restarts"
    }

    fn kill(&mut self, controller: Controller) -> &'static str {
        self.stack.kill9(controller);
        self.stack.start_controller(controller);
        "kills"
    }

    /// Lets the system catch up and notes what is different from the model then.
    pub(crate) async fn compare(&mut self) {
        self.restore_git();
        let started = Instant::now();
        let mut found = loop {
            let found = self.found().await;
            if found.is_empty() || started.elapsed() > CATCH_UP {
                break found;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        };
        self.differences.append(&mut found);
        self.differences.append(&mut self.consumer.take_faults());
        let bystander = self.objects.get("ConfigMap", BYSTANDER).await;
        if bystander.as_ref() != Some(&self.bystander) {
            self.differences
                .push("the bystander was touched".to_owned());
        }
        for controller in [Controller::Source, Controller::Kustomize] {
            let process = self.stack.process(controller);
            if let Some(status) = process.exit_status() {
                let log = process.log();
                let name = controller.name();
                self.differences
                    .push(format!("{name} ended ({status}): {log}"));
                self.stack.start_controller(controller);
            }
        }
        *self.done.entry("comparisons").or_default() += 1;
    }

    async fn found(&self) -> Vec<String> {
        let mut found = self.declared.differences(&self.objects).await;
        for folder in FOLDERS {
            let object = self
                .objects
                .get("Kustomization", folder)
                .await
                .unwrap_or_default();
            let applied = object["status"]["lastAppliedRevision"]
                .as_str()
                .unwrap_or_default();
            if !applied.ends_with(&self.commit) {
                found.push(format!(
                    "{folder} has applied {applied:?}, not {}",
                    self.commit
                ));
            }
        }
        found
    }

    pub(crate) fn progress(&self) -> String {
        let done: Vec<String> = self
            .done
            .iter()
            .map(|(what, n)| format!("{n} {what}"))
            .collect();
        format!(
            "{}; {} differences",
            done.join(", "),
            self.differences.len()
        )
    }

    pub(crate) fn artifacts(&self) -> (u64, u64) {
        let seen = self.consumer.seen();
        (seen.whole, seen.interrupted)
    }
}
