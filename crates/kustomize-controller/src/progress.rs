//! The course of a run: what precedes its first write, its wait, its success. Its stages are in
//! [`crate::stages`].

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use tracing::info;
use windlass_api::{
    kustomize::{KustomizationStatus, ORIGIN_REVISION_METADATA},
    meta::{condition, reason},
};
use windlass_apply::{Action, Applier, ChangeSet, Stage, inventory};
use windlass_health::ObjectId;
use windlass_runtime::{
    ObjectKey,
    conditions::Status,
    events::Severity,
    outcome::{Outcome, StepError},
};

use crate::{
    attempt::Attempt,
    context::Context,
    drift::NAMED,
    flags::gate,
    memory::{Awaited, Inputs, Memory, Run, Settled, Wait},
    stages::{StageStop, apply_stages},
    steps::{
        apply, build, dependencies, failed, health,
        identity::{self, Identity},
        prune_guard, source, stalled, variables,
    },
    wait_status::{Next, WaitStatus},
};

/// How far a run has come.
pub(crate) enum Progress {
    /// It waits for an event, and looks again after the delay at the latest.
    Parked(Box<Run>, Duration),
    /// Everything is applied and healthy.
    Done(Box<(Settled, ChangeSet)>),
    /// The object was deleted meanwhile.
    Gone,
}

/// All steps before the first request that could change something.
pub(crate) async fn prepare(
    context: &Context,
    memory: &Memory,
    attempt: &mut Attempt,
) -> Result<Run, StepError> {
    let object = attempt.object.clone();
    let key = attempt.key();
    health::expressions(&object)?;
    check_gates(context, &object)?;
    prune_guard::limit(&object, None)?;
    let artifact = source::find(context, &object).await?;
    attempt.revision = Some(artifact.revision.clone());
    attempt.origin_revision = artifact
        .metadata
        .as_ref()
        .and_then(|m| m.get(ORIGIN_REVISION_METADATA).cloned());
    context.waiting.add(&key);
    dependencies::check(context, &object, &artifact).await?;
    context.waiting.remove(&key);

    attempt.at_work("Fetching manifests");
    let tree = build::fetch(context, &artifact).await?;
    let path = build::directory(&tree, &object)?;
    attempt.status.last_attempted_revision = Some(artifact.revision.clone());
    attempt.at_work("Building manifests");
    let old_inventory = attempt.status.inventory.clone().unwrap_or_default();
    identity::assume(context, &object).await?;
    build::refuse_unsupported(&object)?;
    let variables = variables::read(&context.clients.own(), &object).await;
    attempt.hidden = variables
        .as_ref()
        .map(|variables| variables.secret.clone())
        .unwrap_or_default();
    let variables_hash = variables.as_ref().map_or(0, variables::Variables::hash);
    let mut settled = Settled {
        generation: attempt.generation().unwrap_or_default(),
        revision: artifact.revision.clone(),
        artifact_digest: artifact.digest.clone(),
        trace: build::Trace::default(),
        variables: variables_hash,
        manifests: String::new(),
    };
    let inputs = Inputs::of(&object, &artifact);
    let ids = inventory::object_ids(&old_inventory);
    if let Some(before) = &memory.settled
        && before.generation == settled.generation
        && before.variables == variables_hash
        && memory.applied.holds_all(&context.tracker, &ids)
        && (before.artifact_digest == artifact.digest || before.trace.holds_for(&tree))
    {
        // Neither what is declared nor what is there has moved: only the revision may have.
        context.counters.builds_skipped.inc();
        settled.trace = before.trace.clone();
        settled.manifests.clone_from(&before.manifests);
        let mut changes = ChangeSet::default();
        for id in ids {
            changes.push(id, Action::Unchanged);
        }
        return Ok(Run::new(
            inputs,
            Vec::new(),
            changes,
            old_inventory,
            settled,
        ));
    }
    let manifests = build::build(context, object.clone(), tree, path, variables).await?;
    context.counters.builds.inc();
    settled.trace = manifests.trace.clone();
    settled.manifests.clone_from(&manifests.digest);
    attempt.at_work("Detecting drift");
    let stages = apply::stages(context, &object, manifests).inspect_err(|_| {
        attempt.remember_outcome(&settled.manifests, reason::RECONCILIATION_FAILED);
    })?;
    apply::check_inventory(context, &old_inventory, &stages)?;
    Ok(Run::new(
        inputs,
        stages,
        ChangeSet::default(),
        old_inventory,
        settled,
    ))
}

fn check_gates(
    context: &Context,
    object: &windlass_api::kustomize::Kustomization,
) -> Result<(), StepError> {
    let needs_identity = object.spec.decryption.as_ref().is_some_and(|d| {
        d.service_account_name
            .as_deref()
            .is_some_and(|name| !name.is_empty())
    });
    if needs_identity && !context.gates.enabled(gate::OBJECT_LEVEL_WORKLOAD_IDENTITY) {
        return Err(stalled(
            reason::FEATURE_GATE_DISABLED,
            format!(
                "to use spec.decryption.serviceAccountName, enable the {} feature gate in the controller",
                gate::OBJECT_LEVEL_WORKLOAD_IDENTITY
            ),
        ));
    }
    Ok(())
}

/// Takes the run as far as it goes without waiting.
pub(crate) async fn advance(
    context: &Context,
    memory: &mut Memory,
    attempt: &mut Attempt,
    mut run: Run,
) -> Result<Progress, StepError> {
    let identity = identity::assume(context, &attempt.object).await?;
    if !run.waits.is_some_and(|wait| wait.what == Awaited::Health) {
        let applier = match run.applier.take() {
            Some(applier) => applier,
            None => apply::applier(context, &attempt.object, &identity, attempt.corrects_drift)?,
        };
        guard_prune(context, attempt, &mut run, &applier).await?;
        match apply_stages(context, memory, attempt, &mut run, &applier, &identity).await {
            Ok(None) => {}
            Ok(Some(StageStop::Parked(delay))) => {
                run.applier = Some(applier);
                return Ok(Progress::Parked(Box::new(run), delay));
            }
            Ok(Some(StageStop::Gone)) => return Ok(Progress::Gone),
            Err(error) => {
                keep_track(attempt, &run);
                attempt.remember_outcome(&run.settled.manifests, reason::RECONCILIATION_FAILED);
                return Err(error);
            }
        }
        finish_apply(context, memory, attempt, &run, &applier).await?;
        expect_health(context, attempt, &mut run, &identity)?;
    }
    let changed = run.changes.has_changes();
    let Some(wait) = run.waits else {
        attempt.conditions.remove(condition::HEALTHY);
        return Ok(Progress::Done(Box::new((run.settled, run.changes))));
    };
    match health::look(context, attempt, wait.is_over()) {
        health::Progress::Passed => {
            context.tracker.release(&attempt.key());
            if let Some(event) = health::pass(attempt, wait.since, changed) {
                context.record(attempt, event);
            }
            Ok(Progress::Done(Box::new((run.settled, run.changes))))
        }
        health::Progress::Failed(message) => {
            attempt.remember_outcome(&run.settled.manifests, reason::HEALTH_CHECK_FAILED);
            Err(health::fail(attempt, wait.since.elapsed(), &message))
        }
        health::Progress::Pending => {
            let next = run
                .wait_status
                .advance(&context.turns, wait.since, Instant::now());
            let look_again = match next {
                Next::Ask(at) => at.min(wait.deadline),
                Next::Write | Next::Nothing => wait.deadline,
            };
            if next == Next::Write && !publish(context, memory, attempt).await? {
                return Ok(Progress::Gone);
            }
            let delay = look_again.saturating_duration_since(Instant::now());
            Ok(Progress::Parked(Box::new(run), delay))
        }
    }
}

/// Before anything is written, what the run is about to delete is held against the limit.
async fn guard_prune(
    context: &Context,
    attempt: &Attempt,
    run: &mut Run,
    applier: &Applier,
) -> Result<(), StepError> {
    if run.prune_checked {
        return Ok(());
    }
    let kept = inventory::union(
        &apply::declared(&run.stages),
        &inventory::from_change_set(&run.changes),
    );
    let stale = inventory::stale(&run.old_inventory, &kept);
    prune_guard::check(
        &attempt.object,
        applier,
        context.flags.prune_limit,
        &stale,
        run.old_inventory.entries.len(),
    )
    .await?;
    run.prune_checked = true;
    Ok(())
}

/// After a failure the inventory holds what was there and what was applied, so that nothing
/// leaks; a run that wrote nothing leaves it as it was.
fn keep_track(attempt: &mut Attempt, run: &Run) {
    if !attempt.published && run.changes.is_empty() {
        return;
    }
    let applied = inventory::from_change_set(&run.changes);
    attempt.status.inventory = match attempt.before.inventory {
        None if applied.entries.is_empty() => None,
        _ => Some(inventory::union(&run.old_inventory, &applied)),
    };
}

async fn finish_apply(
    context: &Context,
    memory: &Memory,
    attempt: &mut Attempt,
    run: &Run,
    applier: &Applier,
) -> Result<(), StepError> {
    let changed = run.changes.changed();
    if !changed.is_empty() {
        info!(changes = %changed, "server-side apply completed");
        context.record(attempt, attempt.event(Severity::Info, changed.to_string()));
    }
    attempt.status.inventory = Some(inventory::from_change_set(&run.changes));
    memory.applied.retain(&run.changes);
    let collected = apply::collect_garbage(context, attempt, applier, &run.old_inventory).await;
    watch_inventory(context, &attempt.key(), Some(&attempt.status));
    collected.inspect_err(|_| {
        attempt.remember_outcome(&run.settled.manifests, reason::PRUNE_FAILED);
    })
}

fn expect_health(
    context: &Context,
    attempt: &mut Attempt,
    run: &mut Run,
    identity: &Identity,
) -> Result<(), StepError> {
    let expected = health::expected(&attempt.object, &run.changes, &run.stages);
    if expected.is_empty() {
        return Ok(());
    }
    let exprs = health::expressions(&attempt.object)?;
    health::expect(context, attempt, identity, expected, exprs);
    attempt.at_work("Running health checks");
    let passed_before = attempt
        .before
        .conditions
        .iter()
        .any(|c| c.type_ == condition::HEALTHY && c.status == "True");
    if !passed_before || run.changes.has_changes() {
        let message = attempt
            .conditions
            .get(condition::RECONCILING)
            .map(|c| c.message.clone())
            .unwrap_or_default();
        let generation = attempt.generation();
        attempt.conditions.set(
            condition::HEALTHY,
            Status::Unknown,
            reason::PROGRESSING,
            message,
            generation,
        );
    }
    run.waits = Some(Wait::until(
        Awaited::Health,
        attempt.object.spec.effective_timeout(),
    ));
    // Objects are not needed any more; a long wait should not hold them.
    run.stages = Vec::new();
    run.next_stage = 0;
    Ok(())
}

/// Shows the fight over objects and who else manages them, or that there is nothing of the kind any
/// more. Answers whether that is news.
pub(crate) fn show_fight(
    context: &Context,
    key: &ObjectKey,
    fight: Option<&str>,
    attempt: &mut Attempt,
) -> bool {
    let rivals = rivals(context, key);
    let reason = if fight.is_some() {
        reason::CORRECTED_REPEATEDLY
    } else {
        reason::MANAGED_BY_OTHERS
    };
    let said: Vec<&str> = [fight, rivals.as_deref()].into_iter().flatten().collect();
    let shown = |attempt: &Attempt| {
        let contested = attempt.conditions.get(condition::CONTESTED);
        contested.map(|c| c.message.clone())
    };
    let before = shown(attempt);
    if said.is_empty() {
        attempt.conditions.remove(condition::CONTESTED);
    } else {
        let (message, generation) = (said.join("; "), attempt.generation());
        attempt.conditions.set(
            condition::CONTESTED,
            Status::True,
            reason,
            message,
            generation,
        );
    }
    before != shown(attempt)
}

/// The objects that other Kustomizations manage as well. Each applies its own at every interval.
fn rivals(context: &Context, key: &ObjectKey) -> Option<String> {
    let shared = context.tracker.shared(key);
    if shared.is_empty() {
        return None;
    }
    let more = shared.len().saturating_sub(NAMED);
    let mut names: Vec<String> = shared
        .iter()
        .take(NAMED)
        .map(|(id, other)| format!("{id} by Kustomization/{other}"))
        .collect();
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    Some(format!(
        "objects are managed by others too, and what is declared last wins: {}",
        names.join(", ")
    ))
}

/// Shows the unfinished status. Answers false when the object is gone.
pub(crate) async fn publish(
    context: &Context,
    memory: &mut Memory,
    attempt: &mut Attempt,
) -> Result<bool, StepError> {
    let shown = context
        .reporter
        .progress(&*attempt.written, &attempt.unfinished())
        .await
        .map_err(|error| failed(reason::RECONCILIATION_FAILED, error.to_string()))?;
    let Some(object) = shown else {
        return Ok(false);
    };
    attempt.written = Arc::new(object);
    attempt.published = true;
    memory.latest = Some(attempt.written.clone());
    Ok(true)
}

/// Puts the objects of an inventory under watch for drift.
pub(crate) fn watch_inventory(
    context: &Context,
    key: &ObjectKey,
    status: Option<&KustomizationStatus>,
) {
    let ids: Vec<ObjectId> = status
        .and_then(|status| status.inventory.as_ref())
        .map(inventory::object_ids)
        .unwrap_or_default();
    context.tracker.own(key, &ids);
}

/// The outcome of a run that reached its end.
pub(crate) fn succeed(
    context: &Context,
    memory: &mut Memory,
    mut attempt: Attempt,
    (settled, done): (Settled, ChangeSet),
) -> Outcome<Attempt> {
    let changed = done.has_changes();
    if attempt.corrects_drift {
        let objects = done.changed().entries.into_iter();
        memory.drift.corrected(objects.map(|change| change.id));
    }
    let fight = memory.drift.fight();
    let fight_moved = show_fight(context, &attempt.key(), fight.as_deref(), &mut attempt);
    let before = &attempt.before;
    let was_ready = before
        .conditions
        .iter()
        .any(|c| c.type_ == condition::READY && c.status == "True");
    // An interval that found everything in place is not written down (docs/PARITY.md).
    let routine = !changed
        && was_ready
        && !fight_moved
        && before.last_applied_revision == attempt.revision
        && before.observed_generation == attempt.generation()
        && before.last_handled_reconcile_at == crate::memory::requested_at(&attempt.object)
        && before.inventory == attempt.status.inventory;
    let revision = attempt.revision.clone().unwrap_or_default();
    attempt.ready(
        Status::True,
        reason::RECONCILIATION_SUCCEEDED,
        format!("Applied revision: {revision}"),
    );
    attempt.conditions.remove(condition::RECONCILING);
    attempt.conditions.remove(condition::STALLED);
    attempt.status.last_applied_revision = Some(revision);
    attempt
        .status
        .last_applied_origin_revision
        .clone_from(&attempt.origin_revision);
    if !routine {
        attempt.remember_outcome(&settled.manifests, reason::RECONCILIATION_SUCCEEDED);
    }
    memory.settled = Some(settled);
    let interval = attempt.object.spec.interval.0;
    let mut event = attempt.finished_event(interval);
    event.routine = routine;
    // A fight that is over should not be shown until the interval.
    let pause = context.jittered(interval);
    let pause = memory.drift.peace().map_or(pause, |peace| pause.min(peace));
    let requeue = context.flags.common.after(pause);
    Outcome {
        status: attempt,
        events: vec![event],
        requeue,
    }
}

impl Run {
    fn new(
        inputs: Inputs,
        stages: Vec<Stage>,
        changes: ChangeSet,
        old_inventory: windlass_api::kustomize::ResourceInventory,
        settled: Settled,
    ) -> Self {
        Self {
            inputs,
            stages,
            next_stage: 0,
            changes,
            old_inventory,
            settled,
            waits: None,
            applier: None,
            wait_status: WaitStatus::default(),
            prune_checked: false,
        }
    }
}
