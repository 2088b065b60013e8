//! What is shown.

use std::{env, time::Duration};

use serde_json::{Value, json};
use windlass_e2e::{Objects, condition, is_condition};

use crate::{
    sample,
    stage::{Stage, follow, note},
};

type Outcome = Result<String, String>;

/// A repository of the user's own: fetched, built, applied.
pub(crate) async fn own_repository(stage: &mut Stage, repo: &str) {
    let dir = env::var("DIR")
        .ok()
        .filter(|d| !d.is_empty())
        .unwrap_or_else(|| "./".to_owned());
    let branch = env::var("BRANCH")
        .ok()
        .filter(|b| !b.is_empty())
        .unwrap_or_else(|| "main".to_owned());
    let objects = stage.objects.clone();
    let title = format!("{repo}, directory {dir}, branch {branch}");
    stage
        .act(&title, async {
            let reference = json!({"ref": {"branch": branch}});
            objects.git_repository("src", repo, reference).await;
            objects
                .kustomization("app", json!({"path": dir, "wait": true}))
                .await;
            settled(&objects, "GitRepository", "src").await?;
            settled(&objects, "Kustomization", "app").await
        })
        .await;
}

/// Waits until an object is Ready or has said why it is not.
async fn settled(objects: &Objects, kind: &str, name: &str) -> Outcome {
    let object = follow(objects, kind, name, |object| {
        is_condition(object, "Ready", "True") || is_condition(object, "Ready", "False")
    })
    .await;
    let message = condition(&object, "Ready")
        .map(|c| c["message"].clone())
        .unwrap_or_default();
    let message = message.as_str().unwrap_or_default().to_owned();
    if is_condition(&object, "Ready", "True") {
        Ok(message)
    } else {
        Err(message)
    }
}

/// The sample: from the first commit to a broken one and back.
pub(crate) async fn sample_repository(stage: &mut Stage) {
    let repo = stage.stack.git.repo("fleet");
    let objects = stage.objects.clone();
    let o = &objects;
    let files: Vec<(&str, Option<&str>)> = sample::FILES
        .iter()
        .map(|(path, text)| (*path, Some(*text)))
        .collect();
    let commit = repo.commit(&files, "Add web for staging and production");

    stage
        .act("First commit: staging and production come up", async {
            note(format!("commit {}", &commit[..7]));
            o.git_repository("src", repo.url(), json!({})).await;
            for overlay in ["staging", "production"] {
                let spec = json!({"path": format!("./overlays/{overlay}"), "wait": true});
                o.kustomization(overlay, spec).await;
            }
            for overlay in ["staging", "production"] {
                follow(o, "Kustomization", overlay, |k| applied(k, &commit)).await;
            }
            replicas(o, "production-web", 3).await?;
            Ok("6 Pods of two Deployments are ready".to_owned())
        })
        .await;

    let version_2 = sample::production_with("2.0.0");
    let commit = repo.commit(
        &[("overlays/production/kustomization.yaml", Some(&version_2))],
        "Roll out 2.0.0 to production",
    );
    stage
        .act(
            "Second commit, announced through the annotation: a rollout",
            async {
                note(format!("commit {}", &commit[..7]));
                o.poke("GitRepository", "src").await;
                follow(o, "Kustomization", "production", |k| applied(k, &commit)).await;
                let deployment = o
                    .get("Deployment", "production-web")
                    .await
                    .unwrap_or_default();
                let image = &deployment["spec"]["template"]["spec"]["containers"][0]["image"];
                expect(
                    image == "registry.example/web:2.0.0",
                    "the new image runs",
                    image,
                )?;
                replicas(o, "production-web", 3).await?;
                Ok(format!(
                    "production runs {}",
                    image.as_str().unwrap_or_default()
                ))
            },
        )
        .await;

    stage
        .act("A Deployment is edited by hand: healed", async {
            o.patch(
                "Deployment",
                "production-web",
                json!({"spec": {"replicas": 1}}),
            )
            .await;
            note("kubectl scale deployment/production-web --replicas=1");
            o.until("Deployment", "production-web", "3 replicas again", |d| {
                d["spec"]["replicas"] == 3
            })
            .await;
            Ok("back to 3 replicas".to_owned())
        })
        .await;

    stage
        .act("A Deployment is deleted by hand: made again", async {
            let old = uid(o, "staging-web").await;
            o.delete("Deployment", "staging-web").await;
            note("kubectl delete deployment/staging-web");
            o.until("Deployment", "staging-web", "made again", |d| {
                d["metadata"]["uid"].is_string() && d["metadata"]["uid"] != old
            })
            .await;
            Ok("it is there again".to_owned())
        })
        .await;

    let without = sample::base_without_service();
    let commit = repo.commit(
        &[
            ("base/kustomization.yaml", Some(&without)),
            ("base/service.yaml", None),
        ],
        "Drop the Service",
    );
    stage
        .act(
            "A file is removed from Git: its objects are pruned",
            async {
                note(format!("commit {}", &commit[..7]));
                o.poke("GitRepository", "src").await;
                o.until_gone("Service", "production-web").await;
                o.until_gone("Service", "staging-web").await;
                follow(o, "Kustomization", "production", |k| applied(k, &commit)).await;
                Ok("both Services are gone, the Deployments stay".to_owned())
            },
        )
        .await;

    let before = uid(o, "production-web").await;
    let broken = format!("{version_2}patches:\n- path: missing.yaml\n");
    let commit = repo.commit(
        &[("overlays/production/kustomization.yaml", Some(&broken))],
        "Refer to a patch that does not exist",
    );
    stage
        .act(
            "A broken commit: a clear error, nothing broken in the cluster",
            async {
                note(format!("commit {}", &commit[..7]));
                o.poke("GitRepository", "src").await;
                follow(o, "Kustomization", "production", |k| {
                    is_condition(k, "Ready", "False")
                })
                .await;
                let kustomization = o
                    .get("Kustomization", "production")
                    .await
                    .unwrap_or_default();
                let message = condition(&kustomization, "Ready").map(|c| &c["message"]);
                let message = message.and_then(Value::as_str).unwrap_or_default();
                expect(
                    message.contains("missing.yaml"),
                    "the message names the file",
                    &json!(message),
                )?;
                expect(
                    uid(o, "production-web").await == before,
                    "the Deployment is untouched",
                    &before,
                )?;
                replicas(o, "production-web", 3).await?;
                Ok("the condition names the file, production still runs".to_owned())
            },
        )
        .await;

    let commit = repo.commit(
        &[("overlays/production/kustomization.yaml", Some(&version_2))],
        "Revert the broken patch",
    );
    stage
        .act("The revert: Ready again", async {
            note(format!("commit {}", &commit[..7]));
            o.poke("GitRepository", "src").await;
            follow(o, "Kustomization", "production", |k| applied(k, &commit)).await;
            Ok("production is Ready".to_owned())
        })
        .await;
}

fn applied(object: &Value, commit: &str) -> bool {
    let revision = object["status"]["lastAppliedRevision"]
        .as_str()
        .unwrap_or_default();
    revision.ends_with(commit) && is_condition(object, "Ready", "True")
}

async fn uid(objects: &Objects, deployment: &str) -> Value {
    objects
        .get("Deployment", deployment)
        .await
        .unwrap_or_default()["metadata"]["uid"]
        .clone()
}

async fn replicas(objects: &Objects, deployment: &str, count: i64) -> Result<(), String> {
    let ready = |d: &Value| d["status"]["readyReplicas"] == count;
    let waiting = objects.until("Deployment", deployment, "its replicas are ready", ready);
    tokio::time::timeout(Duration::from_mins(1), waiting)
        .await
        .map(drop)
        .map_err(|_| format!("{deployment} has not {count} ready replicas"))
}

fn expect(holds: bool, what: &str, but: &Value) -> Result<(), String> {
    if holds {
        Ok(())
    } else {
        Err(format!("expected that {what}; found {but}"))
    }
}
