use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::Lease;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use serde_json::json;
use tokio::task::JoinHandle;
use windlass_runtime::CancellationToken;
use windlass_runtime::election::{ElectionError, ElectionOptions, run};
use windlass_runtime::metrics::Metrics;
use windlass_testkit::wait_until;

use crate::cluster::{SOON, clients, control_plane};

const LEASE: Duration = Duration::from_secs(4);

struct Runner {
    leads: Arc<AtomicUsize>,
    stop: CancellationToken,
    metrics: Metrics,
    task: JoinHandle<Result<(), ElectionError>>,
}

impl Runner {
    fn is_leading(&self) -> bool {
        self.leads.load(Ordering::SeqCst) == 1
    }
}

fn stand(client: &Client, namespace: &str, identity: &str) -> Runner {
    let options = ElectionOptions {
        lease: "test-leader-election".to_owned(),
        namespace: namespace.to_owned(),
        identity: identity.to_owned(),
        lease_duration: LEASE,
        renew_deadline: Duration::from_secs(3),
        retry_period: Duration::from_millis(300),
        release_on_cancel: true,
    };
    let (leads, stop, metrics) = (
        Arc::new(AtomicUsize::new(0)),
        CancellationToken::new(),
        Metrics::new(),
    );
    let (client, count, token, numbers) =
        (client.clone(), leads.clone(), stop.clone(), metrics.clone());
    let task = tokio::spawn(async move {
        run(client, options, &numbers, token, |stop| async move {
            count.fetch_add(1, Ordering::SeqCst);
            stop.cancelled().await;
            count.fetch_sub(1, Ordering::SeqCst);
        })
        .await
    });
    Runner {
        leads,
        stop,
        metrics,
        task,
    }
}

async fn holder(client: &Client, namespace: &str) -> (String, i32) {
    let api: Api<Lease> = Api::namespaced(client.clone(), namespace);
    let spec = api.get("test-leader-election").await.unwrap().spec.unwrap();
    (
        spec.holder_identity.unwrap_or_default(),
        spec.lease_transitions.unwrap_or_default(),
    )
}

#[tokio::test]
async fn a_dead_leader_is_replaced_and_a_leaving_one_makes_way() {
    let plane = control_plane().await;
    let client = clients(plane).await.own();
    let namespace = plane.namespace("election").await;
    let first = stand(&client, &namespace, "first");
    wait_until("the first leader", SOON, async || first.is_leading()).await;
    assert_eq!(holder(&client, &namespace).await, ("first".to_owned(), 0));
    let second = stand(&client, &namespace, "second");
    // Longer than a lease: the first one must be renewing.
    tokio::time::sleep(LEASE + Duration::from_secs(1)).await;
    assert!(first.is_leading() && !second.is_leading());
    let page = first.metrics.encode();
    assert!(page.contains("leader_election_master_status{name=\"test-leader-election\"} 1"));

    // Dead without a word.
    first.task.abort();
    let died = Instant::now();
    wait_until("the second leader", SOON, async || second.is_leading()).await;
    let took = died.elapsed();
    // It was renewed up to a retry period before it died, and is looked at every retry period.
    assert!(
        took >= LEASE.saturating_sub(Duration::from_secs(2)),
        "{took:?}"
    );
    assert_eq!(holder(&client, &namespace).await, ("second".to_owned(), 1));

    let third = stand(&client, &namespace, "third");
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(!third.is_leading());
    let left = Instant::now();
    second.stop.cancel();
    assert!(second.task.await.unwrap().is_ok());
    wait_until("the third leader", SOON, async || third.is_leading()).await;
    assert!(left.elapsed() < LEASE, "{:?}", left.elapsed());
    third.stop.cancel();
    third.task.await.unwrap().unwrap();
    assert_eq!(holder(&client, &namespace).await.0, "");
}

#[tokio::test]
async fn a_leader_that_was_replaced_ends() {
    let plane = control_plane().await;
    let client = clients(plane).await.own();
    let namespace = plane.namespace("election").await;
    let leader = stand(&client, &namespace, "leader");
    wait_until("a leader", SOON, async || leader.is_leading()).await;
    let api: Api<Lease> = Api::namespaced(client.clone(), &namespace);
    let usurp = json!({"spec": {"holderIdentity": "usurper", "leaseDurationSeconds": 1}});
    api.patch(
        "test-leader-election",
        &PatchParams::default(),
        &Patch::Merge(&usurp),
    )
    .await
    .unwrap();
    let end = tokio::time::timeout(SOON, leader.task).await.unwrap();
    let error = end.unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "leader election lost: lease test-leader-election"
    );
    assert!(
        leader
            .metrics
            .encode()
            .contains("master_status{name=\"test-leader-election\"} 0")
    );
    assert_eq!(holder(&client, &namespace).await.0, "usurper");
}
