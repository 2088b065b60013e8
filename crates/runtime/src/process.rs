//! What every controller's process does around its work: it serves metrics and probes, stands for
//! election where it is told to, and works.

use std::future::Future;
use std::io;

use tokio_util::sync::CancellationToken;

use crate::clients::Clients;
use crate::election::{self, ElectionError};
use crate::flags::CommonFlags;
use crate::metrics::{self, Metrics};
use crate::probes;

/// Why a process could not go on.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// An address cannot be bound.
    #[error("binding --{flag}: {source}")]
    Bind {
        /// The flag with the address.
        flag: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// Leadership was lost, or cannot be stood for.
    #[error(transparent)]
    Election(#[from] ElectionError),
}

/// Runs `work` until it ends; it is to end by itself when the token it gets is cancelled, which
/// `shutdown` does. With `--enable-leader-election` it starts when `controller` is elected.
/// Metrics and probes are served meanwhile; `/readyz` answers what `ready` says.
///
/// # Errors
/// [`ProcessError`], or what `work` failed with.
pub async fn run<F, E>(
    flags: &CommonFlags,
    controller: &str,
    clients: &Clients,
    metrics: &Metrics,
    ready: impl Fn() -> bool + Send + Sync + 'static,
    shutdown: CancellationToken,
    work: impl FnOnce(CancellationToken) -> F,
) -> Result<(), E>
where
    F: Future<Output = Result<(), E>>,
    E: From<ProcessError>,
{
    // Serving ends with this function, whichever way it ends.
    let servers = CancellationToken::new();
    let _ended = servers.clone().drop_guard();
    let bind = |flag| move |source| E::from(ProcessError::Bind { flag, source });
    if !flags.metrics_addr.is_off() {
        let listener = flags
            .metrics_addr
            .bind()
            .await
            .map_err(bind("metrics-addr"))?;
        tokio::spawn(metrics::serve(listener, metrics.clone(), servers.clone()));
    }
    if !flags.health_addr.is_off() {
        let listener = flags
            .health_addr
            .bind()
            .await
            .map_err(bind("health-addr"))?;
        tokio::spawn(probes::serve(listener, ready, servers.clone()));
    }
    if !flags.enable_leader_election {
        return work(shutdown).await;
    }
    let options = flags.election_options(controller);
    let mut result = Ok(());
    let outcome = &mut result;
    election::run(
        clients.own(),
        options,
        metrics,
        shutdown,
        |token| async move {
            *outcome = work(token).await;
        },
    )
    .await
    .map_err(ProcessError::from)?;
    result
}
