//! Objects that more than one party writes.

use std::time::{Duration, Instant};

use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};
use windlass_e2e::{Objects, Stack, StackOptions, condition, is_condition};
use windlass_testkit::wait_until;

const CONTESTED: &str = "windlass.dev/Contested";
/// How long a fight is watched.
const ROUND: Duration = Duration::from_secs(12);

fn config(name: &str, value: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{a: {value:?}}}\n")
}

fn deployment(name: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: 0
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: c, image: \"example.invalid/app:1\"}}]}}
"
    )
}

async fn stack() -> Stack {
    Stack::start(StackOptions {
        audit: true,
        kustomize_flags: vec!["--interval-jitter-percentage=0".to_owned()],
        ..StackOptions::default()
    })
    .await
}

/// How often the kustomize-controller has written the object since then.
fn writes(stack: &Stack, objects: &Objects, name: &str, since: Timestamp) -> usize {
    let log = stack.plane.audit_events();
    let ours = log.iter().filter(|event| {
        event.is_write()
            && event.user_agent.starts_with("kustomize-controller")
            && event.namespace() == objects.namespace()
            && event.resource() != "kustomizations"
            && event.name() == name
            && event.stage_timestamp >= since
    });
    ours.count()
}

fn contested(object: &Value, words: &[&str]) -> bool {
    let message = condition(object, CONTESTED).and_then(|c| c["message"].as_str());
    message.is_some_and(|message| words.iter().all(|word| message.contains(word)))
}

/// Two Kustomizations that declare one object differently.
#[tokio::test(flavor = "multi_thread")]
async fn two_owners_are_named_and_do_not_race() {
    let stack = stack().await;
    let objects = stack.namespace("owners").await;
    let repo = stack.git.repo("owners");
    let commit = repo.commit(
        &[
            ("left/cm.yaml", Some(&config("shared", "left"))),
            ("right/cm.yaml", Some(&config("shared", "right"))),
            ("right/own.yaml", Some(&config("own", "right"))),
        ],
        "both",
    );
    objects.git_repository("src", repo.url(), json!({})).await;
    let since = Timestamp::now();
    for name in ["left", "right"] {
        objects
            .kustomization(name, json!({"path": name, "interval": "4s"}))
            .await;
    }
    for (name, other) in [("left", "right"), ("right", "left")] {
        objects.until_applied(name, &commit).await;
        let other = format!("Kustomization/{}/{other}", objects.namespace());
        let shown = objects
            .until("Kustomization", name, "contested", |o| {
                contested(o, &["/shared", &other])
            })
            .await;
        assert!(!contested(&shown, &["/own by"]));
    }
    // Each applies its own at its interval, and not in between.
    tokio::time::sleep(ROUND).await;
    let count = writes(&stack, &objects, "shared", since);
    println!("two owners wrote {count} times in {ROUND:?} of intervals of 4 s");
    assert!((2..=12).contains(&count), "{count}");

    // One of them lets go: the object is the other's, who says so at once.
    let commit = repo.commit(&[("right/cm.yaml", None)], "left's alone");
    objects.poke("GitRepository", "src").await;
    for name in ["left", "right"] {
        objects.until_applied(name, &commit).await;
        objects
            .until("Kustomization", name, "at peace", |o| {
                condition(o, CONTESTED).is_none()
            })
            .await;
    }
    objects
        .until("ConfigMap", "shared", "left's", |o| {
            o["data"]["a"] == "left"
        })
        .await;
}

/// Somebody else who corrects every correction.
#[tokio::test(flavor = "multi_thread")]
async fn a_fight_is_slowed_down_named_and_called_off() {
    let stack = stack().await;
    let objects = stack.namespace("fight").await;
    let repo = stack.git.repo("fight");
    let files = [
        ("cm.yaml", config("fought", "git")),
        ("other.yaml", config("other", "git")),
    ];
    let commit = repo.commit(
        &files.each_ref().map(|(p, t)| (*p, Some(t.as_str()))),
        "first",
    );
    objects.git_repository("src", repo.url(), json!({})).await;
    objects
        .kustomization("app", json!({"interval": "14s"}))
        .await;
    objects.until_applied("app", &commit).await;

    let since = Timestamp::now();
    let rival = {
        let objects = objects.clone();
        tokio::spawn(async move {
            loop {
                let object = objects.get("ConfigMap", "fought").await.unwrap_or_default();
                if object["data"]["a"] != "rival" {
                    let edit = json!({"data": {"a": "rival"}});
                    objects.patch("ConfigMap", "fought", edit).await;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
    };
    objects
        .until("Kustomization", "app", "contested", |o| {
            contested(o, &["/fought", "windlass.dev/drift"])
                && !contested(o, &["/other"])
                && is_condition(o, "Ready", "True")
        })
        .await;
    tokio::time::sleep(ROUND).await;
    let count = writes(&stack, &objects, "fought", since);
    println!("a fight of more than {ROUND:?} took {count} corrections");
    assert!(count <= 12, "{count}");

    // Left alone until the interval, and set right then.
    let annotation = json!({"metadata": {"annotations": {"windlass.dev/drift": "interval"}}});
    objects.patch("ConfigMap", "fought", annotation).await;
    rival.abort();
    objects.poke("Kustomization", "app").await;
    let tick = handled(&objects, "app").await;
    let edit = json!({"data": {"a": "edited"}});
    objects.patch("ConfigMap", "fought", edit).await;
    objects
        .until("ConfigMap", "fought", "set right", |o| {
            o["data"]["a"] == "git"
        })
        .await;
    let after = tick.elapsed();
    println!("with windlass.dev/drift: interval, corrected after {after:?} of 14 s");
    assert!(after > Duration::from_secs(11), "{after:?}");
}

/// Waits until the last request for a reconcile has been answered, and answers when that was.
async fn handled(objects: &Objects, name: &str) -> Instant {
    objects
        .until("Kustomization", name, "the request is handled", |o| {
            o["status"]["lastHandledReconcileAt"]
                == o["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"]
        })
        .await;
    Instant::now()
}

/// What `kubectl rollout restart` sets is taken back once, as the original does at its interval,
/// unless the Deployment is to be left alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_rollout_is_no_fight() {
    let stack = stack().await;
    let objects = stack.namespace("rollout").await;
    let repo = stack.git.repo("rollout");
    let calm = deployment("calm").replace(
        "{name: calm}\nspec",
        "{name: calm, annotations: {windlass.dev/drift: interval}}\nspec",
    );
    let commit = repo.commit(
        &[
            ("web.yaml", Some(deployment("web").as_str())),
            ("calm.yaml", Some(calm.as_str())),
        ],
        "first",
    );
    objects.git_repository("src", repo.url(), json!({})).await;
    objects.kustomization("app", json!({})).await;
    objects.until_applied("app", &commit).await;

    let since = Timestamp::now();
    let restart = async |name: &str| {
        let (what, namespace) = (format!("deployment/{name}"), objects.namespace());
        stack
            .plane
            .kubectl(&["rollout", "restart", &what, "-n", namespace])
            .await;
    };
    restart("calm").await;
    restart("web").await;
    let restarted = |o: &Value| {
        let annotations = &o["spec"]["template"]["metadata"]["annotations"];
        annotations["kubectl.kubernetes.io/restartedAt"].is_string()
    };
    objects
        .until("Deployment", "web", "as declared", |o| !restarted(o))
        .await;
    // No answer to the answer.
    let corrected = writes(&stack, &objects, "web", since);
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(writes(&stack, &objects, "web", since), corrected);
    assert!(corrected <= 2, "{corrected}: a take-over and an apply");
    assert_eq!(writes(&stack, &objects, "calm", since), 0);
    let calm = objects.get("Deployment", "calm").await.unwrap();
    assert!(restarted(&calm));

    // Who insists is named.
    let deadline = Duration::from_mins(1);
    wait_until("the fight is named", deadline, async || {
        let web = objects.get("Deployment", "web").await.unwrap();
        if !restarted(&web) {
            restart("web").await;
        }
        let app = objects.get("Kustomization", "app").await.unwrap();
        contested(&app, &["Deployment/", "/web"])
    })
    .await;
    objects.poke("Kustomization", "app").await;
    handled(&objects, "app").await;
    let calm = objects.get("Deployment", "calm").await.unwrap();
    assert!(!restarted(&calm));
}
