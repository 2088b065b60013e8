use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Requeue, Trigger};
use crate::ObjectKey;

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

    fn pop(&mut self) -> Option<ObjectKey> {
        let namespace = self.turns.pop_front()?;
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

/// The queue without its workers and its clock.
///
/// Invariants: a key is in `ready` exactly when it is pending and not running; a key is in `timers`
/// exactly at its scheduled time.
pub(super) struct State<T> {
    entries: HashMap<ObjectKey, Entry<T>>,
    running: HashMap<ObjectKey, Instant>,
    ready: Ready,
    timers: BTreeSet<(Instant, ObjectKey)>,
    backoff_min: Duration,
    backoff_max: Duration,
}

impl<T: Trigger> State<T> {
    pub(super) fn new(backoff_min: Duration, backoff_max: Duration) -> Self {
        Self {
            entries: HashMap::new(),
            running: HashMap::new(),
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
        if !self.running.contains_key(key) {
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

    pub(super) fn take(&mut self, now: Instant) -> Option<Taken<T>> {
        let key = self.ready.pop()?;
        let entry = self.entries.get_mut(&key)?;
        let (mut trigger, since) = entry.pending.take()?;
        // This run answers what was scheduled before it.
        if let Some((due, scheduled)) = entry.scheduled.take() {
            trigger.merge(scheduled);
            self.timers.remove(&(due, key.clone()));
        }
        self.running.insert(key.clone(), now);
        Some(Taken {
            key,
            trigger,
            waited: now.saturating_duration_since(since),
        })
    }

    pub(super) fn finish(&mut self, key: &ObjectKey, ran: T, requeue: Requeue, now: Instant) {
        self.running.remove(key);
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

    pub(super) fn next_due(&self) -> Option<Instant> {
        self.timers.first().map(|(due, _)| *due)
    }

    pub(super) fn depth(&self) -> usize {
        self.ready.len
    }

    pub(super) fn running(&self) -> impl Iterator<Item = Instant> {
        self.running.values().copied()
    }
}
