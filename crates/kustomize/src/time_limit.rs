//! The end of a build that takes too long, or that nobody waits for any more.
//!
//! A few lines can ask for any amount of work: definitions that refer to each other in two ways at
//! each of sixty levels, or lists of specifications that are compared with each other. The loops
//! which that comes down to are spread over the engine, and most know nothing of the build they
//! belong to. A build stays on one thread, so they ask the thread.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::{BuildOptions, Error, ErrorKind};

/// So many calls of [`check`] come between two looks at the clock. What lies between two calls
/// costs at most about as much as reading the largest object.
const CALLS: u32 = 64;

thread_local! {
    static CURRENT: RefCell<Option<Clock>> = const { RefCell::new(None) };
    static CALLS_LEFT: Cell<u32> = const { Cell::new(CALLS) };
}

/// What ends a build.
struct Clock {
    started: Instant,
    limit: Duration,
    cancel: Option<Arc<AtomicBool>>,
}

/// Limits what this thread does, for as long as the value lives.
pub(crate) struct TimeLimit {
    /// That of the build within which this one runs.
    outer: Option<Clock>,
}

impl TimeLimit {
    pub(crate) fn start(options: &BuildOptions<'_>) -> Self {
        let clock = Clock {
            started: Instant::now(),
            limit: options.limits.max_duration,
            cancel: options.cancel.cloned(),
        };
        Self {
            outer: CURRENT.replace(Some(clock)),
        }
    }
}

impl Drop for TimeLimit {
    fn drop(&mut self) {
        CURRENT.set(self.outer.take());
    }
}

/// Fails when the build of this thread has been cancelled or has taken too long, which is found
/// out some calls late. For the innermost loops.
pub(crate) fn check() -> Result<(), Error> {
    let left = CALLS_LEFT.get();
    if left > 0 {
        CALLS_LEFT.set(left - 1);
        return Ok(());
    }
    CALLS_LEFT.set(CALLS);
    check_now()
}

/// [`check`], found out at once.
pub(crate) fn check_now() -> Result<(), Error> {
    CURRENT.with_borrow(|current| current.as_ref().map_or(Ok(()), Clock::check))
}

impl Clock {
    fn check(&self) -> Result<(), Error> {
        let cancel = self.cancel.as_ref();
        if cancel.is_some_and(|flag| flag.load(Ordering::Relaxed)) {
            return Err(Error::new(
                ErrorKind::Cancelled,
                "kustomize build was cancelled",
            ));
        }
        if self.started.elapsed() > self.limit {
            return Err(Error::new(
                ErrorKind::Limit,
                format!("kustomize build took longer than {:?}", self.limit),
            ));
        }
        Ok(())
    }
}
