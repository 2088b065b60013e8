//! Controllers that are killed at any moment lose nothing.

use std::time::Duration;

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use windlass_e2e::{Controller, Stack, StackOptions};

const CHANGES: usize = 30;
const KILLS: usize = 10;
const OBJECTS: usize = 5;

/// Thirty commits, during which each controller is killed ten times; at the end the cluster is
/// what the last commit says, and nothing else is there.
#[tokio::test(flavor = "multi_thread")]
async fn killed_controllers_catch_up() {
    let seed = std::env::var("SEED")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or_else(rand::random);
    println!("SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut stack = Stack::start(StackOptions::default()).await;
    let objects = stack.namespace("faults").await;
    let repo = stack.git.repo("faults");
    let mut commit = repo.commit(&[("0.yaml", Some(&config_map(0, 0)))], "first");
    objects
        .git_repository("src", repo.url(), json!({"interval": "2s"}))
        .await;
    objects
        .kustomization("app", json!({"interval": "5s", "wait": true}))
        .await;
    objects.until_applied("app", &commit).await;

    // What the last commit holds: a value for each object, or none.
    let mut model: [Option<usize>; OBJECTS] = [None; OBJECTS];
    model[0] = Some(0);
    let mut kills: Vec<(usize, Controller)> = (0..2 * KILLS)
        .map(|kill| {
            let which = if kill % 2 == 0 {
                Controller::Source
            } else {
                Controller::Kustomize
            };
            (random.random_range(0..CHANGES), which)
        })
        .collect();
    for change in 1..=CHANGES {
        let object = random.random_range(0..OBJECTS);
        // At least one object stays, so that the directory does.
        let others = model
            .iter()
            .enumerate()
            .any(|(i, v)| i != object && v.is_some());
        model[object] = if others && random.random_bool(0.3) {
            None
        } else {
            Some(change)
        };
        let file = format!("{object}.yaml");
        let text = model[object].map(|value| config_map(object, value));
        if text.is_some() || repo.resolve(&format!("HEAD:{file}")).is_some() {
            commit = repo.commit(&[(&file, text.as_deref())], &format!("change {change}"));
        }
        objects.poke("GitRepository", "src").await;
        while let Some(next) = kills.iter().position(|(when, _)| *when < change) {
            let (_, which) = kills.remove(next);
            // Anywhere between the poke and the end of the reconcile.
            tokio::time::sleep(Duration::from_millis(random.random_range(0..400))).await;
            stack.kill9(which);
            stack.start_controller(which);
        }
    }
    objects.until_applied("app", &commit).await;
    for (object, value) in model.iter().enumerate() {
        let name = format!("cm-{object}");
        match value {
            Some(value) => {
                let text = value.to_string();
                let is_current = |o: &Value| o["data"]["value"].as_str() == Some(&text);
                objects
                    .until("ConfigMap", &name, &format!("value {text}"), is_current)
                    .await;
            }
            None => objects.until_gone("ConfigMap", &name).await,
        }
    }
}

fn config_map(object: usize, value: usize) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: cm-{object}}}\ndata: {{value: \"{value}\"}}\n"
    )
}
