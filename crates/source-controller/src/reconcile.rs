//! One reconcile, from the key of an object to the time of the next look.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, SystemTime},
};

use kube::ResourceExt;
use tokio::time::Instant;
use tracing::{error, info};
use windlass_api::{
    meta::{self, condition},
    source::{Artifact, GitRepository, GitRepositoryStatus},
};
use windlass_runtime::{
    ObjectKey,
    conditions::Status,
    memory::newest,
    outcome::{Outcome, StepError},
    patch,
    queue::{Requeue, jittered},
};

use crate::{
    WRITER,
    context::Context,
    finalize,
    memory::Memory,
    status::{Attempt, Ending},
    steps::{artifact, checkout, credentials, include, storage},
    trigger::Trigger,
};

/// Looks at one object. Only its own Git operation holds the call up.
pub(crate) async fn reconcile(context: Arc<Context>, key: ObjectKey, trigger: Trigger) -> Requeue {
    let mut memory = context.memories.take(&key);
    let Some(seen) = context.repositories.get(&key) else {
        context.reporter.metrics.forget(context.reporter.kind, &key);
        return Requeue::Done;
    };
    if memory
        .latest
        .as_ref()
        .is_some_and(|latest| latest.uid() != seen.uid())
    {
        // Another object of the same name.
        memory = Memory::default();
    }
    let object = newest(memory.latest.as_ref(), seen);
    let requeue = look(&context, &key, object, &mut memory, trigger).await;
    context.memories.put(&key, memory);
    requeue
}

async fn look(
    context: &Context,
    key: &ObjectKey,
    mut object: Arc<GitRepository>,
    memory: &mut Memory,
    trigger: Trigger,
) -> Requeue {
    if object.metadata.deletion_timestamp.is_some() {
        return finalize::run(context, key, &object).await;
    }
    if !object.finalizers().iter().any(|f| f == meta::FINALIZER) {
        match patch::add_finalizer(&context.client, &WRITER, &*object, meta::FINALIZER).await {
            Ok(Some(updated)) => {
                object = Arc::new(updated);
                memory.latest = Some(object.clone());
            }
            Ok(None) => return Requeue::Done,
            Err(error) => {
                error!(%error, "adding the finalizer failed");
                return Requeue::Backoff;
            }
        }
    }
    let mut attempt = Attempt::new(object);
    if attempt.spec().suspend {
        info!("reconciliation is suspended for this object");
        return report(context, memory, attempt, &Ending::Suspended, Requeue::Done).await;
    }
    let checked = storage::check(context, &mut attempt).await;
    if let Some(left) = rest(context, &attempt, memory, checked) {
        // Ready stays as it is; what the volume had to say is told.
        let status = attempt.status.clone();
        return hand_over(context, memory, attempt, status, Requeue::After(left)).await;
    }
    attempt.begin();
    match work(context, &mut attempt, trigger.has(Trigger::OBJECT)).await {
        Ok(()) => {
            storage::mark_checked(context, &attempt).await;
            let percent = context.flags.common.interval_jitter_percentage;
            let requeue = context
                .flags
                .common
                .after(jittered(attempt.spec().interval.0, percent));
            memory.due = match requeue {
                Requeue::After(interval) => Some(Instant::now() + interval),
                _ => None,
            };
            report(context, memory, attempt, &Ending::Success, requeue).await
        }
        // Cut short by the end of the process, which is nobody's failure.
        Err(_) if context.stopping.load(Ordering::Relaxed) => Requeue::Backoff,
        Err(error) => {
            memory.due = None;
            let requeue = error.requeue();
            report(context, memory, attempt, &Ending::Stopped(error), requeue).await
        }
    }
}

/// The time left until the next check of the upstream, if nothing asks for one earlier.
fn rest(
    context: &Context,
    attempt: &Attempt,
    memory: &mut Memory,
    checked: Option<SystemTime>,
) -> Option<Duration> {
    if !attempt.was_finished() || attempt.status.artifact.is_none() {
        return None;
    }
    credentials::refuse_unsupported(attempt).ok()?;
    let includes = resolve_includes(context, attempt).ok()?;
    if checkout::content_changed(attempt, &includes) {
        return None;
    }
    let interval = attempt.spec().interval.0;
    let due = *memory
        .due
        .get_or_insert_with(|| Instant::now() + first_rest(interval, checked));
    let left = due.saturating_duration_since(Instant::now());
    (!left.is_zero()).then_some(left)
}

/// The time until the first check by this process of a source that was finished before it began:
/// what is left of the interval. Of an interval that is over, a part is drawn, so that the end of a
/// long pause, or a takeover, is no storm on the servers.
fn first_rest(interval: Duration, checked: Option<SystemTime>) -> Duration {
    let age = checked.and_then(|time| time.elapsed().ok());
    age.and_then(|age| interval.checked_sub(age))
        .unwrap_or_else(|| interval.mul_f64(rand::random::<f64>()))
}

fn resolve_includes(context: &Context, attempt: &Attempt) -> Result<Vec<Artifact>, StepError> {
    include::resolve(
        &context.repositories,
        attempt.namespace(),
        &attempt.key().name,
        &attempt.spec().include,
        context.flags.common.requeue_dependency,
    )
}

/// The steps.
async fn work(context: &Context, attempt: &mut Attempt, asked: bool) -> Result<(), StepError> {
    if attempt
        .conditions
        .is(condition::SOURCE_VERIFIED, Status::False)
    {
        attempt.conditions.remove(condition::SOURCE_VERIFIED);
    }
    credentials::refuse_unsupported(attempt)?;
    let access = credentials::resolve(context, attempt).await?;
    let includes = resolve_includes(context, attempt)?;
    attempt.conditions.remove(condition::INCLUDE_UNAVAILABLE);
    match checkout::run(context, attempt, access, &includes).await? {
        checkout::Upstream::Stored => artifact::keep(attempt, asked),
        checkout::Upstream::Commit(commit) => {
            artifact::store(context, attempt, *commit, includes, asked).await?;
        }
    }
    Ok(())
}

async fn report(
    context: &Context,
    memory: &mut Memory,
    mut attempt: Attempt,
    ending: &Ending,
    requeue: Requeue,
) -> Requeue {
    let status = attempt.finish(ending);
    hand_over(context, memory, attempt, status, requeue).await
}

async fn hand_over(
    context: &Context,
    memory: &mut Memory,
    attempt: Attempt,
    status: GitRepositoryStatus,
    requeue: Requeue,
) -> Requeue {
    let Attempt {
        object,
        events,
        started,
        ..
    } = attempt;
    let outcome = Outcome {
        status,
        events,
        requeue,
    };
    let reported = context.reporter.report(&*object, outcome, started).await;
    if let Some(updated) = reported.object {
        memory.latest = Some(Arc::new(updated));
    }
    reported.requeue
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::first_rest;

    #[test]
    fn a_restart_moves_no_check_but_those_that_are_late() {
        let hour = Duration::from_hours(1);
        let ago = |time| SystemTime::now().checked_sub(time);
        let rest = first_rest(hour, ago(Duration::from_mins(10)));
        let expected = Duration::from_mins(49)..=Duration::from_mins(50);
        assert!(expected.contains(&rest), "{rest:?}");
        // Late, unknown, and of a clock that was set back.
        let future = SystemTime::now() + hour;
        for checked in [ago(2 * hour), None, Some(future)] {
            let drawn: Vec<_> = (0..100).map(|_| first_rest(hour, checked)).collect();
            assert!(drawn.iter().all(|rest| *rest < hour), "{drawn:?}");
            assert!(drawn.iter().any(|rest| *rest < hour / 2), "{drawn:?}");
            assert!(drawn.iter().any(|rest| *rest > hour / 2), "{drawn:?}");
        }
    }
}
