//! The steps of a reconcile, in the order in which they run. Each answers a value for the next,
//! or the failure that ends the run.

pub(crate) mod artifact;
pub(crate) mod checkout;
pub(crate) mod credentials;
pub(crate) mod include;
pub(crate) mod storage;

use windlass_runtime::outcome::{Failure, StepError};

/// A failure that is told as an error and tried again with growing delays.
pub(crate) fn failed(
    condition: &'static str,
    reason: &'static str,
    message: impl Into<String>,
) -> StepError {
    StepError::Failed(Failure::new(condition, reason, message))
}

/// Nothing will change until the object does.
pub(crate) fn stalled(
    condition: &'static str,
    reason: &'static str,
    message: impl Into<String>,
) -> StepError {
    StepError::Stalled(Failure::new(condition, reason, message))
}
