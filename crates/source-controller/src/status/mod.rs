//! The status that a run works on, and the rules by which it is finished.

mod summary;

use std::{sync::Arc, time::Instant};

use kube::ResourceExt;
use windlass_api::{
    meta::{self, Condition, condition, reason},
    source::{Artifact, GitRepository, GitRepositorySpec, GitRepositoryStatus},
};
use windlass_runtime::{
    ObjectKey,
    conditions::{Conditions, Status},
    events::EventRecord,
    outcome::StepError,
};

pub(crate) use summary::OWNED;

/// The conditions whose end is told as a recovery (Flux: spec §14).
const FAIL_CONDITIONS: [&str; 3] = [
    condition::FETCH_FAILED,
    condition::INCLUDE_UNAVAILABLE,
    condition::STORAGE_OPERATION_FAILED,
];

/// One run over a `GitRepository`: the status in the making.
pub(crate) struct Attempt {
    /// The object as the run found it. Its spec and generation are what the run is about, even if
    /// the object has changed since.
    pub(crate) before: Arc<GitRepository>,
    /// The object as it was last written.
    pub(crate) object: Arc<GitRepository>,
    pub(crate) status: GitRepositoryStatus,
    pub(crate) conditions: Conditions,
    pub(crate) events: Vec<EventRecord>,
    /// Whether the stored artifact was lost.
    pub(crate) lost: bool,
    pub(crate) started: Instant,
}

/// How a run ended.
pub(crate) enum Ending {
    /// The status says what is upstream.
    Success,
    /// Nothing was looked at.
    Suspended,
    /// A step stopped it.
    Stopped(StepError),
}

impl Attempt {
    pub(crate) fn new(object: Arc<GitRepository>) -> Self {
        let status = object.status.clone().unwrap_or_default();
        let conditions = Conditions::new(status.conditions.clone());
        Self {
            before: object.clone(),
            object,
            status,
            conditions,
            events: Vec::new(),
            lost: false,
            started: Instant::now(),
        }
    }

    pub(crate) fn spec(&self) -> &GitRepositorySpec {
        &self.before.spec
    }

    pub(crate) fn generation(&self) -> Option<i64> {
        self.before.metadata.generation
    }

    pub(crate) fn namespace(&self) -> &str {
        self.before
            .metadata
            .namespace
            .as_deref()
            .unwrap_or_default()
    }

    pub(crate) fn key(&self) -> ObjectKey {
        ObjectKey::of(&*self.before)
    }

    /// The token of the reconcile that was requested last, if one was.
    pub(crate) fn requested_at(&self) -> Option<&String> {
        self.before.annotations().get(meta::REQUESTED_AT)
    }

    /// The artifact that the status showed when the run began.
    pub(crate) fn artifact_before(&self) -> Option<&Artifact> {
        self.before.status.as_ref()?.artifact.as_ref()
    }

    /// Whether this generation has not been dealt with yet.
    pub(crate) fn is_new_generation(&self) -> bool {
        self.status.observed_generation != self.generation()
    }

    /// Whether the object was found finished and nothing was asked of it since.
    pub(crate) fn was_finished(&self) -> bool {
        let Some(status) = &self.before.status else {
            return false;
        };
        Conditions::new(status.conditions.clone()).is_ready()
            && status.observed_generation == self.generation()
            && self
                .requested_at()
                .is_none_or(|token| status.last_handled_reconcile_at.as_ref() == Some(token))
    }

    pub(crate) fn set(
        &mut self,
        type_: &str,
        status: Status,
        reason: &str,
        message: impl Into<String>,
    ) {
        self.conditions
            .set(type_, status, reason, message, self.generation());
    }

    /// Marks the run as being at work, in the words of the contract (Flux: spec §4, §5.1).
    pub(crate) fn begin(&mut self) {
        let message = if self.lost {
            "building artifact: disappeared from storage".to_owned()
        } else if self.status.artifact.is_none() {
            "building artifact".to_owned()
        } else if self.is_new_generation() {
            format!(
                "processing object: new generation {} -> {}",
                self.status.observed_generation.unwrap_or_default(),
                self.generation().unwrap_or_default()
            )
        } else {
            "reconciliation in progress".to_owned()
        };
        self.conditions
            .mark_reconciling(reason::PROGRESSING, message, self.generation());
        self.conditions.remove(condition::STORAGE_OPERATION_FAILED);
    }

    /// The status as it is now, for an early patch.
    pub(crate) fn unfinished(&self) -> GitRepositoryStatus {
        let mut conditions = self.conditions.clone();
        let known = conditions
            .get(condition::READY)
            .is_some_and(|c| c.status != "Unknown");
        // A Ready that somebody relies on is only taken back when it is known to be wrong.
        if !known || self.lost {
            let message = conditions
                .get(condition::RECONCILING)
                .map(|c| c.message.clone())
                .unwrap_or_default();
            conditions.set(
                condition::READY,
                Status::Unknown,
                reason::PROGRESSING,
                message,
                self.generation(),
            );
        }
        GitRepositoryStatus {
            conditions: self.with_known_times(conditions),
            ..self.status.clone()
        }
    }

    /// Whether a failure that the run began with is over.
    pub(crate) fn recovered(&self) -> bool {
        let before = self
            .before
            .status
            .as_ref()
            .map_or(&[][..], |s| &s.conditions);
        FAIL_CONDITIONS.iter().any(|type_| {
            before
                .iter()
                .any(|c| c.type_ == *type_ && c.status == "True")
                && !self.conditions.is_true(type_)
        })
    }

    /// Applies the rules for the end of a run (Flux: spec §4) and answers the status.
    pub(crate) fn finish(&mut self, ending: &Ending) -> GitRepositoryStatus {
        if let Some(token) = self.requested_at().cloned() {
            self.status.last_handled_reconcile_at = Some(token);
        }
        let observed = match ending {
            Ending::Success => {
                self.conditions.remove(condition::RECONCILING);
                self.conditions.remove(condition::STALLED);
                true
            }
            Ending::Suspended => {
                self.conditions.remove(condition::STALLED);
                self.mark_retry();
                true
            }
            Ending::Stopped(error) => self.stop(error),
        };
        if observed && !self.conditions.as_slice().is_empty() {
            self.status.observed_generation = self.generation();
        }
        let generation = self.generation();
        summary::summarise(&mut self.conditions, generation);
        self.status.conditions = self.with_known_times(self.conditions.clone());
        self.status.clone()
    }

    /// Shows why the run was stopped; answers whether the generation is done with nevertheless.
    fn stop(&mut self, error: &StepError) -> bool {
        let failure = error.failure();
        let status = match failure.condition {
            condition::SOURCE_VERIFIED => Status::False,
            _ => Status::True,
        };
        self.set(
            failure.condition,
            status,
            failure.reason,
            failure.message.as_str(),
        );
        self.events.extend(failure.record());
        if let StepError::Stalled(_) = error {
            let generation = self.generation();
            self.conditions
                .mark_stalled(failure.reason, failure.message.as_str(), generation);
            return true;
        }
        self.conditions.remove(condition::STALLED);
        self.mark_retry();
        false
    }

    fn mark_retry(&mut self) {
        if let Some(reconciling) = self.conditions.get(condition::RECONCILING) {
            let message = reconciling.message.clone();
            self.set(
                condition::RECONCILING,
                Status::True,
                reason::PROGRESSING_WITH_RETRY,
                message,
            );
        }
    }

    /// The conditions passed through states that nobody saw: one that is as it was last written
    /// keeps its transition time, so that a run without news writes nothing.
    fn with_known_times(&self, conditions: Conditions) -> Vec<Condition> {
        let known = self
            .object
            .status
            .as_ref()
            .map_or(&[][..], |s| &s.conditions);
        let mut conditions = conditions.into_vec();
        for condition in &mut conditions {
            let same = known.iter().find(|k| {
                k.type_ == condition.type_
                    && k.status == condition.status
                    && k.reason == condition.reason
                    && k.message == condition.message
            });
            if let Some(same) = same {
                condition.last_transition_time = same.last_transition_time.clone();
            }
        }
        conditions
    }
}

#[cfg(test)]
mod tests;
