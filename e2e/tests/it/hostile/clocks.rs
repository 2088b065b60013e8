//! Clocks that are wrong. Those of others, since no test can turn its own: that a controller goes by
//! them would show in the same way.

use std::{
    fs::{self, File},
    time::{Duration, Instant, SystemTime},
};

use serde_json::{Value, json};
use windlass_e2e::{Controller, Objects, Stack, StackOptions};

use super::rig::{Case, config_map, open};

const LEASE: Duration = Duration::from_secs(6);
const AHEAD: &str = "2999-01-01T00:00:00Z";
const BEHIND: &str = "2001-01-01T00:00:00Z";

fn lease_name(controller: Controller) -> String {
    format!("{}-leader-election", controller.name())
}

/// Has somebody hold the lease of a controller, by a clock of their own.
async fn hold(system: &Objects, controller: Controller, holder: &str, time: &str) {
    let spec = json!({
        "holderIdentity": holder, "leaseDurationSeconds": LEASE.as_secs(), "leaseTransitions": 7,
        "acquireTime": micro(time), "renewTime": micro(time),
    });
    let name = lease_name(controller);
    system.patch("Lease", &name, json!({"spec": spec})).await;
}

/// A time as leases have it.
fn micro(time: &str) -> String {
    time.replace('Z', ".000000Z")
}

async fn transitions(system: &Objects, controller: Controller) -> Option<i64> {
    let lease = system.get("Lease", &lease_name(controller)).await?;
    lease["spec"]["leaseTransitions"].as_i64()
}

#[tokio::test(flavor = "multi_thread")]
async fn r_11_the_clocks_of_others_are_not_believed() {
    let flags = [
        "--enable-leader-election",
        "--leader-election-lease-duration=6s",
        "--leader-election-renew-deadline=5s",
        "--leader-election-retry-period=500ms",
    ]
    .map(str::to_owned);
    let mut stack = Stack::start(StackOptions {
        source_flags: flags.to_vec(),
        kustomize_flags: flags.to_vec(),
        ..StackOptions::default()
    })
    .await;
    let objects = stack.namespace("clocks").await;
    let system = Objects::new(&stack.client, "flux-system");
    let repo = stack.git.repo("clocks");
    repo.commit(&[("cm.yaml", Some(&config_map("first")))], "first");
    let (url, spec) = (repo.url(), json!({"interval": "1s"}));
    objects.git_repository("src", url, spec).await;
    objects.kustomization("app", json!({})).await;
    let commit = repo.head();
    objects.until_applied("app", &commit).await;
    for controller in [Controller::Source, Controller::Kustomize] {
        stack.stop(controller);
    }

    // One leader is dead, though by its clock its lease has hardly begun; one is alive, though by its
    // clock the lease has long been over.
    hold(&system, Controller::Source, "dead", AHEAD).await;
    hold(&system, Controller::Kustomize, "alive", BEHIND).await;
    let commit = repo.commit(&[("cm.yaml", Some(&config_map("second")))], "second");
    for controller in [Controller::Source, Controller::Kustomize] {
        stack.start_controller(controller);
    }
    let started = Instant::now();
    // As often as a leader renews its lease.
    let mut pace = tokio::time::interval(Duration::from_millis(300));
    for beat in 1.. {
        pace.tick().await;
        let time = format!("2001-01-01T00:00:00.{beat:06}Z");
        let renewed = json!({"spec": {"renewTime": time}});
        let name = lease_name(Controller::Kustomize);
        system.patch("Lease", &name, renewed).await;
        let replaced = transitions(&system, Controller::Source).await == Some(8);
        if started.elapsed() > 5 * LEASE || replaced && started.elapsed() > 2 * LEASE {
            break;
        }
    }
    assert_eq!(transitions(&system, Controller::Source).await, Some(8));
    assert_eq!(transitions(&system, Controller::Kustomize).await, Some(7));
    assert!(objects.get("ConfigMap", "second").await.is_none());
    // Now this one is dead too.
    objects.until_applied("app", &commit).await;
    assert_eq!(transitions(&system, Controller::Kustomize).await, Some(8));
}

#[tokio::test(flavor = "multi_thread")]
async fn r_11_times_of_objects_and_files_say_nothing_of_what_is_due() {
    let case = Case::new(open().await).await;
    let (objects, repo, stack) = (&case.objects, &case.repo, case.stack);
    case.commit(&[("cm.yaml", &config_map("first"))]);
    case.source(json!({"interval": "1s"})).await;
    objects.kustomization("app", json!({})).await;
    let commit = case.commit(&[("cm.yaml", &config_map("second"))]);
    objects.until_applied("app", &commit).await;
    for (kind, name) in [("GitRepository", "src"), ("Kustomization", "app")] {
        let mut status = objects.get(kind, name).await.unwrap()["status"].clone();
        later(&mut status);
        objects.patch_status(kind, name, status).await;
    }
    let directory = stack
        .storage()
        .join("gitrepository")
        .join(objects.namespace())
        .join("src");
    let next_year = SystemTime::now() + Duration::from_hours(365 * 24);
    for file in fs::read_dir(&directory).unwrap().flatten() {
        let file = File::options().write(true).open(file.path()).unwrap();
        file.set_modified(next_year).unwrap();
    }
    let commit = repo.commit(&[("cm.yaml", Some(&config_map("third")))], "third");
    objects.until_applied("app", &commit).await;
    assert_eq!(case.config_maps().await, ["third"]);
    // A request is one that differs from the last one, not one that is later. Nothing else is due.
    let hourly = json!({"spec": {"interval": "1h"}});
    objects.patch("GitRepository", "src", hourly).await;
    objects
        .until_condition("GitRepository", "src", "Ready", "True")
        .await;
    for (kind, name) in [("GitRepository", "src"), ("Kustomization", "app")] {
        for time in [AHEAD, BEHIND] {
            let annotations = json!({"reconcile.fluxcd.io/requestedAt": time});
            let patch = json!({"metadata": {"annotations": annotations}});
            objects.patch(kind, name, patch).await;
            objects
                .until(kind, name, "the request is handled", |o| {
                    o["status"]["lastHandledReconcileAt"] == time
                })
                .await;
        }
    }
    let artifacts = fs::read_dir(&directory).unwrap().flatten();
    let kept = artifacts
        .filter(|file| file.path().extension().is_some_and(|e| e == "gz"))
        .count();
    assert!(kept <= 2, "{kept}");
}

/// Puts every time of a status far into the future.
fn later(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(later),
        Value::Object(fields) => {
            for (name, field) in fields {
                if name.ends_with("Time") {
                    *field = json!(AHEAD);
                } else {
                    later(field);
                }
            }
        }
        _ => {}
    }
}
