use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Requeue, Trigger};
use crate::ObjectKey;

/// A run that takes longer holds a place of its namespace, and no longer one of all: it may be waiting
/// for a server that never answers.
const SLOW_AFTER: Duration = Duration::from_secs(10);
/// Beyond so many, slow runs keep their places: each may hold a thread.
const MAX_SLOW: usize = 128;

/// What is known of one object that waits, is scheduled, or has failed.
struct Entry<T> {
    /// Reasons to run as soon as possible, and since when they wait.
    pending: Option<(T, Instant)>,
    scheduled: Option<(Instant, T)>,
    failures: u32,
}

impl<T> Entry<T> {
    fn is_idle(&self) -> bool {
        self.pending.is_none() && self.scheduled.is_none() && self.failures == 0
    }
}

/// An object handed to a worker.
pub(super) struct Taken<T> {
    pub(super) key: ObjectKey,
    pub(super) trigger: T,
    pub(super) waited: Duration,
}

/// Keys that can run now: first in, first out within a namespace, namespaces in turn.
#[derive(Default)]
struct Ready {
    turns: VecDeque<Arc<str>>,
    keys: HashMap<Arc<str>, VecDeque<ObjectKey>>,
    len: usize,
}

impl Ready {
    fn push(&mut self, key: ObjectKey) {
        let keys = self.keys.entry(key.namespace.clone()).or_default();
        if keys.is_empty() {
            self.turns.push_back(key.namespace.clone());
        }
        keys.push_back(key);
        self.len += 1;
    }

    /// The next key, of those namespaces that may run something.
    fn pop(&mut self, may_run: impl Fn(&Arc<str>) -> bool) -> Option<ObjectKey> {
        let at = self.turns.iter().position(may_run)?;
        let namespace = self.turns.remove(at)?;
        let keys = self.keys.get_mut(&namespace)?;
        let key = keys.pop_front()?;
        if keys.is_empty() {
            self.keys.remove(&namespace);
        } else {
            self.turns.push_back(namespace);
        }
        self.len -= 1;
        Some(key)
    }

    fn remove(&mut self, key: &ObjectKey) {
        let Some(keys) = self.keys.get_mut(&key.namespace) else {
            return;
        };
        let before = keys.len();
        keys.retain(|k| k != key);
        self.len -= before - keys.len();
        if keys.is_empty() {
            self.keys.remove(&key.namespace);
            self.turns.retain(|turn| *turn != key.namespace);
        }
    }
}

/// The runs that are under way.
#[derive(Default)]
struct Runs {
    since: HashMap<ObjectKey, Instant>,
    /// Those that are not slow yet.
    quick: BTreeSet<(Instant, ObjectKey)>,
    by_namespace: HashMap<Arc<str>, usize>,
}

impl Runs {
    fn begin(&mut self, key: &ObjectKey, now: Instant) {
        self.since.insert(key.clone(), now);
        self.quick.insert((now, key.clone()));
        *self.by_namespace.entry(key.namespace.clone()).or_default() += 1;
    }

    fn end(&mut self, key: &ObjectKey) {
        let Some(since) = self.since.remove(key) else {
            return;
        };
        self.quick.remove(&(since, key.clone()));
        if let Some(runs) = self.by_namespace.get_mut(&key.namespace) {
            *runs -= 1;
            if *runs == 0 {
                self.by_namespace.remove(&key.namespace);
            }
        }
    }

    /// When the next run becomes slow.
    fn next_slow(&self) -> Option<Instant> {
        let slow = self.since.len() - self.quick.len();
        let (since, _) = self.quick.first().filter(|_| slow < MAX_SLOW)?;
        Some(*since + SLOW_AFTER)
    }

    fn slow_down(&mut self, now: Instant) {
        while self.next_slow().is_some_and(|at| at <= now) {
            self.quick.pop_first();
        }
    }
}

/// The queue without its workers and its clock.
///
/// Invariants: a key is in `ready` exactly when it is pending and not running; a key is in `timers`
/// exactly at its scheduled time.
pub(super) struct State<T> {
    entries: HashMap<ObjectKey, Entry<T>>,
    runs: Runs,
    ready: Ready,
    timers: BTreeSet<(Instant, ObjectKey)>,
    backoff_min: Duration,
    backoff_max: Duration,
}

impl<T: Trigger> State<T> {
    pub(super) fn new(backoff_min: Duration, backoff_max: Duration) -> Self {
        Self {
            entries: HashMap::new(),
            runs: Runs::default(),
            ready: Ready::default(),
            timers: BTreeSet::new(),
            backoff_min,
            backoff_max,
        }
    }

    fn entry(&mut self, key: &ObjectKey) -> &mut Entry<T> {
        self.entries.entry(key.clone()).or_insert_with(|| Entry {
            pending: None,
            scheduled: None,
            failures: 0,
        })
    }

    /// Answers whether the key was not waiting before.
    pub(super) fn enqueue(&mut self, key: &ObjectKey, trigger: T, now: Instant) -> bool {
        let entry = self.entry(key);
        if let Some((pending, _)) = &mut entry.pending {
            pending.merge(trigger);
            return false;
        }
        entry.pending = Some((trigger, now));
        if !self.runs.since.contains_key(key) {
            self.ready.push(key.clone());
        }
        true
    }

    pub(super) fn schedule(&mut self, key: &ObjectKey, at: Instant, trigger: T) {
        let entry = self.entry(key);
        match &mut entry.scheduled {
            Some((due, scheduled)) => {
                scheduled.merge(trigger);
                if at < *due {
                    let old = std::mem::replace(due, at);
                    self.timers.remove(&(old, key.clone()));
                    self.timers.insert((at, key.clone()));
                }
            }
            none => {
                *none = Some((at, trigger));
                self.timers.insert((at, key.clone()));
            }
        }
    }

    pub(super) fn forget(&mut self, key: &ObjectKey) {
        if let Some(entry) = self.entries.remove(key) {
            if let Some((due, _)) = entry.scheduled {
                self.timers.remove(&(due, key.clone()));
            }
            if entry.pending.is_some() {
                self.ready.remove(key);
            }
        }
    }

    /// Moves what has fallen due to the ready keys; answers how many of them were not waiting.
    pub(super) fn promote(&mut self, now: Instant) -> u64 {
        let mut added = 0;
        while self.timers.first().is_some_and(|(due, _)| *due <= now) {
            let Some((_, key)) = self.timers.pop_first() else {
                break;
            };
            let scheduled = self.entry(&key).scheduled.take();
            if let Some((_, trigger)) = scheduled {
                added += u64::from(self.enqueue(&key, trigger, now));
            }
        }
        added
    }

    /// Whether another run may begin, of `places`.
    pub(super) fn has_room(&mut self, places: usize, now: Instant) -> bool {
        self.runs.slow_down(now);
        self.runs.quick.len() < places
    }

    /// The next run. There must be room for it; of each namespace there are at most as many runs as
    /// there are places.
    pub(super) fn take(&mut self, places: usize, now: Instant) -> Option<Taken<T>> {
        let of = &self.runs.by_namespace;
        let key = self
            .ready
            .pop(|namespace| of.get(namespace).is_none_or(|runs| *runs < places))?;
        let entry = self.entries.get_mut(&key)?;
        let (mut trigger, since) = entry.pending.take()?;
        // This run answers what was scheduled before it.
        if let Some((due, scheduled)) = entry.scheduled.take() {
            trigger.merge(scheduled);
            self.timers.remove(&(due, key.clone()));
        }
        self.runs.begin(&key, now);
        Some(Taken {
            key,
            trigger,
            waited: now.saturating_duration_since(since),
        })
    }

    pub(super) fn finish(&mut self, key: &ObjectKey, ran: T, requeue: Requeue, now: Instant) {
        self.runs.end(key);
        let failures = match requeue {
            Requeue::Backoff => self.entry(key).failures.saturating_add(1),
            _ => 0,
        };
        self.entry(key).failures = failures;
        match requeue {
            Requeue::Done => {}
            Requeue::After(delay) => self.schedule(key, now + delay, T::default()),
            Requeue::Backoff => {
                let delay = self.backoff(failures);
                self.schedule(key, now + delay, ran);
            }
            Requeue::Now => {
                let entry = self.entry(key);
                match &mut entry.pending {
                    Some((pending, _)) => pending.merge(ran),
                    none => *none = Some((ran, now)),
                }
            }
        }
        let entry = self.entry(key);
        if entry.pending.is_some() {
            self.ready.push(key.clone());
        } else if entry.is_idle() {
            self.entries.remove(key);
        }
    }

    fn backoff(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        self.backoff_min
            .saturating_mul(1 << doublings)
            .min(self.backoff_max)
    }

    /// When something is due; without room, when the next run becomes slow.
    pub(super) fn next_due(&self, room: bool) -> Option<Instant> {
        if room {
            self.timers.first().map(|(due, _)| *due)
        } else {
            self.runs.next_slow()
        }
    }

    pub(super) fn depth(&self) -> usize {
        self.ready.len
    }

    pub(super) fn running(&self) -> impl Iterator<Item = Instant> {
        self.runs.since.values().copied()
    }
}
