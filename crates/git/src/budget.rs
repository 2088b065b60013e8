//! The time one checkout has, and the one place where blocking Git code waits for the network.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::error::{Failure, tame};

/// Deadline and cancellation of a checkout. Git code is synchronous; whatever it waits for is a future
/// driven here, so that no read can outlive the deadline however silent the server is.
#[derive(Debug)]
pub(crate) struct Budget {
    runtime: Handle,
    deadline: Instant,
    token: CancellationToken,
    /// Seen by the indexing of packs, which does not wait but can take long.
    stop: AtomicBool,
    /// The first failure of a transport. Git code wraps the errors of its reader in its own; this keeps
    /// what really happened.
    first: Mutex<Option<Failure>>,
}

impl Budget {
    /// A budget until `deadline`, waiting on the runtime of the caller.
    pub(crate) fn new(deadline: Instant) -> Arc<Self> {
        Arc::new(Self {
            runtime: Handle::current(),
            deadline,
            token: CancellationToken::new(),
            stop: AtomicBool::new(false),
            first: Mutex::new(None),
        })
    }

    /// Ends all waiting, now and later.
    pub(crate) fn cancel(&self) {
        self.stop.store(true, Ordering::Relaxed);
        self.token.cancel();
    }

    pub(crate) fn stop_flag(&self) -> &AtomicBool {
        &self.stop
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Fails once the time is over or the caller gave up.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if Instant::now() >= self.deadline {
            Err(Failure::Deadline)
        } else if self.token.is_cancelled() {
            Err(Failure::Canceled)
        } else {
            Ok(())
        }
    }

    /// Waits for `work` on the calling thread, which must not be one of the runtime's own.
    pub(crate) fn wait<F: Future>(&self, work: F) -> Result<F::Output, Failure> {
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = self.token.cancelled() => Err(self.check().err().unwrap_or(Failure::Canceled)),
                () = tokio::time::sleep_until(self.deadline) => Err(Failure::Deadline),
                output = work => Ok(output),
            }
        })
    }

    /// Remembers `failure` and returns an error for Git code to carry upwards.
    pub(crate) fn report(&self, failure: Failure) -> io::Error {
        let text = failure.to_string();
        self.first.lock().get_or_insert(failure);
        io::Error::other(text)
    }

    /// What really happened when Git code ended with `error`.
    pub(crate) fn failure(&self, error: &gix::error::Error) -> Failure {
        if let Some(first) = self.first.lock().take() {
            return first;
        }
        if let Err(ended) = self.check() {
            return ended;
        }
        let mut texts: Vec<String> = Vec::new();
        for text in error.iter_errors().map(ToString::to_string) {
            if texts.last() != Some(&text) {
                texts.push(text);
            }
        }
        Failure::Protocol(tame(&texts.join(": ")))
    }
}
