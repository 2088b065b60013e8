//! What is remembered of a Kustomization between two runs. All of it is a cache: a restart loses
//! it and costs dry runs, never correctness; what must survive is in the status.

use std::{sync::Arc, time::Duration};

use kube::ResourceExt;
use tokio::time::Instant;
use windlass_api::{
    kustomize::{Kustomization, ResourceInventory},
    source::Artifact,
};
use windlass_apply::{AppliedMemory, Applier, ChangeSet, Stage};

use crate::{attempt::Attempt, steps::build::Trace, trigger::Trigger};

/// The memory of one Kustomization.
#[derive(Default)]
pub(crate) struct Memory {
    /// The object as our last write left it; the watch may be behind.
    pub(crate) latest: Option<Arc<Kustomization>>,
    /// What was verified of each applied object.
    pub(crate) applied: Arc<AppliedMemory>,
    /// Under which account and rules it was verified.
    pub(crate) applied_as: u64,
    /// A run that waits for the cluster.
    pub(crate) run: Option<(Run, Attempt)>,
    /// The inputs of the last run that succeeded.
    pub(crate) settled: Option<Settled>,
    /// Objects of a deleted Kustomization whose end is awaited, and until when.
    pub(crate) terminating: Option<(ChangeSet, Instant)>,
    /// How often its objects have had to be corrected lately.
    pub(crate) drift: Drift,
    /// When the next run is due without any event.
    pub(crate) due: Option<Instant>,
}

/// Slows down the correction of objects that somebody else keeps changing: each correction that
/// follows the last within a minute doubles the pause before the next.
#[derive(Default)]
pub(crate) struct Drift {
    last: Option<Instant>,
    pause: Duration,
}

impl Drift {
    const CALM: Duration = Duration::from_mins(1);
    const LONGEST: Duration = Duration::from_mins(5);

    /// How long a run that only drift asks for has to wait; `None` lets it go ahead.
    pub(crate) fn delay(&mut self, trigger: Trigger) -> Option<Duration> {
        if trigger != Trigger::DRIFT {
            return None;
        }
        let now = Instant::now();
        let since = self
            .last
            .map_or(Duration::MAX, |last| now.duration_since(last));
        if since > Self::CALM.max(self.pause * 2) {
            self.pause = Duration::ZERO;
        }
        if since < self.pause {
            return Some(self.pause.saturating_sub(since));
        }
        self.last = Some(now);
        // Short at first: edits by hand come in groups.
        self.pause = (self.pause * 2).clamp(Duration::from_millis(250), Self::LONGEST);
        None
    }
}

/// The inputs of a run that succeeded: while they are the same there is nothing to build.
#[derive(Clone)]
pub(crate) struct Settled {
    pub(crate) generation: i64,
    pub(crate) revision: String,
    pub(crate) artifact_digest: String,
    /// What the build read of the artifact.
    pub(crate) trace: Trace,
    /// Hash of the substituted variables.
    pub(crate) variables: u64,
    /// Digest of the built manifests, as the history shows it.
    pub(crate) manifests: String,
}

/// A run between its first write and its outcome.
pub(crate) struct Run {
    pub(crate) inputs: Inputs,
    pub(crate) stages: Vec<Stage>,
    /// The stage that comes next.
    pub(crate) next_stage: usize,
    /// What the stages before it did.
    pub(crate) changes: ChangeSet,
    /// The inventory that the run found.
    pub(crate) old_inventory: ResourceInventory,
    pub(crate) settled: Settled,
    /// What is awaited, if the run is parked.
    pub(crate) waits: Option<Wait>,
    /// Applies the stages; one for the whole run, since it knows the kinds that the run defines.
    pub(crate) applier: Option<Applier>,
    /// Whether the status says that the run waits for health.
    pub(crate) shows_wait: bool,
}

/// What a parked run waits for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    pub(crate) what: Awaited,
    pub(crate) since: Instant,
    pub(crate) deadline: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Awaited {
    /// Definitions or classes that later stages need.
    Stage,
    /// The end of objects that are made again.
    Termination,
    /// The health of what was applied.
    Health,
}

impl Wait {
    pub(crate) fn until(what: Awaited, timeout: Duration) -> Self {
        let since = Instant::now();
        Self {
            what,
            since,
            deadline: since + timeout,
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        Instant::now() >= self.deadline
    }
}

/// What a parked run was started for; anything else starts a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Inputs {
    pub(crate) generation: i64,
    pub(crate) requested_at: Option<String>,
    pub(crate) revision: String,
    pub(crate) artifact_digest: String,
}

impl Inputs {
    pub(crate) fn of(object: &Kustomization, artifact: &Artifact) -> Self {
        Self {
            generation: object.metadata.generation.unwrap_or_default(),
            requested_at: requested_at(object),
            revision: artifact.revision.clone(),
            artifact_digest: artifact.digest.clone(),
        }
    }
}

/// The token of the last request for a reconcile.
pub(crate) fn requested_at(object: &Kustomization) -> Option<String> {
    object
        .annotations()
        .get(windlass_api::meta::REQUESTED_AT)
        .cloned()
}

impl Memory {
    /// Time until the next run that is due anyway.
    pub(crate) fn until_due(&self) -> Option<Duration> {
        self.due
            .map(|due| due.saturating_duration_since(Instant::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn fights_are_slowed_down_and_forgotten() {
        let mut drift = Drift::default();
        assert_eq!(drift.delay(Trigger::DRIFT), None);
        let mut waited = Duration::ZERO;
        for _ in 0..8 {
            let delay = drift.delay(Trigger::DRIFT).expect("the pause has begun");
            waited += delay;
            tokio::time::advance(delay).await;
            assert_eq!(drift.delay(Trigger::DRIFT), None);
        }
        assert!(waited > Duration::from_secs(30), "{waited:?}");
        assert_eq!(drift.delay(Trigger::OBJECT), None);
        tokio::time::advance(Duration::from_secs(700)).await;
        assert_eq!(drift.delay(Trigger::DRIFT), None);
        assert!(
            drift
                .delay(Trigger::DRIFT)
                .is_some_and(|d| d < Duration::from_secs(1))
        );
    }
}
