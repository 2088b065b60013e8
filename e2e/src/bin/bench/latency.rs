//! How long a single change takes on an idle cluster: the worst of many tries, as a watch on the
//! changed object sees it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use windlass_e2e::{Objects, is_condition};

use crate::subject::Subject;

const DEADLINE: Duration = Duration::from_mins(2);
const LEVELS: usize = 10;

fn config_map(value: usize) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings}}\ndata: {{value: \"{value}\"}}\n"
    )
}

fn has_value(object: &Value, value: usize) -> bool {
    object["data"]["value"].as_str() == Some(&value.to_string())
}

/// Prints the worst and the median of `tries`.
fn print(what: &str, budget: &str, times: &mut [Duration]) {
    times.sort();
    println!(
        "  {what:<52} worst {:>6.2} s, median {:>6.2} s of {} tries (budget {budget})",
        times.last().map_or(0.0, Duration::as_secs_f64),
        times
            .get(times.len() / 2)
            .map_or(0.0, Duration::as_secs_f64),
        times.len(),
    );
}

pub(crate) async fn measure(tries: usize) {
    println!("\nLatency on an idle cluster");
    let stack = Subject::ours().start(4, false, false).await;
    let objects = stack.namespace("latency").await;
    let repo = stack.git.repo("latency");
    repo.commit(&[("app/cm.yaml", Some(&config_map(0)))], "0");
    objects.git_repository("src", repo.url(), json!({})).await;
    objects.kustomization("app", json!({"path": "./app"})).await;
    let mut settings = objects.watch("ConfigMap");
    let mut sources = objects.watch("GitRepository");
    settings
        .until_object("settings", DEADLINE, |o| has_value(o, 0))
        .await;

    let (mut fetches, mut applies, mut corrections) = (Vec::new(), Vec::new(), Vec::new());
    for value in 1..=tries {
        let commit = repo.commit(&[("app/cm.yaml", Some(&config_map(value)))], "next");
        let poked = Instant::now();
        objects.poke("GitRepository", "src").await;
        let published = sources
            .until_object("src", DEADLINE, |o| {
                let revision = o["status"]["artifact"]["revision"].as_str();
                revision.is_some_and(|revision| revision.ends_with(&commit))
            })
            .await;
        let seen = settings
            .until_object("settings", DEADLINE, |o| has_value(o, value))
            .await;
        fetches.push(published.saturating_duration_since(poked));
        applies.push(seen.saturating_duration_since(published));
    }
    print(
        "annotation poke -> artifact published",
        "none",
        &mut fetches,
    );
    print("artifact published -> change applied", "1 s", &mut applies);

    for _ in 0..tries {
        // Edits that follow each other closely would be taken for a fight and slowed down.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let drifted = Instant::now();
        objects
            .patch("ConfigMap", "settings", json!({"data": {"value": "drift"}}))
            .await;
        settings
            .until_object("settings", DEADLINE, |o| o["data"]["value"] == "drift")
            .await;
        let corrected = settings
            .until_object("settings", DEADLINE, |o| has_value(o, tries))
            .await;
        corrections.push(corrected.saturating_duration_since(drifted));
        if corrections
            .last()
            .is_some_and(|last| *last > Duration::from_secs(4))
        {
            // A pause of its own, so that the next edit counts as another one.
            tokio::time::sleep(Duration::from_secs(61)).await;
        }
    }
    print("drift made -> corrected", "5 s", &mut corrections);
    objects.delete("Kustomization", "app").await;
    objects.until_gone("Kustomization", "app").await;
    chain(&objects, tries).await;
}

/// Levels of `dependsOn`, made in the wrong order, beside one Kustomization alone.
async fn chain(objects: &Objects, tries: usize) {
    let mut kustomizations = objects.watch("Kustomization");
    let ready = |o: &Value| is_condition(o, "Ready", "True");
    let (mut alone, mut chains) = (Vec::new(), Vec::new());
    for _ in 0..tries {
        let started = Instant::now();
        let spec = json!({"path": "./app", "nameSuffix": "-alone", "wait": true});
        objects.kustomization("alone", spec).await;
        let done = kustomizations.until_object("alone", DEADLINE, ready).await;
        alone.push(done.saturating_duration_since(started));
        objects.delete("Kustomization", "alone").await;

        let started = Instant::now();
        for level in (0..LEVELS).rev() {
            let mut spec = json!({
                "path": "./app", "nameSuffix": format!("-{level}"), "wait": true,
            });
            if level > 0 {
                spec["dependsOn"] = json!([{"name": format!("level-{}", level - 1)}]);
            }
            objects.kustomization(&format!("level-{level}"), spec).await;
        }
        let last = format!("level-{}", LEVELS - 1);
        let done = kustomizations.until_object(&last, DEADLINE, ready).await;
        chains.push(done.saturating_duration_since(started));
        for level in 0..LEVELS {
            objects
                .delete("Kustomization", &format!("level-{level}"))
                .await;
        }
        kustomizations
            .until("all are gone", DEADLINE, |all| {
                !all.keys()
                    .any(|name| name.starts_with("level-") || name == "alone")
            })
            .await;
    }
    print("one Kustomization alone -> Ready", "none", &mut alone);
    print(
        "10 levels of dependsOn -> Ready",
        "2 s + 10 x alone",
        &mut chains,
    );
}
