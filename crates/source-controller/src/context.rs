//! What every run of the controller shares.

use std::sync::{Arc, atomic::AtomicBool};

use kube::Client;
use prometheus_client::metrics::counter::Counter;
use windlass_api::source::GitRepository;
use windlass_artifact::Store as Artifacts;
use windlass_runtime::{memory::Memories, outcome::Reporter, watch::Store};

use crate::{flags::Flags, memory::Memory};

/// Everything a run needs.
pub(crate) struct Context {
    pub(crate) flags: Flags,
    pub(crate) client: Client,
    pub(crate) artifacts: Arc<Artifacts>,
    pub(crate) reporter: Reporter,
    pub(crate) repositories: Store<GitRepository>,
    pub(crate) memories: Memories<Memory>,
    /// Artifacts stored by this process.
    pub(crate) stored: Counter,
    /// Set when the controller stops: ends the Git operations under way.
    pub(crate) stopping: Arc<AtomicBool>,
}
