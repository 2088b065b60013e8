//! The stages of a run: what is applied first, and what the rest has to wait for (Flux: spec §10.4).

use std::{sync::Arc, time::Duration};

use windlass_api::meta::reason;
use windlass_apply::{Applier, ChangeSet, Error as ApplyError, Stage};
use windlass_health::{Expected, HealthExprs};
use windlass_runtime::outcome::StepError;

use crate::{
    attempt::Attempt,
    context::Context,
    memory::{Awaited, Memory, Run, Wait},
    progress::publish,
    steps::{apply, failed, health, identity::Identity},
};

/// How long a stage may take until the next may start.
const STAGE_TIMEOUT: Duration = Duration::from_mins(1);

/// Why the stages are not through yet.
pub(crate) enum StageStop {
    /// Something is awaited; look again after the delay at the latest.
    Parked(Duration),
    /// The Kustomization was deleted meanwhile.
    Gone,
}

/// Dry-runs and applies one stage after the other, as far as it goes without waiting. `None`
/// means that all are through.
pub(crate) async fn apply_stages(
    context: &Context,
    memory: &mut Memory,
    attempt: &mut Attempt,
    run: &mut Run,
    applier: &Applier,
    identity: &Identity,
) -> Result<Option<StageStop>, StepError> {
    if let Some(stop) = end_stage_wait(context, attempt, run)? {
        return Ok(Some(stop));
    }
    while let Some(stage) = run.stages.get(run.next_stage) {
        let plan = applier
            .plan(stage, &memory.applied)
            .await
            .map_err(|error| apply_failure(&error, &run.changes))?;
        if plan.writes() && !attempt.published {
            attempt.status.inventory = Some(apply::announced(&run.old_inventory, &run.stages));
            if !publish(context, memory, attempt).await? {
                return Ok(Some(StageStop::Gone));
            }
        }
        let (changes, error) = applier.apply(plan, &memory.applied).await;
        if let Some(ApplyError::AwaitGone(_)) = error {
            let wait = match run.waits {
                Some(wait) if wait.what == Awaited::Termination => wait,
                _ => Wait::until(
                    Awaited::Termination,
                    attempt.object.spec.effective_timeout(),
                ),
            };
            run.waits = Some(wait);
            if wait.is_over() {
                return Err(error.map_or_else(
                    || failed(reason::RECONCILIATION_FAILED, "timed out"),
                    |error| apply_failure(&error, &run.changes),
                ));
            }
            return Ok(Some(StageStop::Parked(Duration::from_secs(2))));
        }
        let done = error
            .as_ref()
            .map(|error| apply_failure(error, &run.changes));
        let waits_for = stage_objects(stage, &changes);
        let wait = stage.wait;
        run.changes.append(changes);
        if let Some(error) = done {
            return Err(error);
        }
        run.waits = None;
        run.next_stage += 1;
        if wait {
            health::expect(
                context,
                attempt,
                identity,
                waits_for,
                Arc::new(HealthExprs::default()),
            );
            run.waits = Some(Wait::until(Awaited::Stage, STAGE_TIMEOUT));
            if let Some(stop) = end_stage_wait(context, attempt, run)? {
                return Ok(Some(stop));
            }
        }
    }
    Ok(None)
}

/// Ends the wait for a stage if it is over, else answers that the run stays parked.
fn end_stage_wait(
    context: &Context,
    attempt: &Attempt,
    run: &mut Run,
) -> Result<Option<StageStop>, StepError> {
    let Some(wait) = run.waits.filter(|wait| wait.what == Awaited::Stage) else {
        return Ok(None);
    };
    match health::look(context, attempt, wait.is_over()) {
        health::Progress::Passed => {
            context.tracker.release(&attempt.key());
            context.mapper.invalidate();
            run.waits = None;
            Ok(None)
        }
        health::Progress::Failed(message) => Err(failed(reason::RECONCILIATION_FAILED, message)),
        health::Progress::Pending => {
            let left = wait
                .deadline
                .saturating_duration_since(tokio::time::Instant::now());
            Ok(Some(StageStop::Parked(left)))
        }
    }
}

fn stage_objects(stage: &Stage, changes: &ChangeSet) -> Vec<Expected> {
    if !stage.wait {
        return Vec::new();
    }
    let entries = changes.entries.iter();
    entries
        .map(|change| Expected {
            id: change.id.clone(),
            gone_is_done: false,
            applied: true,
        })
        .collect()
}

/// The error with what earlier stages changed, as the original words it.
fn apply_failure(error: &ApplyError, earlier: &ChangeSet) -> StepError {
    failed(
        reason::RECONCILIATION_FAILED,
        format!("{error}\n{}", earlier.changed()),
    )
}
