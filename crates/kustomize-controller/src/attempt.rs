//! The status that a run works on, and the rules by which it is finished.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use tokio::time::Instant;
use windlass_api::{
    Redacted, duration,
    kustomize::{
        COMMIT_STATUS_ANNOTATION, Kustomization, KustomizationStatus, ORIGIN_REVISION_ANNOTATION,
        REVISION_ANNOTATION, Snapshot,
    },
    meta::{condition, reason},
};
use windlass_runtime::{
    conditions::{Conditions, Status},
    events::{EventRecord, Severity},
};

use crate::memory::requested_at;

/// How many outcomes the history keeps (Flux: spec §1.2).
const HISTORY: usize = 5;

/// One run over a Kustomization: the status in the making.
pub(crate) struct Attempt {
    /// The object that the run is about.
    pub(crate) object: Arc<Kustomization>,
    /// The object as our last write left it, from which the next patch is made. Its spec may be
    /// newer than what the run works on.
    pub(crate) written: Arc<Kustomization>,
    /// The status that the run found.
    pub(crate) before: KustomizationStatus,
    pub(crate) status: KustomizationStatus,
    pub(crate) conditions: Conditions,
    pub(crate) revision: Option<String>,
    pub(crate) origin_revision: Option<String>,
    pub(crate) started: Instant,
    /// Whether nothing but drift asked for the run.
    pub(crate) corrects_drift: bool,
    /// Values of Secrets among the variables, which no message may show.
    pub(crate) hidden: Arc<[Redacted<String>]>,
    /// Whether an unfinished status has been shown to the API server.
    pub(crate) published: bool,
}

impl Attempt {
    pub(crate) fn new(object: Arc<Kustomization>) -> Self {
        let status = object.status.clone().unwrap_or_default();
        let conditions = Conditions::new(status.conditions.clone());
        Self {
            written: object.clone(),
            object,
            before: status.clone(),
            status,
            conditions,
            revision: None,
            origin_revision: None,
            started: Instant::now(),
            corrects_drift: false,
            hidden: Arc::default(),
            published: false,
        }
    }

    pub(crate) fn generation(&self) -> Option<i64> {
        self.object.metadata.generation
    }

    pub(crate) fn ready(&mut self, status: Status, reason: &str, message: impl Into<String>) {
        self.conditions
            .set(condition::READY, status, reason, message, self.generation());
    }

    /// Marks the run as being at work on `what` ("Building manifests").
    pub(crate) fn at_work(&mut self, what: &str) {
        self.ready(
            Status::Unknown,
            reason::PROGRESSING,
            "Reconciliation in progress",
        );
        let message = format!(
            "{what} for revision {} with a timeout of {}",
            self.revision.as_deref().unwrap_or_default(),
            duration::format(self.object.spec.effective_timeout()),
        );
        self.conditions
            .mark_reconciling(reason::PROGRESSING, message, self.generation());
    }

    pub(crate) fn ready_reason(&self) -> Option<&str> {
        self.conditions
            .get(condition::READY)
            .map(|c| c.reason.as_str())
    }

    /// An event about this run. Its reason is that of the Ready condition (Flux: spec §3).
    pub(crate) fn event(&self, severity: Severity, message: impl Into<String>) -> EventRecord {
        let fallback = match severity {
            Severity::Error => "error",
            Severity::Info | Severity::Trace => "info",
        };
        let reason = self.ready_reason().unwrap_or(fallback);
        EventRecord {
            metadata: self.event_metadata(),
            ..EventRecord::new(severity, reason, message)
        }
    }

    /// The text without values of Secrets. The API server echoes what it cannot take, and errors of
    /// a substituted object may do as well.
    pub(crate) fn masked(&self, text: &str) -> String {
        let mut masked = text.to_owned();
        for secret in self.hidden.iter() {
            if masked.contains(secret.expose().as_str()) {
                masked = masked.replace(secret.expose().as_str(), "***");
            }
        }
        masked
    }

    fn event_metadata(&self) -> BTreeMap<String, String> {
        // A run that ends before its source is known speaks of the revision tried last.
        let revision = self
            .revision
            .as_ref()
            .or(self.status.last_attempted_revision.as_ref());
        [
            (REVISION_ANNOTATION, revision),
            (ORIGIN_REVISION_ANNOTATION, self.origin_revision.as_ref()),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?.clone())))
        .collect()
    }

    /// The event that closes a successful run.
    pub(crate) fn finished_event(&self, next: Duration) -> EventRecord {
        let mut event = self.event(
            Severity::Info,
            format!(
                "Reconciliation finished in {}, next run in {}",
                duration::format(self.started.elapsed()),
                duration::format(next),
            ),
        );
        event
            .metadata
            .insert(COMMIT_STATUS_ANNOTATION.to_owned(), "update".to_owned());
        event
    }

    /// Notes the outcome of one set of manifests.
    pub(crate) fn remember_outcome(&mut self, digest: &str, outcome: &str) {
        let now = Time(jiff::Timestamp::now());
        let metadata = [
            ("revision", &self.revision),
            ("originRevision", &self.origin_revision),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value.clone()?)))
        .collect();
        let history = &mut self.status.history;
        let known = history
            .iter()
            .position(|s| s.digest == digest && s.last_reconciled_status == outcome)
            .map(|index| history.remove(index));
        let snapshot = Snapshot {
            digest: digest.to_owned(),
            first_reconciled: known
                .as_ref()
                .map_or_else(|| now.clone(), |s| s.first_reconciled.clone()),
            last_reconciled: now,
            last_reconciled_duration: duration::format(self.started.elapsed()),
            last_reconciled_status: outcome.to_owned(),
            total_reconciliations: known.map_or(0, |s| s.total_reconciliations) + 1,
            metadata,
        };
        history.insert(0, snapshot);
        history.truncate(HISTORY);
    }

    /// The status as it is now, for an early patch.
    pub(crate) fn unfinished(&self) -> KustomizationStatus {
        KustomizationStatus {
            conditions: self.conditions.as_slice().to_vec(),
            ..self.status.clone()
        }
    }

    /// Applies the rules for the end of every run (Flux: spec §3 step 2) and answers the status.
    pub(crate) fn finish(mut self) -> KustomizationStatus {
        if let Some(token) = requested_at(&self.object) {
            self.status.last_handled_reconcile_at = Some(token);
        }
        if self.conditions.is_true(condition::READY) {
            self.conditions.remove(condition::RECONCILING);
            self.status.observed_generation = self.generation();
        } else if self.conditions.is(condition::READY, Status::False)
            && let Some(reconciling) = self.conditions.get(condition::RECONCILING)
        {
            let message = reconciling.message.clone();
            self.conditions.mark_reconciling(
                reason::PROGRESSING_WITH_RETRY,
                message,
                self.generation(),
            );
        }
        let mut conditions = self.conditions.into_vec();
        if !self.published {
            // The conditions passed through states that nobody saw: where one is as it was
            // before, its transition time is too, so that a run without news writes nothing.
            for condition in &mut conditions {
                let same = self.before.conditions.iter().find(|b| {
                    b.type_ == condition.type_
                        && b.status == condition.status
                        && b.reason == condition.reason
                        && b.message == condition.message
                });
                if let Some(same) = same {
                    condition.last_transition_time = same.last_transition_time.clone();
                }
            }
        }
        self.status.conditions = conditions;
        self.status
    }
}

#[cfg(test)]
mod tests {
    use windlass_api::kustomize::KustomizationSpec;

    use super::*;

    #[test]
    fn messages_show_no_value_of_a_secret() {
        let object = Kustomization::new("app", KustomizationSpec::default());
        let mut attempt = Attempt::new(Arc::new(object));
        assert_eq!(attempt.masked("got hunter2"), "got hunter2");
        attempt.hidden = [Redacted::new("hunter2".to_owned())].into();
        assert_eq!(attempt.masked("got hunter2, hunter2"), "got ***, ***");
    }
}
