//! Two replicas of each controller, of which one works.

use std::time::{Duration, Instant};

use rand::RngExt;
use serde_json::json;
use windlass_e2e::{ArtifactWatch, Controller, Declared, Objects, Stack, StackOptions, seeded};
use windlass_testkit::wait_for;

const LEASE: Duration = Duration::from_secs(10);
/// The retry period with its jitter, and what a busy machine adds.
const RETRY: Duration = Duration::from_secs(2);
const ROUNDS: u64 = 2;

fn flags() -> Vec<String> {
    [
        "--enable-leader-election",
        "--leader-election-lease-duration=10s",
        "--leader-election-renew-deadline=8s",
        "--leader-election-retry-period=500ms",
    ]
    .map(str::to_owned)
    .into()
}

/// Who holds the lease of a controller.
async fn holder(system: &Objects, controller: Controller) -> Option<String> {
    let lease = format!("{}-leader-election", controller.name());
    let lease = system.get("Lease", &lease).await?;
    let holder = lease["spec"]["holderIdentity"].as_str()?;
    (!holder.is_empty()).then(|| holder.to_owned())
}

/// Waits until another process holds the lease, which must not take longer than the lease.
async fn succession(
    system: &Objects,
    controller: Controller,
    before: Option<String>,
    killed: Instant,
) {
    let took = wait_for("another leader", LEASE * 5, async || {
        let now = holder(system, controller).await;
        (now.is_some() && now != before).then(|| killed.elapsed())
    })
    .await;
    println!("{} replaced after {took:?} of {LEASE:?}", controller.name());
    assert!(took <= LEASE + RETRY, "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_leader_is_replaced_within_its_lease() {
    let mut random = seeded("election");
    let mut stack = Stack::start(StackOptions {
        audit: true,
        source_flags: flags(),
        // Slow enough to be killed half way.
        kustomize_flags: [flags(), vec!["--concurrent-ssa=1".to_owned()]].concat(),
        ..StackOptions::default()
    })
    .await;
    let objects = stack.namespace("election").await;
    let system = Objects::new(&stack.client, "flux-system");
    let repo = stack.git.repo("election");
    let (mut declared, mut commit) = Declared::new(&repo, &["app"], 20);
    objects.git_repository("src", repo.url(), json!({})).await;
    objects.kustomization("app", json!({"path": "app"})).await;
    declared
        .until_there(&objects, &commit, Duration::from_mins(1))
        .await;
    let consumer = ArtifactWatch::start(&stack.client, &objects, "src");

    // The oldest process leads, since the others start when somebody does.
    let both = [Controller::Source, Controller::Kustomize];
    let mut replicas = both.map(|controller| vec![stack.take(controller)]);
    for round in 1..=ROUNDS {
        for (controller, replicas) in both.iter().zip(&mut replicas) {
            replicas.push(stack.start_replica(*controller));
        }
        let mut tail = stack.plane.audit_tail();
        commit = declared.change_all(round).commit(&repo, "another");
        objects.poke("GitRepository", "src").await;
        wait_for("the first apply", Duration::from_secs(30), async || {
            let log = tail.read();
            log.iter()
                .any(|e| e.is_write() && e.resource() == "configmaps")
                .then_some(())
        })
        .await;
        let moment = Duration::from_millis(random.random_range(0..60));
        tokio::time::sleep(moment).await;
        let mut successions = Vec::new();
        for (controller, replicas) in both.into_iter().zip(&mut replicas) {
            let before = holder(&system, controller).await;
            assert!(before.is_some());
            replicas.remove(0).kill9();
            successions.push(succession(&system, controller, before, Instant::now()));
        }
        futures::future::join_all(successions).await;
        declared
            .until_there(&objects, &commit, Duration::from_mins(1))
            .await;
    }
    let whole = consumer.seen().whole;
    assert_eq!(consumer.seen().faults, [""; 0]);
    assert!(whole > 0);

    // All is there, as was waited for, and nothing was written twice. Fewer writes than changes are
    // counted where a leader was killed before it got the answer.
    let log = stack.plane.audit_events();
    for name in declared.names() {
        let writes = log.iter().filter(|event| {
            event.is_write()
                && event.resource() == "configmaps"
                && event.namespace() == objects.namespace()
                && event.name() == name
        });
        let writes = writes.count() as u64;
        assert!(
            (ROUNDS..=1 + ROUNDS).contains(&writes),
            "{name}: {writes} writes"
        );
    }
    for replica in replicas.iter().flatten() {
        assert_eq!(replica.exit_status(), None);
    }
}
