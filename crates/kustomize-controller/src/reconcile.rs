//! One reconcile, from the key of an object to the time of the next look.

use std::{sync::Arc, time::Duration};

use kube::ResourceExt;
use tokio::time::Instant;
use tracing::{debug, error, info};
use windlass_api::{
    kustomize::Kustomization,
    meta::{self, reason},
};
use windlass_runtime::{
    ObjectKey,
    conditions::Status,
    events::Severity,
    memory::newest,
    outcome::{Outcome, StepError},
    patch,
    queue::Requeue,
};

use crate::{
    WRITER,
    attempt::Attempt,
    context::{self, Context},
    finalize,
    flags::gate,
    memory::{Awaited, Inputs, Memory, Run},
    progress::{self, Progress},
    steps,
    trigger::Trigger,
};

/// Looks at one object. Everything that has to be waited for ends the call; an event or the
/// answered delay brings the object back.
pub(crate) async fn reconcile(context: Arc<Context>, key: ObjectKey, trigger: Trigger) -> Requeue {
    let mut memory = context.memories.take(&key);
    let Some(seen) = context.kustomizations.get(&key) else {
        forget(&context, &key);
        return Requeue::Done;
    };
    if memory
        .latest
        .as_ref()
        .is_some_and(|latest| latest.uid() != seen.uid())
    {
        // Another object of the same name.
        forget(&context, &key);
        memory = Memory::default();
    }
    let object = newest(memory.latest.as_ref(), seen);
    let requeue = look(&context, &key, object, &mut memory, trigger).await;
    memory.due = match requeue {
        Requeue::After(delay) => Some(Instant::now() + delay),
        _ => None,
    };
    if let Some(seen) = context.kustomizations.get(&key) {
        memory.catch_up(&seen);
    }
    context.memories.put(&key, memory);
    requeue
}

fn forget(context: &Context, key: &ObjectKey) {
    context.tracker.release(key);
    context.tracker.own(key, &[]);
    context.waiting.remove(key);
    context.queue.forget(key);
    context.reporter.metrics.forget(context.reporter.kind, key);
}

async fn look(
    context: &Context,
    key: &ObjectKey,
    mut object: Arc<Kustomization>,
    memory: &mut Memory,
    trigger: Trigger,
) -> Requeue {
    if object.metadata.deletion_timestamp.is_some() {
        return finalize::run(context, key, object, memory).await;
    }
    if !object.finalizers().iter().any(|f| f == meta::FINALIZER) {
        let client = context.clients.own();
        match patch::add_finalizer(&client, &WRITER, &*object, meta::FINALIZER).await {
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
    if object.spec.suspend {
        return suspended(context, key, object, memory).await;
    }
    if steps::source::is_unlisted(context, &object) && context.is_starting() {
        // The listing brings the object back; until then nothing is known of its source.
        return Requeue::After(context::START_GRACE);
    }
    if let Some(delay) = await_source(context, &object, memory) {
        return Requeue::After(delay);
    }
    if trigger == Trigger::RIVALS {
        return rivals_changed(context, key, object, memory).await;
    }
    let trigger = match memory.drift.admit(trigger, memory.until_due()) {
        Ok(trigger) => trigger,
        Err(delay) => return Requeue::After(delay),
    };
    let (mut attempt, parked) = match resume(context, key, &object, memory, trigger) {
        Some((run, mut attempt)) => {
            attempt.written = object;
            (attempt, Some(run))
        }
        None if is_idle(context, &object, memory, trigger) => {
            return memory.until_due().map_or(Requeue::Done, Requeue::After);
        }
        None => {
            attempt_started(context, key, memory, &object);
            let mut attempt = Attempt::new(object);
            attempt.corrects_drift = trigger == Trigger::DRIFT;
            (attempt, None)
        }
    };
    let outcome = match work(context, memory, &mut attempt, parked).await {
        Ok(Progress::Parked(run, delay)) => {
            memory.run = Some(Box::new((*run, attempt)));
            return Requeue::After(delay);
        }
        Ok(Progress::Gone) => return Requeue::Done,
        Ok(Progress::Done(settled)) => progress::succeed(context, memory, attempt, *settled),
        Err(error) => {
            // What the failed run verified stands, but its inputs have to be built again.
            memory.settled = None;
            context.tracker.release(key);
            conclude(context, attempt, &error)
        }
    };
    report(context, memory, outcome).await
}

/// How long to wait for a source that was made together with the object: its artifact brings the
/// object back, and a failure that lasts a moment helps nobody.
fn await_source(
    context: &Context,
    object: &Kustomization,
    memory: &mut Memory,
) -> Option<Duration> {
    if !steps::source::is_new(context, object) {
        memory.awaits_source = None;
        return None;
    }
    let since = *memory.awaits_source.get_or_insert_with(Instant::now);
    SOURCE_GRACE
        .checked_sub(since.elapsed())
        .filter(|left| !left.is_zero())
}

/// The parked run of this object, if what it was started for still holds.
fn resume(
    context: &Context,
    key: &ObjectKey,
    object: &Kustomization,
    memory: &mut Memory,
    trigger: Trigger,
) -> Option<(Run, Attempt)> {
    let (run, attempt) = *memory.run.take()?;
    let same = steps::source::resolve(context, object)
        .is_ok_and(|artifact| Inputs::of(object, &artifact) == run.inputs);
    if same && !trigger.has(Trigger::DRIFT) && !trigger.has(Trigger::CONFIG) {
        return Some((run, attempt));
    }
    debug!("a run that was under way is superseded");
    context.tracker.release(key);
    let waited_for_health = run.waits.is_some_and(|wait| wait.what == Awaited::Health);
    if waited_for_health
        && context
            .gates
            .enabled(gate::CANCEL_HEALTH_CHECK_ON_NEW_REVISION)
    {
        let (kind, source) = crate::sources::source_of(object);
        let by = if trigger.has(Trigger::SOURCE) {
            format!("{kind}/{source}")
        } else {
            format!("Kustomization/{key}")
        };
        let mut attempt = attempt;
        attempt.ready(
            Status::False,
            reason::HEALTH_CHECK_CANCELED,
            format!("New reconciliation triggered by {by}"),
        );
        let text = format!("Health checks canceled due to new reconciliation triggered by {by}");
        context.record(&attempt, attempt.event(Severity::Info, text));
    }
    None
}

/// Whether the wake-up changes nothing: a source that shows the revision which is applied, or a
/// verdict over a wait that has ended.
fn is_idle(context: &Context, object: &Kustomization, memory: &Memory, trigger: Trigger) -> bool {
    if trigger.is_timer()
        || [
            Trigger::OBJECT,
            Trigger::DEPENDENCY,
            Trigger::CONFIG,
            Trigger::DRIFT,
        ]
        .iter()
        .any(|&reason| trigger.has(reason))
    {
        return false;
    }
    if !trigger.has(Trigger::SOURCE) {
        return true;
    }
    memory.settled.as_ref().is_some_and(|settled| {
        Some(settled.generation) == object.metadata.generation
            && steps::source::resolve(context, object).is_ok_and(|artifact| {
                artifact.revision == settled.revision && artifact.digest == settled.artifact_digest
            })
    })
}

/// Shows with whom objects are shared, and leaves everything else as it is: what is shared may be
/// on its way from one owner to the other, and must not be fetched back. While a run is under way,
/// its end will show it.
async fn rivals_changed(
    context: &Context,
    key: &ObjectKey,
    object: Arc<Kustomization>,
    memory: &mut Memory,
) -> Requeue {
    let next = memory.until_due().map_or(Requeue::Done, Requeue::After);
    if memory.run.is_some() {
        return next;
    }
    let mut attempt = Attempt::new(object);
    let fight = memory.drift.fight();
    if progress::show_fight(context, key, fight.as_deref(), &mut attempt)
        && let Err(error) = progress::publish(context, memory, &mut attempt).await
    {
        debug!(%error, "shared objects not shown");
    }
    next
}

/// Before the first run of an object, what it manages is put under watch.
fn attempt_started(
    context: &Context,
    key: &ObjectKey,
    memory: &mut Memory,
    object: &Kustomization,
) {
    let identity = steps::identity::fingerprint(context, object);
    if memory.applied_as != identity {
        memory.applied.clear();
        memory.settled = None;
        memory.applied_as = identity;
    }
    if memory.latest.is_none() {
        progress::watch_inventory(context, key, object.status.as_ref());
    }
}

async fn work(
    context: &Context,
    memory: &mut Memory,
    attempt: &mut Attempt,
    parked: Option<Run>,
) -> Result<Progress, StepError> {
    let run = match parked {
        Some(run) => run,
        None => progress::prepare(context, memory, attempt).await?,
    };
    progress::advance(context, memory, attempt, run).await
}

/// Turns the failure of a step into the outcome of the run (Flux: spec §3).
fn conclude(context: &Context, mut attempt: Attempt, error: &StepError) -> Outcome<Attempt> {
    let failure = error.failure();
    let message = attempt.masked(&failure.message);
    attempt.ready(Status::False, failure.reason, message.as_str());
    let requeue = match error {
        StepError::Stalled(_) => {
            let generation = attempt.generation();
            attempt
                .conditions
                .mark_stalled(failure.reason, message.as_str(), generation);
            // A refused access may be granted without a change of the object.
            if failure.reason != reason::ACCESS_DENIED {
                attempt.status.observed_generation = generation;
            }
            Requeue::Done
        }
        StepError::Waiting(_) | StepError::Failed(_) => context.flags.common.after(
            failure
                .requeue
                .unwrap_or_else(|| attempt.object.spec.effective_retry_interval()),
        ),
    };
    let text = match &failure.event_message {
        Some(text) => attempt.masked(text),
        None => message.clone(),
    };
    let events = failure.event.map(|severity| attempt.event(severity, text));
    info!(reason = failure.reason, "{message}");
    Outcome {
        status: attempt,
        events: events.into_iter().collect(),
        requeue,
    }
}

async fn suspended(
    context: &Context,
    key: &ObjectKey,
    object: Arc<Kustomization>,
    memory: &mut Memory,
) -> Requeue {
    info!("reconciliation is suspended for this object");
    memory.run = None;
    context.tracker.release(key);
    // Nobody corrects the objects of a suspended Kustomization.
    context.tracker.own(key, &[]);
    memory.latest = None;
    let attempt = Attempt::new(object);
    report(
        context,
        memory,
        Outcome {
            status: attempt,
            events: Vec::new(),
            requeue: Requeue::Done,
        },
    )
    .await
}

/// Finishes the status and hands the outcome over.
pub(crate) async fn report(
    context: &Context,
    memory: &mut Memory,
    outcome: Outcome<Attempt>,
) -> Requeue {
    let Outcome {
        status: attempt,
        events,
        requeue,
    } = outcome;
    let (object, started) = (attempt.written.clone(), attempt.started);
    let outcome = Outcome {
        status: attempt.finish(),
        events,
        requeue,
    };
    let reported = context
        .reporter
        .report(&*object, outcome, started.into_std())
        .await;
    if let Some(updated) = reported.object {
        memory.latest = Some(Arc::new(updated));
    }
    reported.requeue
}

/// How long a source may take until the lack of its artifact shows in the status.
const SOURCE_GRACE: Duration = Duration::from_secs(3);
