//! The work queue of one kind.
//!
//! An object waits at most once, runs at most once at a time, and whatever was asked before a run
//! starts is answered by that run; whatever is asked during it leads to another one.

mod state;

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::ObjectKey;
use crate::metrics::{InProgress, Metrics, QueueMetrics, ReconcileResult};
use state::{State, Taken};

/// Why an object is looked at: a small set of reasons that adds up while the object waits.
/// `Default` is the empty set, which is what a scheduled run without other reasons gets.
pub trait Trigger: Clone + Default + Send + 'static {
    /// Adds the reasons of `other`.
    fn merge(&mut self, other: Self);
}

impl Trigger for () {
    fn merge(&mut self, (): Self) {}
}

/// How a queue behaves.
#[derive(Clone, Copy, Debug)]
pub struct QueueOptions {
    /// Name in metrics and logs: the lower-case kind.
    pub name: &'static str,
    /// First delay after a failure (`--min-retry-delay`).
    pub backoff_min: Duration,
    /// Longest delay after repeated failures (`--max-retry-delay`).
    pub backoff_max: Duration,
}

/// When an object is to be looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requeue {
    /// Parked: an event will wake it.
    Done,
    /// After this long, without regard to earlier failures.
    After(Duration),
    /// After a delay that doubles with every failure in a row. The reasons of this run are kept.
    Backoff,
    /// At once, with the reasons of this run.
    Now,
}

impl Requeue {
    fn result(self) -> ReconcileResult {
        match self {
            Self::Done => ReconcileResult::Success,
            Self::After(_) => ReconcileResult::RequeueAfter,
            Self::Now => ReconcileResult::Requeue,
            Self::Backoff => ReconcileResult::Error,
        }
    }
}

/// `interval` moved at random by up to `percent` of itself either way, so that objects made together
/// do not stay together (`--interval-jitter-percentage`).
pub fn jittered(interval: Duration, percent: u8) -> Duration {
    let share = f64::from(percent.min(99)) / 100.0;
    interval.mul_f64(1.0 + share * (2.0 * rand::random::<f64>() - 1.0))
}

struct Shared<T> {
    name: &'static str,
    state: Mutex<State<T>>,
    changed: Notify,
    metrics: QueueMetrics,
}

impl<T: Trigger> InProgress for Shared<T> {
    fn running(&self) -> Vec<f64> {
        let state = self.state.lock();
        state
            .running()
            .map(|since| since.elapsed().as_secs_f64())
            .collect()
    }
}

/// The queue of one kind. Clones share it.
pub struct Queue<T: Trigger>(Arc<Shared<T>>);

impl<T: Trigger> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Trigger> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Queue").field(&self.0.name).finish()
    }
}

struct Running<T> {
    key: ObjectKey,
    trigger: T,
    since: Instant,
}

/// Nothing can run for now.
struct Idle {
    /// Whether what is asked for could run at once.
    room: bool,
    /// When something may be due, or a place free, although nobody asks.
    due: Option<Instant>,
}

impl<T: Trigger> Queue<T> {
    /// An empty queue, reporting to `metrics`.
    pub fn new(options: QueueOptions, metrics: &Metrics) -> Self {
        let shared = Arc::new(Shared {
            name: options.name,
            state: Mutex::new(State::new(options.backoff_min, options.backoff_max)),
            changed: Notify::new(),
            metrics: metrics.queue(options.name),
        });
        let weak: Weak<Shared<T>> = Arc::downgrade(&shared);
        metrics.watch_queue(options.name, weak);
        Self(shared)
    }

    /// Asks for a run as soon as a worker is free. An object that is running runs again after.
    pub fn enqueue(&self, key: &ObjectKey, trigger: T) {
        self.change(|state| {
            if state.enqueue(key, trigger, Instant::now()) {
                self.0.metrics.adds.inc();
            }
        });
    }

    /// Asks for a run in `delay`. The earlier of two scheduled times wins; reasons add up.
    pub fn enqueue_after(&self, key: &ObjectKey, delay: Duration, trigger: T) {
        self.change(|state| state.schedule(key, Instant::now() + delay, trigger));
    }

    /// Drops what is scheduled for an object that is gone, and its failure count.
    pub fn forget(&self, key: &ObjectKey) {
        self.change(|state| state.forget(key));
    }

    /// Runs `work` for what is due, at most `concurrency` objects at once (at least one) and each
    /// object at most once at a time, until `shutdown`; then waits for those that are running. Each
    /// run is a task of its own; one that panics counts as [`Requeue::Backoff`]. A run of more than
    /// ten seconds counts among those of its namespace alone, so that others can go on.
    pub async fn run<F, W>(&self, concurrency: usize, shutdown: CancellationToken, work: W)
    where
        W: Fn(ObjectKey, T) -> F + Send,
        F: Future<Output = Requeue> + Send + 'static,
    {
        let concurrency = concurrency.max(1);
        let metrics = &self.0.metrics;
        metrics
            .max
            .set(i64::try_from(concurrency).unwrap_or(i64::MAX));
        let mut tasks = JoinSet::new();
        let mut running: HashMap<Id, Running<T>> = HashMap::new();
        while !shutdown.is_cancelled() {
            let Idle { room, due } = loop {
                match self.take(concurrency) {
                    Ok(taken) => self.start(&mut tasks, &mut running, &work, taken),
                    Err(idle) => break idle,
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => {}
                Some(end) = tasks.join_next_with_id() => self.end(&mut running, end),
                () = self.0.changed.notified(), if room => {}
                () = until(due) => {}
            }
        }
        while let Some(end) = tasks.join_next_with_id().await {
            self.end(&mut running, end);
        }
    }

    fn change(&self, with: impl FnOnce(&mut State<T>)) {
        let mut state = self.0.state.lock();
        with(&mut state);
        self.measure(&state);
        drop(state);
        self.0.changed.notify_one();
    }

    fn measure(&self, state: &State<T>) {
        self.0
            .metrics
            .depth
            .set(i64::try_from(state.depth()).unwrap_or(i64::MAX));
    }

    /// What is to run next, or what there is to wait for.
    fn take(&self, concurrency: usize) -> Result<Taken<T>, Idle> {
        let mut state = self.0.state.lock();
        let now = Instant::now();
        let room = state.has_room(concurrency, now);
        if room {
            let fallen_due = state.promote(now);
            self.0.metrics.adds.inc_by(fallen_due);
            let taken = state.take(concurrency, now);
            self.measure(&state);
            if let Some(taken) = taken {
                return Ok(taken);
            }
        }
        let due = state.next_due(room);
        Err(Idle { room, due })
    }

    fn start<F, W>(
        &self,
        tasks: &mut JoinSet<Requeue>,
        running: &mut HashMap<Id, Running<T>>,
        work: &W,
        taken: Taken<T>,
    ) where
        W: Fn(ObjectKey, T) -> F,
        F: Future<Output = Requeue> + Send + 'static,
    {
        let Taken {
            key,
            trigger,
            waited,
        } = taken;
        self.0.metrics.queued_for.observe(waited.as_secs_f64());
        self.0.metrics.active.inc();
        let run = Running {
            key: key.clone(),
            trigger: trigger.clone(),
            since: Instant::now(),
        };
        match std::panic::catch_unwind(AssertUnwindSafe(|| work(key, trigger))) {
            Ok(future) => {
                let task = tasks.spawn(future);
                running.insert(task.id(), run);
            }
            Err(_) => self.failed(run, "panic before the first step"),
        }
    }

    fn end(&self, running: &mut HashMap<Id, Running<T>>, end: Result<(Id, Requeue), JoinError>) {
        let (id, requeue) = match end {
            Ok((id, requeue)) => (id, Ok(requeue)),
            Err(error) => (error.id(), Err(error)),
        };
        let Some(run) = running.remove(&id) else {
            return;
        };
        match requeue {
            Ok(requeue) => self.finish(run, requeue),
            Err(error) => self.failed(run, &error.to_string()),
        }
    }

    fn failed(&self, run: Running<T>, panic: &str) {
        self.0.metrics.panicked();
        error!(
            controller = self.0.name,
            namespace = %run.key.namespace,
            name = %run.key.name,
            error = panic,
            "reconciler panicked"
        );
        self.finish(run, Requeue::Backoff);
    }

    fn finish(&self, run: Running<T>, requeue: Requeue) {
        self.0.metrics.active.dec();
        self.0
            .metrics
            .finished(requeue.result(), run.since.elapsed());
        if requeue == Requeue::Backoff {
            self.0.metrics.retries.inc();
        }
        self.change(|state| state.finish(&run.key, run.trigger, requeue, Instant::now()));
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
