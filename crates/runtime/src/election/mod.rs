//! Leader election on a `Lease`.
//!
//! Clocks of different nodes are never compared: what counts is how long, on the local monotonic
//! clock, the lease has not been seen to change.

mod lease;

use std::future::Future;
use std::time::Duration;

use kube::Client;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::metrics::Metrics;
use lease::Candidate;

/// How a candidate behaves.
#[derive(Clone, Debug)]
pub struct ElectionOptions {
    /// Name of the lease.
    pub lease: String,
    /// Namespace of the lease; when empty, the one of the client's configuration, which in a pod is
    /// the pod's.
    pub namespace: String,
    /// Name of this candidate, unique among all.
    pub identity: String,
    /// How long others wait before they take over from a silent leader.
    pub lease_duration: Duration,
    /// How long a leader keeps trying to renew before it gives up.
    pub renew_deadline: Duration,
    /// Pause between tries.
    pub retry_period: Duration,
    /// Whether the lease is given back on shutdown.
    pub release_on_cancel: bool,
}

/// Why an election ended badly.
#[derive(Debug, thiserror::Error)]
pub enum ElectionError {
    /// Leadership was lost; the process must end.
    #[error("leader election lost: lease {0}")]
    Lost(String),
    /// The durations do not add up to a safe election.
    #[error("leader election: {0}")]
    Options(&'static str),
}

/// A name for this candidate that no other process has: `<host>_<random>`.
pub fn unique_identity() -> String {
    format!("{}_{}", crate::events::hostname(), uuid::Uuid::new_v4())
}

/// Waits to be elected, runs `lead` while renewing the lease, and gives the lease back when `lead`
/// has ended. The token given to `lead` is cancelled on `shutdown`; renewing goes on until `lead`
/// returns.
///
/// # Errors
/// [`ElectionError::Lost`] when leadership was lost, in which case `lead` is dropped where it is:
/// end the process, another one may be leading already. [`ElectionError::Options`] when a leader
/// could believe in its lease for longer than others do.
pub async fn run<F>(
    client: Client,
    mut options: ElectionOptions,
    metrics: &Metrics,
    shutdown: CancellationToken,
    lead: impl FnOnce(CancellationToken) -> F,
) -> Result<(), ElectionError>
where
    F: Future<Output = ()>,
{
    if options.lease_duration <= options.renew_deadline {
        return Err(ElectionError::Options(
            "the lease duration must be longer than the renew deadline",
        ));
    }
    if options.renew_deadline <= options.retry_period.mul_f64(JITTER) {
        return Err(ElectionError::Options(
            "the renew deadline must be longer than the retry period",
        ));
    }
    if options.namespace.is_empty() {
        client
            .default_namespace()
            .clone_into(&mut options.namespace);
    }
    let name = options.lease.clone();
    metrics.leading(&name, false);
    let mut candidate = Candidate::new(client, options.clone());
    info!(
        lease = name,
        identity = options.identity,
        "waiting to be elected"
    );
    tokio::select! {
        () = acquire(&mut candidate, &options) => {}
        () = shutdown.cancelled() => return Ok(()),
    }
    info!(lease = name, identity = options.identity, "leading");
    metrics.leading(&name, true);
    let stop = shutdown.child_token();
    let outcome = tokio::select! {
        () = lead(stop.clone()) => Ok(()),
        () = renew(&mut candidate, &options) => Err(ElectionError::Lost(name.clone())),
    };
    metrics.leading(&name, false);
    stop.cancel();
    if outcome.is_ok() && options.release_on_cancel {
        let released = timeout(options.renew_deadline, candidate.release()).await;
        if !matches!(released, Ok(Ok(()))) {
            info!(lease = name, "lease not given back; it will expire");
        }
    }
    outcome
}

/// Candidates that started together drift apart by up to this factor of the retry period.
const JITTER: f64 = 1.2;

async fn acquire(candidate: &mut Candidate, options: &ElectionOptions) {
    loop {
        match timeout(options.renew_deadline, candidate.try_hold()).await {
            Ok(Ok(true)) => return,
            Ok(Ok(false)) => {}
            Ok(Err(error)) => {
                error!(lease = options.lease, error = %error, "cannot read or take the lease");
            }

            Err(_) => error!(lease = options.lease, "no answer while taking the lease"),
        }
        let stretch = 1.0 + (JITTER - 1.0) * rand::random::<f64>();
        sleep(options.retry_period.mul_f64(stretch)).await;
    }
}

/// Returns when the lease could not be renewed within the deadline, or somebody else holds it.
async fn renew(candidate: &mut Candidate, options: &ElectionOptions) {
    let mut deadline = Instant::now() + options.renew_deadline;
    loop {
        sleep(options.retry_period).await;
        loop {
            let started = Instant::now();
            let left = deadline.saturating_duration_since(started);
            match timeout(left, candidate.try_hold()).await {
                Ok(Ok(true)) => {
                    // From when it was asked for: the server may have been slow to answer.
                    deadline = started + options.renew_deadline;
                    break;
                }
                Ok(Ok(false)) => {
                    // Not an outage: the lease has another holder.
                    if candidate.was_taken() {
                        return;
                    }
                }
                Ok(Err(error)) => {
                    error!(lease = options.lease, error = %error, "cannot renew the lease");
                }
                Err(_) => return,
            }
            let now = Instant::now();
            if now >= deadline {
                return;
            }
            sleep(options.retry_period.min(deadline - now)).await;
        }
    }
}
