//! The source-controller: fetches sources and serves them as artifacts to the other controllers.
//!
//! It is the only writer of the status of `GitRepository` objects and of the artifact volume. A run
//! goes
//!
//! ```text
//! storage → credentials → includes → checkout → archive → status
//! ```
//!
//! and is held up by nothing but its own Git operation. It must not know what the artifacts are
//! used for.

mod context;
mod finalize;
mod flags;
mod memory;
mod reconcile;
mod status;
mod steps;
mod trigger;
mod watches;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use anyhow::Context as _;
use prometheus_client::metrics::counter::Counter;
use tracing::{Instrument, info, warn};
use windlass_artifact::{Store as Artifacts, StoreOptions};
use windlass_runtime::{
    CancellationToken, ObjectKey, clients::Clients, events::Recorder, logging, memory::Memories,
    metrics::Metrics, outcome::Reporter, patch::Writer, process, queue::Queue,
};

use context::Context;
use trigger::Trigger;

pub use flags::{FEATURE_GATES, Flags, gate};

/// The name of the controller in events, leases and the user agent.
pub const NAME: &str = "source-controller";

/// The kind in lower case, as it names queues and directories.
const KIND: &str = "gitrepository";

/// Who patches sources, and the conditions that are this controller's.
const WRITER: Writer = Writer {
    field_manager: NAME,
    conditions: status::OWNED,
};

/// Runs the controller until `shutdown`.
///
/// # Errors
/// When the flags do not fit together, the storage directory does not exist, an address cannot be
/// bound, the cluster's configuration is unusable, or leadership is lost.
pub async fn run(flags: Flags, shutdown: CancellationToken) -> anyhow::Result<()> {
    flags.gates().map_err(anyhow::Error::msg)?;
    let root = &flags.storage_path;
    // A standby would otherwise find out only when it is too late.
    anyhow::ensure!(
        root.is_dir(),
        "--storage-path: {} is not a directory",
        root.display()
    );
    let metrics = Metrics::new();
    let user_agent = concat!("source-controller/", env!("CARGO_PKG_VERSION"));
    let clients =
        Clients::from_env(flags.common.client_options(user_agent, metrics.clone())).await?;
    let ready = Arc::new(AtomicBool::new(false));
    let is_ready = Arc::clone(&ready);
    process::run(
        &flags.common.clone(),
        NAME,
        &clients,
        &metrics,
        move || is_ready.load(Ordering::Relaxed),
        shutdown,
        |token| lead(flags, clients.clone(), metrics.clone(), ready, token),
    )
    .await
}

/// Serves artifacts and reconciles until `shutdown`.
async fn lead(
    flags: Flags,
    clients: Clients,
    metrics: Metrics,
    ready: Arc<AtomicBool>,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let recorder = Recorder::new(clients.own(), NAME, &flags.common.events_addr)?;
    let listener = flags
        .storage_addr
        .bind()
        .await
        .context("binding --storage-addr")?;
    let port = listener
        .local_addr()
        .context("address of --storage-addr")?
        .port();
    let options = StoreOptions {
        advertise: flags.advertised(port, hostname),
        retention_ttl: flags.artifact_retention_ttl,
        retention_records: flags.artifact_retention_records,
        algo: flags.artifact_digest_algo,
    };
    let root = flags.storage_path.clone();
    let artifacts =
        Arc::new(tokio::task::spawn_blocking(move || Artifacts::open(root, options)).await??);
    let serving = CancellationToken::new();
    let _served = serving.clone().drop_guard();
    let server = tokio::spawn(windlass_artifact::serve(
        Arc::clone(&artifacts),
        listener,
        serving.clone(),
    ));
    ready.store(true, Ordering::Relaxed);

    let queue = Queue::new(flags.common.queue_options(KIND), &metrics);
    let repositories = watches::start(
        &clients.own(),
        &flags.common.watch_scope(),
        &queue,
        &shutdown,
    );
    let stored = Counter::default();
    metrics.register(|registry| {
        let help = "Artifacts written to the volume";
        registry.register("windlass_artifacts_stored", help, stored.clone());
    });
    let reporter = Reporter {
        client: clients.own(),
        recorder: recorder.clone(),
        metrics,
        writer: WRITER,
        kind: "GitRepository",
    };
    let concurrent = flags.concurrent;
    let context = Arc::new(Context {
        flags,
        client: clients.own(),
        artifacts,
        reporter,
        repositories,
        memories: Memories::default(),
        stored,
        stopping: Arc::default(),
    });
    work(&context, &queue, concurrent, shutdown).await;
    serving.cancel();
    if let Err(error) = server.await {
        warn!(%error, "artifact server ended badly");
    }
    recorder.flush().await;
    Ok(())
}

async fn work(
    context: &Arc<Context>,
    queue: &Queue<Trigger>,
    concurrent: usize,
    shutdown: CancellationToken,
) {
    // A source that includes others must not take those not listed yet for missing.
    tokio::select! {
        () = context.repositories.ready() => {}
        () = shutdown.cancelled() => return,
    }
    info!(concurrent, "starting workers");
    let stopping = Arc::clone(&context.stopping);
    let stop = shutdown.clone();
    let _watch = tokio::spawn(async move {
        stop.cancelled().await;
        stopping.store(true, Ordering::Relaxed);
    });
    let shared = Arc::clone(context);
    queue
        .run(concurrent, shutdown, move |key: ObjectKey, trigger| {
            let span = logging::reconcile_span(KIND, "GitRepository", &key);
            let context = Arc::clone(&shared);
            async move { reconcile::reconcile(context, key, trigger).await }.instrument(span)
        })
        .await;
}

/// What the machine is called, which in a pod is the pod's name.
fn hostname() -> String {
    std::env::var("HOSTNAME")
        .ok()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| {
            std::fs::read_to_string("/proc/sys/kernel/hostname")
                .map(|name| name.trim().to_owned())
                .unwrap_or_default()
        })
}
