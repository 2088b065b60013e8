//! One reconcile, from the key of an object to the time of the next look.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
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
    storage::check(context, &mut attempt).await;
    if let Some(left) = rest(context, &attempt, memory) {
        // Ready stays as it is; what the volume had to say is told.
        let status = attempt.status.clone();
        return hand_over(context, memory, attempt, status, Requeue::After(left)).await;
    }
    attempt.begin();
    match work(context, &mut attempt, trigger.has(Trigger::OBJECT)).await {
        Ok(()) => {
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

/// The time left until the next check of the upstream, if nothing asks for one earlier. Of a
/// source that was finished before this process began, nobody knows when it was last checked: a
/// part of its interval is drawn, so that a restart is no storm on the servers.
fn rest(context: &Context, attempt: &Attempt, memory: &mut Memory) -> Option<Duration> {
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
        .get_or_insert_with(|| Instant::now() + interval.mul_f64(rand::random::<f64>()));
    let left = due.saturating_duration_since(Instant::now());
    (!left.is_zero()).then_some(left)
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
