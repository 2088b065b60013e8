//! The steps of a reconcile, in the order in which they run. Each answers a value for the next,
//! or the failure that ends the run.

pub(crate) mod apply;
pub(crate) mod build;
pub(crate) mod dependencies;
pub(crate) mod health;
pub(crate) mod identity;
pub(crate) mod prune_guard;
pub(crate) mod source;
pub(crate) mod variables;

use std::time::Duration;

use windlass_api::meta::condition;
use windlass_runtime::{
    events::Severity,
    outcome::{Failure, StepError},
};

/// A failure that shows on Ready, is told as an error, and is tried again after the retry
/// interval.
pub(crate) fn failed(reason: &'static str, message: impl Into<String>) -> StepError {
    StepError::Failed(failure(reason, message, Some(Severity::Error), None))
}

/// Something else has to happen first; looked at again after `delay` at the latest.
pub(crate) fn waiting(
    reason: &'static str,
    message: impl Into<String>,
    delay: Duration,
) -> StepError {
    StepError::Waiting(failure(reason, message, None, Some(delay)))
}

/// Nothing will change until the object does.
pub(crate) fn stalled(reason: &'static str, message: impl Into<String>) -> StepError {
    StepError::Stalled(failure(reason, message, Some(Severity::Error), None))
}

fn failure(
    reason: &'static str,
    message: impl Into<String>,
    event: Option<Severity>,
    requeue: Option<Duration>,
) -> Failure {
    Failure {
        condition: condition::READY,
        reason,
        message: message.into(),
        event,
        event_message: None,
        requeue,
    }
}
