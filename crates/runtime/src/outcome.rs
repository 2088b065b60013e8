//! What a reconcile ends with, and the one place that reports it.

use std::time::{Duration, Instant};

use kube::{Client, Resource};
use serde::Serialize;
use serde_json::Value;
use tracing::{error, info};

use crate::ObjectKey;
use crate::events::{EventRecord, Involved, Recorder, Severity};
use crate::metrics::Metrics;
use crate::patch::{self, Owned, PatchError, Writer};
use crate::queue::Requeue;

/// The end of a reconcile: the status to show, what to tell, and when to look again.
#[derive(Clone, Debug)]
pub struct Outcome<S> {
    /// The whole status.
    pub status: S,
    /// Events, in order.
    pub events: Vec<EventRecord>,
    /// When to look again.
    pub requeue: Requeue,
}

/// Why a step stopped the reconcile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// Something else has to happen first.
    #[error("{}", .0.message)]
    Waiting(Failure),
    /// Nothing will change until the object does.
    #[error("{}", .0.message)]
    Stalled(Failure),
    /// It went wrong and is worth another try.
    #[error("{}", .0.message)]
    Failed(Failure),
}

/// What is told about a step that stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Condition type that shows it.
    pub condition: &'static str,
    /// Reason of the condition and the event.
    pub reason: &'static str,
    /// Text of both.
    pub message: String,
    /// Whether and how an event is sent.
    pub event: Option<Severity>,
    /// Text of the event where it differs from that of the condition.
    pub event_message: Option<String>,
    /// A fixed delay before the next try, instead of the exponential one.
    pub requeue: Option<Duration>,
}

impl Failure {
    /// A failure that is told as an error event and retried with exponential delays.
    pub fn new(condition: &'static str, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            condition,
            reason,
            message: message.into(),
            event: Some(Severity::Error),
            event_message: None,
            requeue: None,
        }
    }

    /// The same, told this way.
    #[must_use]
    pub fn event(mut self, event: Option<Severity>) -> Self {
        self.event = event;
        self
    }

    /// The same, retried after a fixed delay.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.requeue = Some(delay);
        self
    }

    /// The event that tells it, if any.
    pub fn record(&self) -> Option<EventRecord> {
        let text = self.event_message.as_ref().unwrap_or(&self.message);
        self.event
            .map(|severity| EventRecord::new(severity, self.reason, text.clone()))
    }
}

impl StepError {
    /// The failure, whatever its class.
    pub fn failure(&self) -> &Failure {
        match self {
            Self::Waiting(f) | Self::Stalled(f) | Self::Failed(f) => f,
        }
    }

    /// When to look again: never for what is stalled, else after the failure's own delay, else with
    /// exponential delays.
    pub fn requeue(&self) -> Requeue {
        match (self, self.failure().requeue) {
            (Self::Stalled(_), _) => Requeue::Done,
            (_, Some(delay)) => Requeue::After(delay),
            (_, None) => Requeue::Backoff,
        }
    }
}

/// What became of an object whose outcome was reported.
#[derive(Clone, Debug)]
pub struct Reported<K> {
    /// When to look again.
    pub requeue: Requeue,
    /// The object as the server has it now; `None` when it is gone or could not be written.
    pub object: Option<K>,
}

/// Reports for one kind. Clones share everything.
#[derive(Clone)]
pub struct Reporter {
    /// The controller's own client.
    pub client: Client,
    /// Where events go.
    pub recorder: Recorder,
    /// Where durations go.
    pub metrics: Metrics,
    /// Who patches.
    pub writer: Writer,
    /// Kind, for metrics.
    pub kind: &'static str,
}

impl std::fmt::Debug for Reporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reporter")
            .field("kind", &self.kind)
            .field("writer", &self.writer)
            .finish_non_exhaustive()
    }
}

impl Reporter {
    /// Shows an intermediate status. Answers the object as it is now, `None` when it is gone.
    ///
    /// # Errors
    /// [`PatchError`].
    pub async fn progress<K: Owned, S: Serialize + Sync>(
        &self,
        object: &K,
        status: &S,
    ) -> Result<Option<K>, PatchError> {
        let status = self.encode(&ObjectKey::of(object), status)?;
        patch::status(&self.client, &self.writer, object, &status).await
    }

    /// Records the events, patches the status once (not at all when nothing differs from `object`),
    /// observes how long it took since `started`, and answers when to look again: with exponential
    /// delays when the status could not be written, for then nobody knows what happened. Answers
    /// the object too, since a watch may show it only later.
    ///
    /// Events go first, as Flux has it: who waits for the status finds them under way.
    pub async fn report<K: Owned, S: Serialize + Send + Sync>(
        &self,
        object: &K,
        outcome: Outcome<S>,
        started: Instant,
    ) -> Reported<K> {
        let involved = Involved::of(object);
        for event in outcome.events {
            log(&event);
            self.recorder.record(&involved, event);
        }
        let patched = self.progress(object, &outcome.status).await;
        let key = ObjectKey::of(object);
        self.metrics
            .observe_reconcile(self.kind, &key, started.elapsed());
        match patched {
            Ok(Some(now)) => {
                if is_finished(&now) {
                    self.metrics.forget(self.kind, &key);
                }
                Reported {
                    requeue: outcome.requeue,
                    object: Some(now),
                }
            }
            Ok(None) => {
                self.metrics.forget(self.kind, &key);
                Reported {
                    requeue: Requeue::Done,
                    object: None,
                }
            }
            Err(error) => {
                error!(error = %error, "status not written");
                Reported {
                    requeue: Requeue::Backoff,
                    object: None,
                }
            }
        }
    }

    fn encode(&self, key: &ObjectKey, status: &impl Serialize) -> Result<Value, PatchError> {
        serde_json::to_value(status).map_err(|source| PatchError::Encode {
            kind: self.kind.to_owned(),
            key: key.clone(),
            source,
        })
    }
}

/// Whether nothing more will be done for an object: it is being deleted and our finalizer is gone.
fn is_finished<K: Resource>(object: &K) -> bool {
    let meta = object.meta();
    meta.deletion_timestamp.is_some()
        && !meta
            .finalizers
            .iter()
            .flatten()
            .any(|f| f == windlass_api::meta::FINALIZER)
}

fn log(event: &EventRecord) {
    match event.severity {
        Severity::Error => error!(reason = event.reason, "{}", event.message),
        Severity::Info => info!(reason = event.reason, "{}", event.message),
        Severity::Trace => tracing::debug!(reason = event.reason, "{}", event.message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requeue_follows_the_class_of_the_failure() {
        let failure = Failure::new("Ready", "X", "m");
        let delayed = failure.clone().after(Duration::from_secs(30));
        assert_eq!(StepError::Stalled(delayed.clone()).requeue(), Requeue::Done);
        assert_eq!(
            StepError::Failed(failure.clone()).requeue(),
            Requeue::Backoff
        );
        assert_eq!(
            StepError::Waiting(delayed).requeue(),
            Requeue::After(Duration::from_secs(30))
        );
        assert!(failure.clone().event(None).record().is_none());
        assert_eq!(failure.record().unwrap().severity, Severity::Error);
    }
}
