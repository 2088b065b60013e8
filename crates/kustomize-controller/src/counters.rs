//! Counters beyond those of the contract: how much work runs could leave out.

use std::{fmt, sync::Arc};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{
        MetricType,
        counter::{ConstCounter, Counter},
    },
    registry::Registry,
};
use windlass_artifact::Fetcher;

/// How runs ended up being served.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters {
    /// Kustomize builds.
    pub(crate) builds: Counter,
    /// Runs that needed no build, since nothing they read had changed.
    pub(crate) builds_skipped: Counter,
}

impl Counters {
    pub(crate) fn register(&self, registry: &mut Registry, fetcher: &Arc<Fetcher>) {
        registry.register("windlass_builds", "Kustomize builds", self.builds.clone());
        registry.register(
            "windlass_builds_skipped",
            "Runs without a build because nothing they read had changed",
            self.builds_skipped.clone(),
        );
        registry.register_collector(Box::new(Fetches(Arc::clone(fetcher))));
    }
}

/// What the fetcher counts itself.
#[derive(Debug)]
struct Fetches(Arc<Fetcher>);

impl Collector for Fetches {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let counters = self.0.counters();
        let fetches = [
            (
                "windlass_artifact_downloads",
                "Requests for artifacts, retries included",
                counters.downloads,
            ),
            (
                "windlass_artifact_extractions",
                "Artifacts extracted and found to have their digest",
                counters.extractions,
            ),
            (
                "windlass_artifact_cache_hits",
                "Artifacts that needed no request of their own",
                counters.hits,
            ),
        ];
        for (name, help, value) in fetches {
            let metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            ConstCounter::new(value).encode(metric)?;
        }
        Ok(())
    }
}
