//! What every run of the controller shares.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use kube::ResourceExt;
use parking_lot::Mutex;
use tokio::time::Instant;
use windlass_api::kustomize::Kustomization;
use windlass_artifact::Fetcher;
use windlass_health::Tracker;
use windlass_runtime::{
    ObjectKey,
    clients::Clients,
    events::{EventRecord, Involved},
    flags::FeatureGates,
    mapper::RestMapper,
    memory::Memories,
    outcome::Reporter,
    queue::{Queue, jittered},
    watch::Store,
};

use crate::{
    attempt::Attempt, flags::Flags, memory::Memory, sources::Sources, trigger::Trigger,
    wait_status::Turns,
};

/// How long after the start a kind of source that has not been listed is taken for one that
/// soon will be, not for one that is not installed.
pub(crate) const START_GRACE: Duration = Duration::from_secs(10);

/// Everything a run needs.
pub(crate) struct Context {
    pub(crate) flags: Flags,
    pub(crate) gates: FeatureGates,
    pub(crate) clients: Clients,
    pub(crate) mapper: RestMapper,
    pub(crate) tracker: Tracker,
    pub(crate) fetcher: Arc<Fetcher>,
    pub(crate) reporter: Reporter,
    pub(crate) queue: Queue<Trigger>,
    pub(crate) kustomizations: Store<Kustomization>,
    pub(crate) sources: Sources,
    pub(crate) memories: Memories<Memory>,
    /// Those that wait for a dependency.
    pub(crate) waiting: Waiting,
    /// Of the runs that show that they wait for health.
    pub(crate) turns: Turns,
    pub(crate) counters: crate::counters::Counters,
    pub(crate) started: Instant,
}

impl Context {
    /// Tells of something that happened during a run, at once.
    pub(crate) fn record(&self, attempt: &Attempt, event: EventRecord) {
        self.reporter
            .recorder
            .record(&Involved::of(&*attempt.object), event);
    }

    /// Whether the watches may still be at their first listing.
    pub(crate) fn is_starting(&self) -> bool {
        self.started.elapsed() < START_GRACE
    }

    /// The interval with its jitter.
    pub(crate) fn jittered(&self, interval: Duration) -> Duration {
        jittered(interval, self.flags.common.interval_jitter_percentage)
    }
}

/// The Kustomizations that wait for a dependency. Shared with the watch that wakes them.
#[derive(Clone, Default)]
pub(crate) struct Waiting(Arc<Mutex<BTreeSet<ObjectKey>>>);

impl Waiting {
    /// Must precede the look at the dependencies: one that becomes ready meanwhile is not missed.
    pub(crate) fn add(&self, key: &ObjectKey) {
        self.0.lock().insert(key.clone());
    }

    pub(crate) fn remove(&self, key: &ObjectKey) {
        self.0.lock().remove(key);
    }

    /// Those that wait for `dependency`.
    pub(crate) fn dependants(
        &self,
        store: &Store<Kustomization>,
        dependency: &ObjectKey,
    ) -> Vec<ObjectKey> {
        let waiting = self.0.lock().clone();
        waiting
            .into_iter()
            .filter(|key| {
                store
                    .get(key)
                    .is_some_and(|object| depends_on(&object, dependency))
            })
            .collect()
    }
}

fn depends_on(object: &Kustomization, dependency: &ObjectKey) -> bool {
    object
        .spec
        .depends_on
        .iter()
        .any(|d| crate::steps::dependencies::key_of(object, d) == *dependency)
}

impl Attempt {
    /// The key of the object.
    pub(crate) fn key(&self) -> ObjectKey {
        ObjectKey::new(
            self.object.namespace().unwrap_or_default(),
            self.object.name_any(),
        )
    }
}
