//! What is remembered of a source between two runs. All of it is a cache: a restart loses it and
//! costs nothing.

use std::sync::Arc;

use tokio::time::Instant;
use windlass_api::source::GitRepository;

/// The memory of one source.
#[derive(Default)]
pub(crate) struct Memory {
    /// The object as our last write left it; the watch may be behind.
    pub(crate) latest: Option<Arc<GitRepository>>,
    /// When the upstream is to be checked again.
    pub(crate) due: Option<Instant>,
}
