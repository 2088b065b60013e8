//! One namespace's failures are not another's.

use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use serde_json::json;
use windlass_e2e::{Objects, Stack, StackOptions, is_condition};
use windlass_testkit::wait_until;

const FAILING: usize = 300;
const TRIES: usize = 7;
/// What the clock and the other tests of a small machine add.
const NOISE: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread")]
async fn failures_in_one_namespace_hold_up_no_other() {
    let stack = Stack::start(StackOptions::default()).await;
    let (quiet, loud) = (
        stack.namespace("quiet").await,
        stack.namespace("loud").await,
    );
    let repo = stack.git.repo("fairness");
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\ndata: {a: \"1\"}\n";
    // The API server refuses it, at the dry run.
    let refused = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\ndata: {a: {b: c}}\n";
    repo.commit(
        &[
            ("good/cm.yaml", Some(config)),
            ("refused/cm.yaml", Some(refused)),
            (
                "broken/kustomization.yaml",
                Some("resources: [nowhere.yaml]\n"),
            ),
        ],
        "all",
    );
    for objects in [&quiet, &loud] {
        objects.git_repository("src", repo.url(), json!({})).await;
        objects
            .until_condition("GitRepository", "src", "Ready", "True")
            .await;
    }
    let alone = median_time(&quiet, "alone").await;

    stream::iter(0..FAILING)
        .for_each_concurrent(8, |i| {
            let loud = &loud;
            async move {
                let path = if i % 2 == 0 { "broken" } else { "refused" };
                let spec = json!({"path": path, "retryInterval": "10s"});
                loud.kustomization(&format!("failing-{i}"), spec).await;
            }
        })
        .await;
    // While the first of them are looked at, and while all of them are tried again and again.
    let first = median_time(&quiet, "first").await;
    wait_until("all have failed", Duration::from_mins(1), async || {
        let list = loud.list("Kustomization").await;
        list.iter()
            .filter(|o| is_condition(o, "Ready", "False"))
            .count()
            == FAILING
    })
    .await;
    let later = median_time(&quiet, "later").await;
    println!("Ready after {alone:?} alone, {first:?} and {later:?} beside {FAILING} failing ones");
    for beside in [first, later] {
        assert!(beside <= 2 * alone + NOISE, "{beside:?}, alone {alone:?}");
    }
}

/// How long a new Kustomization takes until it is ready.
async fn median_time(objects: &Objects, prefix: &str) -> Duration {
    let mut times = Vec::new();
    for i in 0..TRIES {
        let name = format!("{prefix}-{i}");
        let spec = json!({"path": "good", "namePrefix": format!("{name}-")});
        let started = Instant::now();
        objects.kustomization(&name, spec).await;
        objects
            .until_condition("Kustomization", &name, "Ready", "True")
            .await;
        times.push(started.elapsed());
    }
    times.sort();
    times[TRIES / 2]
}
