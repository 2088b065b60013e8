//! Carries a plan out.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::time::{Instant, sleep};
use windlass_health::ObjectId;

use crate::applier::Applier;
use crate::change_set::{Action, ChangeSet};
use crate::error::Error;
use crate::memory::{AppliedMemory, Live};
use crate::plan::{Plan, PlannedChange, Work, Write};
use crate::{object, order, ownership, redact, stage};

/// How long a deleted object is given to vanish before the caller is told to come back.
const GONE_WITHIN: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Attempts at a take-over that loses against other writers.
const TAKE_OVER_ATTEMPTS: usize = 3;

impl Applier {
    /// Carries a plan out. The change set holds what has been done, in order, also when an error
    /// stopped it half way (Flux's messages list the completed stages only).
    ///
    /// # Errors
    /// The first error; [`Error::AwaitGone`] when objects to be recreated have not vanished yet, in
    /// which case nothing was applied and the stage has to be planned again.
    pub async fn apply(&self, plan: Plan, memory: &AppliedMemory) -> (ChangeSet, Option<Error>) {
        let mut done = ChangeSet::default();
        if let Err(error) = self.make_room(&plan, memory).await {
            return (done, Some(error));
        }
        let mut entries = plan.entries.into_iter().peekable();
        let mut error = None;
        while let Some(first) = entries.next() {
            // Flux applies one by one. What is of equal rank has no order to keep but in the report.
            let rank = order::rank(&first.id.kind);
            let mut group = vec![first];
            while let Some(entry) = entries.next_if(|next| order::rank(&next.id.kind) == rank) {
                group.push(entry);
            }
            error = self.apply_group(group, memory, &mut done).await;
            if error.is_some() {
                break;
            }
        }
        let kinds_changed = |change: &crate::Change| {
            change.action.changes() && stage::is_crd(&change.id.group, &change.id.kind)
        };
        if done.entries.iter().any(kinds_changed) {
            self.cluster.kinds_changed();
        }
        (done, error)
    }

    async fn apply_group(
        &self,
        group: Vec<PlannedChange>,
        memory: &AppliedMemory,
        done: &mut ChangeSet,
    ) -> Option<Error> {
        let stop = &AtomicBool::new(false);
        let mut writes = Vec::with_capacity(group.len());
        for entry in group {
            writes.push(async move {
                if stop.load(Ordering::Relaxed) {
                    return Ok(None);
                }
                let outcome = self.carry_out(entry, memory).await;
                stop.fetch_or(outcome.is_err(), Ordering::Relaxed);
                outcome.map(Some)
            });
        }
        let mut outcomes = stream::iter(writes).buffered(self.concurrency());
        let mut error = None;
        // The writes beside a failed one are under way already: their outcome belongs in the report.
        while let Some(outcome) = outcomes.next().await {
            match outcome {
                Ok(Some((id, action))) => done.push(id, action),
                Ok(None) => {}
                Err(failed) => {
                    error.get_or_insert(failed);
                }
            }
        }
        error
    }

    async fn carry_out(
        &self,
        entry: PlannedChange,
        memory: &AppliedMemory,
    ) -> Result<(ObjectId, Action), Error> {
        let PlannedChange { id, action, work } = entry;
        let Work::Write(write) = work else {
            return Ok((id, action));
        };
        if write.take_over {
            self.take_over(&id, &write).await?;
        }
        let applied = self.cluster.apply(&write.at, &write.payload, false).await;
        let applied = applied.map_err(|failure| Error::Apply {
            object: id.to_string(),
            failure: redact::redacted(failure, &write.payload),
        })?;
        self.tracker.observe(&applied);
        memory.remember(&id, write.desired, &Live::of(&applied));
        Ok((id, action))
    }

    /// Moves the fields that other managers hold to ours, and removes their leftovers, so that the
    /// apply that follows also removes what is not declared (Flux: spec §10.2).
    async fn take_over(&self, id: &ObjectId, write: &Write) -> Result<(), Error> {
        let failed = |failure| Error::Apply {
            object: id.to_string(),
            failure,
        };
        let mut attempt = 1;
        loop {
            let live = self.cluster.get(&write.at).await.map_err(failed)?;
            let patch = live.and_then(|live| {
                ownership::take_over_patch(&live, &self.options.override_managers)
            });
            let Some(patch) = patch else {
                return Ok(());
            };
            match self.cluster.json_patch(&write.at, &patch).await {
                Ok(_) => return Ok(()),
                // Somebody wrote in between: the patch tests for the version it was made from.
                Err(failure)
                    if attempt < TAKE_OVER_ATTEMPTS
                        && (failure.is_conflict() || failure.code == 422) =>
                {
                    attempt += 1;
                }
                Err(failure) => return Err(failed(failure)),
            }
        }
    }

    /// Deletes the objects that are to be recreated, once the dry run of the whole stage has passed,
    /// and gives them a moment to vanish.
    async fn make_room(&self, plan: &Plan, memory: &AppliedMemory) -> Result<(), Error> {
        let mut leaving = Vec::new();
        let mut gone_later = Vec::new();
        for entry in &plan.entries {
            match &entry.work {
                Work::Nothing => {}
                Work::AwaitGone => gone_later.push(entry.id.clone()),
                Work::Write(write) => {
                    if let Some(uid) = &write.replaces {
                        memory.forget(&entry.id);
                        let deleted = self.cluster.delete(&write.at, uid).await;
                        deleted.map_err(|failure| Error::Recreate {
                            object: entry.id.to_string(),
                            failure,
                        })?;
                        leaving.push((&entry.id, &write.at, uid));
                    }
                }
            }
        }
        let until = Instant::now() + GONE_WITHIN;
        for (id, at, uid) in leaving {
            loop {
                let live = self.cluster.get(at).await;
                let live = live.map_err(|failure| Error::Recreate {
                    object: id.to_string(),
                    failure,
                })?;
                if live.is_none_or(|live| object::uid(&live) != uid) {
                    break;
                }
                if Instant::now() >= until {
                    gone_later.push(id.clone());
                    break;
                }
                sleep(LOOK_EVERY).await;
            }
        }
        if gone_later.is_empty() {
            Ok(())
        } else {
            Err(Error::AwaitGone(gone_later))
        }
    }
}
