//! Controllers that are killed at any moment, an API server that goes away and a Git server that
//! misbehaves: nothing is lost, and nothing is deleted or served that must not be.

use std::time::{Duration, Instant};

use http::StatusCode;
use k8s_openapi::jiff::Timestamp;
use rand::{
    Rng, RngExt,
    rngs::StdRng,
    seq::{SliceRandom, index::sample},
};
use serde_json::{Value, json};
use windlass_e2e::{ArtifactWatch, Controller, Declared, Objects, Stack, StackOptions, seeded};
use windlass_testkit::{AuditEvent, AuditTail};

/// Each with this many objects.
const FOLDERS: [&str; 3] = ["red", "green", "blue"];
const OBJECTS: usize = 12;
/// What no commit ever declares.
const BYSTANDERS: [&str; 3] = ["bystander", "redder-1", "blue"];

/// How much happens.
struct Form {
    changes: usize,
    /// Of each controller.
    kills: usize,
    api_restarts: usize,
    /// How many of the kustomize-controller's kills have to fall between the first apply of a run
    /// and its final status.
    within_runs: usize,
}

const SHORT: Form = Form {
    changes: 60,
    kills: 15,
    api_restarts: 1,
    within_runs: 9,
};
const FULL: Form = Form {
    changes: 200,
    kills: 50,
    api_restarts: 2,
    within_runs: 30,
};

/// What happens with a change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    Kill(Controller),
    ApiServer,
    /// The Git server, for this change and some that follow.
    Git(GitFault),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum GitFault {
    Status,
    Hang,
    Cut,
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_controllers_catch_up() {
    let form = if super::full() { FULL } else { SHORT };
    let mut random = seeded("kills");
    let mut stack = Stack::start(StackOptions {
        audit: true,
        // One after the other: the runs take longer, and there is more to interrupt.
        kustomize_flags: vec!["--concurrent-ssa=1".to_owned()],
        ..StackOptions::default()
    })
    .await;
    let objects = stack.namespace("kills").await;
    for name in BYSTANDERS {
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": objects.namespace()}});
        objects.apply(object).await;
    }
    let repo = stack.git.repo("kills");
    let (mut declared, first) = Declared::new(&repo, &FOLDERS, OBJECTS);
    objects
        .git_repository(
            "src",
            repo.url(),
            json!({"interval": "2s", "timeout": "3s"}),
        )
        .await;
    for folder in FOLDERS {
        objects
            .kustomization(folder, json!({"path": folder, "wait": true}))
            .await;
    }
    declared
        .until_there(&objects, &first, Duration::from_mins(1))
        .await;
    let uids = uids(&objects).await;
    let consumer = ArtifactWatch::start(&stack.client, &objects, "src");

    let mut plan = plan(&form, &mut random);
    let mut tail = stack.plane.audit_tail();
    let mut kills = Vec::new();
    let mut git_faulty_until = 0;
    let started = Instant::now();
    for change in 1..=form.changes {
        if change >= git_faulty_until {
            restore(&stack);
        }
        let due = std::mem::take(&mut plan[change - 1]);
        for fault in &due {
            if let Fault::Git(fault) = fault {
                break_git(&stack, *fault, &mut random);
                git_faulty_until = change + random.random_range(1..=3);
            }
        }
        tail.read();
        let edit = declared.change(&mut random, change as u64);
        edit.commit(&repo, &format!("change {change}"));
        // As a webhook of the server would.
        objects.poke("GitRepository", "src").await;
        let git_works = change >= git_faulty_until;
        for fault in due {
            match fault {
                Fault::Kill(controller) => {
                    if controller == Controller::Kustomize {
                        // Without a commit there is no run to interrupt.
                        if !git_works && change < form.changes {
                            plan[change].push(fault);
                            continue;
                        }
                        first_apply(&mut tail, &mut random).await;
                    } else {
                        pause(&mut random, 400).await;
                    }
                    kills.push((controller, Timestamp::now()));
                    stack.kill9(controller);
                    stack.start_controller(controller);
                }
                Fault::ApiServer => {
                    pause(&mut random, 400).await;
                    stack.plane.restart_api_server().await;
                }
                Fault::Git(_) => {}
            }
        }
        pause(&mut random, 300).await;
    }
    restore(&stack);
    // Nobody tells of the last one: the interval finds it.
    let edit = declared.change_all(form.changes as u64 + 1);
    let last = edit.commit(&repo, "last");
    declared
        .until_there(&objects, &last, Duration::from_mins(2))
        .await;
    println!("{} changes in {:?}", form.changes, started.elapsed());

    for (name, uid) in uids {
        let now = objects.get("ConfigMap", &name).await.unwrap_or_default();
        assert_eq!(now["metadata"]["uid"], uid, "{name} was deleted");
    }
    let served = consumer.seen();
    println!(
        "artifacts: {} whole, {} interrupted",
        served.whole, served.interrupted
    );
    assert_eq!(served.faults, [""; 0]);
    assert!(served.whole > form.changes as u64);
    for controller in [Controller::Source, Controller::Kustomize] {
        let status = stack.process(controller).exit_status();
        assert!(status.is_none(), "{} ended: {status:?}", controller.name());
    }
    let log = stack.plane.audit_events();
    nothing_else_was_deleted(&log, &objects, &declared);
    let of_kustomize = kills.iter().filter(|(c, _)| *c == Controller::Kustomize);
    let times: Vec<Timestamp> = of_kustomize.map(|(_, at)| *at).collect();
    let within = within_runs(&log, objects.namespace(), &times);
    println!(
        "{within} of {} kills fell between first apply and final status",
        times.len()
    );
    assert!(within >= form.within_runs);
}

/// What happens at each change; all of it in places drawn at random.
fn plan(form: &Form, random: &mut StdRng) -> Vec<Vec<Fault>> {
    let mut plan: Vec<Vec<Fault>> = (0..form.changes).map(|_| Vec::new()).collect();
    let git = [GitFault::Status, GitFault::Hang, GitFault::Cut];
    let outages = form.changes / 10;
    for controller in [Controller::Source, Controller::Kustomize] {
        for at in sample(random, form.changes, form.kills) {
            plan[at].push(Fault::Kill(controller));
        }
    }
    for (i, at) in sample(random, form.changes, outages)
        .into_iter()
        .enumerate()
    {
        plan[at].push(Fault::Git(git[i % git.len()]));
    }
    // Under way, and each at a time of its own.
    for restart in 0..form.api_restarts {
        let share = form.changes / (form.api_restarts + 1);
        plan[share * (restart + 1)].push(Fault::ApiServer);
    }
    for faults in &mut plan {
        faults.shuffle(random);
    }
    plan
}

fn break_git(stack: &Stack, fault: GitFault, random: &mut impl Rng) {
    match fault {
        GitFault::Status => stack.git.fail_with(Some(StatusCode::INTERNAL_SERVER_ERROR)),
        GitFault::Hang => stack.git.hang(true),
        GitFault::Cut => stack.git.cut_after(Some(random.random_range(1..800))),
    }
}

fn restore(stack: &Stack) {
    stack.git.fail_with(None);
    stack.git.hang(false);
    stack.git.cut_after(None);
}

async fn pause(random: &mut impl Rng, up_to: u64) {
    tokio::time::sleep(Duration::from_millis(random.random_range(0..up_to))).await;
}

/// Waits for an apply, if one comes soon, and a moment longer: less than most runs take.
async fn first_apply(tail: &mut AuditTail, random: &mut impl Rng) {
    let until = Instant::now() + Duration::from_secs(2);
    while Instant::now() < until {
        if tail.read().iter().any(is_apply) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    pause(random, 20).await;
}

/// Whether the kustomize-controller has written an object that it manages.
fn is_apply(event: &AuditEvent) -> bool {
    event.is_write()
        && event.resource() == "configmaps"
        && event.user_agent.starts_with("kustomize-controller")
}

/// The uids of what must stay.
async fn uids(objects: &Objects) -> Vec<(String, Value)> {
    let mut uids = Vec::new();
    let names = FOLDERS.iter().map(|folder| format!("{folder}-0"));
    for name in names.chain(BYSTANDERS.map(str::to_owned)) {
        let object = objects.get("ConfigMap", &name).await.unwrap_or_default();
        assert!(object.is_object(), "{name} is not there");
        uids.push((name, object["metadata"]["uid"].clone()));
    }
    uids
}

fn nothing_else_was_deleted(log: &[AuditEvent], objects: &Objects, declared: &Declared) {
    let deleted = log
        .iter()
        .filter(|event| event.is_write() && event.verb.starts_with("delete"))
        .filter(|event| event.namespace() == objects.namespace());
    for event in deleted {
        assert!(
            event.resource() == "configmaps" && declared.was_removed(event.name()),
            "{} {}",
            event.verb,
            event.request_uri
        );
    }
}

/// How many of these moments lie after the first apply of a run of one of the Kustomizations and
/// before its final status.
fn within_runs(log: &[AuditEvent], namespace: &str, moments: &[Timestamp]) -> usize {
    let mut within = 0;
    let mut from = Timestamp::MIN;
    for moment in moments {
        let life = log.iter().filter(|event| {
            event.namespace() == namespace
                && event.is_write()
                && event.user_agent.starts_with("kustomize-controller")
                && (from..=*moment).contains(&event.stage_timestamp)
        });
        let life: Vec<&AuditEvent> = life.collect();
        let under_way = FOLDERS.iter().any(|folder| {
            let last_apply = life
                .iter()
                .filter(|e| {
                    e.resource() == "configmaps"
                        && e.name().rsplit_once('-').is_some_and(|(f, _)| f == *folder)
                })
                .map(|e| e.stage_timestamp)
                .max();
            let last_status = life
                .iter()
                .filter(|e| e.resource() == "kustomizations" && e.name() == *folder)
                .map(|e| e.stage_timestamp)
                .max();
            last_apply > last_status
        });
        within += usize::from(under_way);
        from = *moment;
    }
    within
}
