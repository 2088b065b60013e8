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
use windlass_runtime::memory::newest;

use crate::{attempt::Attempt, drift::Drift, steps::build::Trace, wait_status::WaitStatus};

/// The memory of one Kustomization.
#[derive(Default)]
pub(crate) struct Memory {
    /// The object as our last write left it; the watch may be behind.
    pub(crate) latest: Option<Arc<Kustomization>>,
    /// What was verified of each applied object.
    pub(crate) applied: Arc<AppliedMemory>,
    /// Under which account and rules it was verified.
    pub(crate) applied_as: u64,
    /// A run that waits for the cluster; most objects have none.
    pub(crate) run: Option<Box<(Run, Attempt)>>,
    /// The inputs of the last run that succeeded.
    pub(crate) settled: Option<Settled>,
    /// Objects of a deleted Kustomization whose end is awaited, and until when.
    pub(crate) terminating: Option<(ChangeSet, Instant)>,
    /// How often its objects have had to be corrected lately.
    pub(crate) drift: Drift,
    /// Since when a source is awaited that was only just made.
    pub(crate) awaits_source: Option<Instant>,
    /// When the next run is due without any event.
    pub(crate) due: Option<Instant>,
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
    /// How far it is with saying in the status that it waits for health.
    pub(crate) wait_status: WaitStatus,
    /// Whether what it will delete was held against the limit.
    pub(crate) prune_checked: bool,
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
    /// The watch shows what was written last, or more: from now on both are one object.
    pub(crate) fn catch_up(&mut self, seen: &Arc<Kustomization>) {
        if let Some(latest) = &self.latest
            && latest.uid() == seen.uid()
        {
            self.latest = Some(newest(Some(latest), seen.clone()));
        }
    }

    /// Time until the next run that is due anyway.
    pub(crate) fn until_due(&self) -> Option<Duration> {
        self.due
            .map(|due| due.saturating_duration_since(Instant::now()))
    }
}
