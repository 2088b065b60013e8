//! The kustomize-controller: builds what sources publish and keeps the cluster in that state.
//!
//! It is the only writer of the status of `Kustomization` objects. A run goes
//!
//! ```text
//! source → dependencies → fetch → build → substitute → stages of (dry run → apply) → prune → health
//! ```
//!
//! and never waits in a worker: what has to be awaited parks the run ([`memory`]), and an event
//! brings it back. `docs/reconcile.md` follows one commit through it.

mod attempt;
mod context;
mod counters;
mod drift;
mod finalize;
mod flags;
mod memory;
mod progress;
mod prune_limit;
mod reconcile;
mod sources;
mod stages;
mod steps;
mod trigger;
mod wait_status;
mod watches;

use std::sync::Arc;

use tracing::{Instrument, info};
use windlass_api::meta::condition;
use windlass_runtime::{
    CancellationToken, ObjectKey, clients::Clients, logging, metrics::Metrics, patch::Writer,
    process,
};

pub use flags::{FEATURE_GATES, Flags};
pub use prune_limit::PruneLimit;

/// The name of the controller in events, leases and the user agent.
pub const NAME: &str = "kustomize-controller";

/// Who patches Kustomizations, and the conditions that are this controller's.
pub(crate) const WRITER: Writer = Writer {
    field_manager: "gotk-kustomize-controller",
    conditions: &[
        condition::CONTESTED,
        condition::HEALTHY,
        condition::READY,
        condition::RECONCILING,
        condition::STALLED,
    ],
};

/// Runs the controller until `shutdown`.
///
/// # Errors
/// When the flags do not fit together, an address cannot be bound, the cluster's configuration is
/// unusable, or leadership is lost.
pub async fn run(flags: Flags, shutdown: CancellationToken) -> anyhow::Result<()> {
    let gates = flags.gates().map_err(anyhow::Error::msg)?;
    let metrics = Metrics::new();
    let user_agent = concat!("kustomize-controller/", env!("CARGO_PKG_VERSION"));
    let clients =
        Clients::from_env(flags.common.client_options(user_agent, metrics.clone())).await?;
    process::run(
        &flags.common.clone(),
        NAME,
        &clients,
        &metrics,
        || true,
        shutdown,
        |token| reconcile_all(flags, gates, clients.clone(), metrics.clone(), token),
    )
    .await
}

async fn reconcile_all(
    flags: Flags,
    gates: windlass_runtime::flags::FeatureGates,
    clients: Clients,
    metrics: Metrics,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let concurrent = flags.concurrent;
    let context = watches::start(flags, gates, clients, metrics, &shutdown)?;
    // A dependency that is not listed yet must not be taken for one that does not exist.
    tokio::select! {
        () = context.kustomizations.ready() => {}
        () = shutdown.cancelled() => return Ok(()),
    }
    info!(concurrent, "starting workers");
    let queue = context.queue.clone();
    let shared = context.clone();
    queue
        .run(concurrent, shutdown, move |key: ObjectKey, trigger| {
            let span = logging::reconcile_span("kustomization", "Kustomization", &key);
            reconcile::reconcile(Arc::clone(&shared), key, trigger).instrument(span)
        })
        .await;
    // What was done has been told before the process ends.
    context.reporter.recorder.flush().await;
    Ok(())
}
