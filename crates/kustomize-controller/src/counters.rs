//! Counters beyond those of the contract: how much work runs could leave out.

use prometheus_client::{metrics::counter::Counter, registry::Registry};

/// How runs ended up being served.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters {
    /// Kustomize builds.
    pub(crate) builds: Counter,
    /// Runs that needed no build, since nothing they read had changed.
    pub(crate) builds_skipped: Counter,
}

impl Counters {
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register("windlass_builds", "Kustomize builds", self.builds.clone());
        registry.register(
            "windlass_builds_skipped",
            "Runs without a build because nothing they read had changed",
            self.builds_skipped.clone(),
        );
    }
}
