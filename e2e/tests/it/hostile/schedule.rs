//! Objects that are out to keep the controllers busy by what they ask for.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use windlass_e2e::{Controller, condition};
use windlass_testkit::wait_until;

use super::{
    rig::{Case, config_map, message, namespace, open, poison, reason},
    wire::get,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_src_17_an_object_that_cannot_be_read_harms_no_other() {
    let stack = open().await;
    let case = Case::with(stack, &[("cm.yaml", &config_map("honest"))]).await;
    let object = |kind: &str, interval: &str| {
        let (group, spec) = match kind {
            "GitRepository" => (
                "source",
                json!({"url": "http://127.0.0.1:1/x", "interval": interval}),
            ),
            _ => (
                "kustomize",
                json!({"interval": interval, "prune": true, "sourceRef": {"kind": "GitRepository", "name": "src"}}),
            ),
        };
        json!({
            "apiVersion": format!("{group}.toolkit.fluxcd.io/v1"), "kind": kind, "spec": spec,
            "metadata": {"name": "wrong", "namespace": case.objects.namespace()},
        })
    };
    for kind in ["GitRepository", "Kustomization"] {
        for interval in ["1parsec", "-1h", "", "1", "h", "1h ", "1e9h"] {
            let refused = case.objects.try_apply(object(kind, interval)).await;
            assert!(refused.is_err(), "{kind} {interval:?}");
        }
    }
    // One passes the schema: it was there when the controllers started, and comes again now.
    poison(&case.objects).await;
    case.still_works("./").await;
    let commit = case.commit(&[("cm.yaml", &config_map("honest").replace("b}", "c}"))]);
    case.objects.poke("GitRepository", "src").await;
    case.objects.until_applied("honest", &commit).await;
    for kind in ["GitRepository", "Kustomization"] {
        let poisoned = case.objects.get(kind, "poison").await.unwrap();
        assert!(condition(&poisoned, "Ready").is_none_or(|c| c["status"] != "True"));
        case.objects.delete(kind, "poison").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_src_18_intervals_and_references_cost_little() {
    let stack = open().await;
    let case = Case::with(stack, &[("cm.yaml", &config_map("x"))]).await;
    case.repo.tag("v1.0.0");
    for n in 0..200 {
        case.repo.tag(&format!("v0.{n}.0"));
    }
    let looks = |repo: &str| {
        let path = format!("/{repo}.git/info/refs");
        stack
            .git
            .requests_by_path()
            .get(&path)
            .copied()
            .unwrap_or_default()
    };
    // A repository of its own for each, so that the requests can be told apart.
    let names = ["zero", "short"].map(|name| format!("{}-{name}", case.objects.namespace()));
    for (name, interval) in names.iter().zip(["0s", "1ms"]) {
        let repo = stack.git.repo(name);
        repo.commit(&[("cm.yaml", Some(&config_map("x")))], "x");
        let spec = json!({"interval": interval});
        case.objects.git_repository(name, repo.url(), spec).await;
        case.objects
            .until_condition("GitRepository", name, "Ready", "True")
            .await;
        let app = json!({
            "interval": interval, "retryInterval": interval, "nameSuffix": format!("-{interval}"),
            "sourceRef": {"kind": "GitRepository", "name": name},
        });
        case.objects.kustomization(name, app.clone()).await;
        case.objects
            .until_condition("Kustomization", name, "Ready", "True")
            .await;
        let failing = json!({"path": "./nowhere", "interval": interval, "retryInterval": interval});
        case.objects
            .kustomization(&format!("{name}-failing"), failing)
            .await;
    }
    let runs = |name: &str| -> u64 {
        let page = get(stack.metrics_port(Controller::Kustomize), "/metrics").1;
        let labels = format!(
            "gotk_reconcile_duration_seconds_count{{kind=\"Kustomization\",name=\"{name}\",namespace=\"{}\"}} ",
            case.objects.namespace()
        );
        let line = page
            .lines()
            .find_map(|line| line.strip_prefix(&labels).map(str::to_owned));
        line.and_then(|count| count.parse().ok()).unwrap_or(0)
    };
    let (started, first, ran) = (Instant::now(), looks(&names[1]), runs(&names[1]));
    let (failed, zero) = (runs(&format!("{}-failing", names[1])), looks(&names[0]));
    let none = runs(&format!("{}-failing", names[0]));
    wait_until("three more looks", Duration::from_mins(1), async || {
        looks(&names[1]) >= first + 3
    })
    .await;
    let elapsed = started.elapsed();
    assert!(elapsed > Duration::from_millis(1900), "{elapsed:?}");
    // As often as once a second, however short the interval is.
    let most = elapsed.as_secs() + 2;
    assert!(
        runs(&names[1]) - ran <= most,
        "{} in {elapsed:?}",
        runs(&names[1]) - ran
    );
    assert!(runs(&format!("{}-failing", names[1])) - failed <= most);
    // Never by itself.
    assert_eq!(looks(&names[0]), zero);
    assert!(runs(&format!("{}-failing", names[0])) - none <= 1);
    for name in &names {
        case.objects.delete("GitRepository", name).await;
        case.objects.delete("Kustomization", name).await;
        case.objects
            .delete("Kustomization", &format!("{name}-failing"))
            .await;
    }
    references(&case).await;
}

async fn references(case: &Case) {
    let mut groups = String::from("1");
    for n in 0..100_000 {
        let _ = write!(groups, " || {n}.x");
    }
    let reference = |key: &str, value: &str| {
        let mut spec: Value = json!({"ref": {"branch": null}});
        spec["ref"][key] = json!(value);
        spec
    };
    let long = "x".repeat(100_000);
    for (name, spec, words) in [
        ("groups", reference("semver", &groups), "too long"),
        (
            "alternatives",
            reference("semver", &format!("1{}", "||1".repeat(40))),
            "too many constraint groups",
        ),
        ("comparisons", reference("semver", &">0 ".repeat(170)), ""),
        ("semver", reference("semver", "\u{0}>=1"), ""),
        (
            "up",
            reference("name", "refs/heads/../../../../etc/passwd"),
            "",
        ),
        ("abs", reference("name", "/etc/passwd"), "invalid ref name"),
        ("option", reference("name", "--upload-pack=touch"), ""),
        ("break", reference("branch", "main\n0000want"), ""),
        ("branch", reference("branch", "../../HEAD"), ""),
        ("tag", reference("tag", "-d"), ""),
        (
            "commit",
            reference("commit", "../../../../etc/passwd"),
            "object not found",
        ),
        (
            "sha256",
            reference("commit", &"0".repeat(64)),
            "object not found",
        ),
        (
            "hex",
            reference("commit", &"0".repeat(40)),
            "object not found",
        ),
        ("long", reference("branch", &long), ""),
    ] {
        case.objects
            .git_repository(name, case.repo.url(), spec)
            .await;
        if name == "comparisons" {
            // Absurd, and met by the highest version.
            case.objects
                .until("GitRepository", name, "decided", |o| {
                    !reason(o, "FetchFailed").is_empty() || !o["status"]["artifact"].is_null()
                })
                .await;
            continue;
        }
        let refused = case
            .objects
            .until_refused("GitRepository", name, words)
            .await;
        assert!(refused["status"]["artifact"].is_null(), "{name}");
        assert!(message(&refused, "Ready").len() < 32_769, "{name}");
    }
    let honest = namespace(case.stack, "honest").await;
    honest
        .git_repository(
            "src",
            case.repo.url(),
            json!({"ref": {"branch": null, "semver": ">=0"}}),
        )
        .await;
    honest
        .until_condition("GitRepository", "src", "Ready", "True")
        .await;
}
