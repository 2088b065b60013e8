//! When a run that waits for health says so in its status.
//!
//! Most waits are over in a moment, and a status that says "waiting" would cost as many requests
//! as the one with the outcome. So it is written after [`SHOW_AFTER`]. Where the whole cluster is
//! behind, hundreds pass that time together: then they say it in turn, [`INTERVAL`] apart, since
//! the writes would only put the cluster further behind.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// The pause after which a wait is worth a status.
const SHOW_AFTER: Duration = Duration::from_secs(5);

/// Between two such statuses of the controller.
const INTERVAL: Duration = Duration::from_millis(100);

/// The turns that all runs of the controller share.
#[derive(Default)]
pub(crate) struct Turns(Mutex<Option<Instant>>);

impl Turns {
    /// Takes the next turn: now, or after those that were taken before.
    fn take(&self, now: Instant) -> Instant {
        let mut next = self.0.lock();
        let turn = next.map_or(now, |next| next.max(now));
        *next = Some(turn + INTERVAL);
        turn
    }
}

/// How far a run is with showing its wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum WaitStatus {
    #[default]
    NotDue,
    At(Instant),
    Written,
}

impl WaitStatus {
    /// Moves on, for a wait that began at `since`. [`Next::Write`] is answered once.
    pub(crate) fn advance(&mut self, turns: &Turns, since: Instant, now: Instant) -> Next {
        if *self == Self::NotDue {
            let due = since + SHOW_AFTER;
            if now < due {
                return Next::Ask(due);
            }
            *self = Self::At(turns.take(now));
        }
        match *self {
            Self::At(turn) if now < turn => Next::Ask(turn),
            Self::At(_) => {
                *self = Self::Written;
                Next::Write
            }
            Self::NotDue | Self::Written => Next::Nothing,
        }
    }
}

/// What a run has to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Ask(Instant),
    Write,
    Nothing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_shown_once_and_not_before_its_time() {
        let (turns, mut status, since) = (Turns::default(), WaitStatus::default(), Instant::now());
        let due = since + SHOW_AFTER;
        assert_eq!(status.advance(&turns, since, since), Next::Ask(due));
        assert_eq!(status.advance(&turns, since, due), Next::Write);
        assert_eq!(status.advance(&turns, since, due), Next::Nothing);
    }

    #[test]
    fn many_waits_are_shown_in_turn() {
        let (turns, since) = (Turns::default(), Instant::now());
        let due = since + SHOW_AFTER;
        let mut waits = [WaitStatus::default(); 3];
        let first: Vec<Next> = waits
            .iter_mut()
            .map(|wait| wait.advance(&turns, since, due))
            .collect();
        let ask = |n: u32| Next::Ask(due + INTERVAL * n);
        assert_eq!(first, [Next::Write, ask(1), ask(2)]);
        // Asked again too early, a run keeps its turn.
        assert_eq!(waits[2].advance(&turns, since, due), ask(2));
        let later = due + INTERVAL * 2;
        assert_eq!(waits[2].advance(&turns, since, later), Next::Write);
        assert_eq!(waits[1].advance(&turns, since, later), Next::Write);
    }

    #[test]
    fn turns_that_nobody_took_are_not_saved_up() {
        let (turns, since) = (Turns::default(), Instant::now());
        turns.take(since);
        let later = since + INTERVAL * 10;
        assert_eq!(turns.take(later), later);
        assert_eq!(turns.take(later), later + INTERVAL);
    }
}
