use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{Expected, Reader, Verdict};
use crate::{Assessment, HealthExprs, Status};

/// What one owner waits for.
pub(super) struct Wait {
    pub(super) items: Vec<Item>,
    pub(super) exprs: Arc<HealthExprs>,
    pub(super) reader: Reader,
    /// The verdict last told of.
    pub(super) verdict: Verdict,
    /// Ends everything that was begun for this wait alone.
    pub(super) token: CancellationToken,
    pub(super) polling: bool,
}

/// One object of a wait, and what was begun for it.
pub(super) struct Item {
    pub(super) expected: Expected,
    /// Assessed by an expression rather than by the built-in rules.
    pub(super) covered: bool,
    /// The answer of the expression, for the object at this resourceVersion.
    pub(super) custom: Option<(u64, Assessment)>,
    pub(super) access: Access,
    /// Why it cannot be looked at.
    pub(super) problem: Option<String>,
    /// It is known not to exist.
    pub(super) absent: bool,
    /// A pod that it owns has failed for good.
    pub(super) doomed: bool,
    pub(super) begun: Begun,
}

/// What is under way for an item.
#[derive(Default)]
pub(super) struct Begun {
    /// Reading it for its expression.
    pub(super) fetch: bool,
    /// A watch of its own.
    pub(super) follow: bool,
    /// A watch of its pods.
    pub(super) pods: bool,
}

/// Whether the account may be told of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Access {
    Granted,
    /// To be asked.
    Open,
    Asked,
    /// With what the API server said.
    Denied(String),
}

impl Item {
    pub(super) fn new(expected: Expected, covered: bool, access: Access) -> Self {
        Self {
            expected,
            covered,
            custom: None,
            access,
            problem: None,
            absent: false,
            doomed: false,
            begun: Begun::default(),
        }
    }
}

/// Sums up the statuses of a wait.
pub(super) fn verdict(statuses: impl Iterator<Item = Status>) -> Verdict {
    let (mut failed, mut pending) = (false, false);
    for status in statuses {
        match status {
            Status::Current => {}
            Status::Failed => failed = true,
            _ => pending = true,
        }
    }
    match (failed, pending) {
        (false, false) => Verdict::Done,
        (false, true) => Verdict::Pending,
        (true, true) => Verdict::Failing,
        (true, false) => Verdict::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::verdict;
    use crate::Status::{Current, Failed, InProgress, NotFound, Unknown};
    use crate::Verdict;

    #[test]
    fn verdicts() {
        for (statuses, expected) in [
            (vec![], Verdict::Done),
            (vec![Current, Current], Verdict::Done),
            (vec![Current, InProgress], Verdict::Pending),
            (vec![NotFound, Unknown], Verdict::Pending),
            (vec![Failed, InProgress], Verdict::Failing),
            (vec![Failed, Current], Verdict::Failed),
        ] {
            assert_eq!(verdict(statuses.iter().copied()), expected, "{statuses:?}");
        }
    }
}
