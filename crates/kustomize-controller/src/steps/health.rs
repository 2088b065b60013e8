//! The health of what was applied.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use serde_json::Value;
use tokio::time::Instant;
use windlass_api::{
    duration,
    kustomize::Kustomization,
    meta::{condition, reason},
};
use windlass_apply::{Action, ChangeSet, Stage};
use windlass_health::{Expected, HealthExprs, ObjectId, Reader, Status as Health, Verdict};
use windlass_runtime::{
    conditions::Status,
    events::{EventRecord, Severity},
    outcome::StepError,
};

use super::{dependencies::TERMINAL, failed, identity::Identity, stalled};
use crate::{attempt::Attempt, context::Context, flags::gate};

/// Compiles the expressions of the object. A mistake in one ends the run for good.
pub(crate) fn expressions(object: &Kustomization) -> Result<Arc<HealthExprs>, StepError> {
    HealthExprs::compile(&object.spec.health_check_exprs)
        .map(Arc::new)
        .map_err(|error| stalled(reason::INVALID_CEL_EXPRESSION, format!("{TERMINAL}{error}")))
}

/// What a run has to wait for: everything applied with `wait`, else what `healthChecks` names
/// (Flux: spec §13).
pub(crate) fn expected(
    object: &Kustomization,
    changes: &ChangeSet,
    stages: &[Stage],
) -> Vec<Expected> {
    let applied = || {
        changes
            .entries
            .iter()
            .filter(|change| change.action != Action::Skipped)
    };
    let expected: Vec<Expected> = if object.spec.wait {
        let short_lived = short_lived(stages);
        applied()
            .map(|change| Expected {
                gone_is_done: short_lived.contains(&change.id),
                id: change.id.clone(),
                applied: true,
            })
            .collect()
    } else {
        let applied: BTreeSet<&ObjectId> = applied().map(|change| &change.id).collect();
        object
            .spec
            .health_checks
            .iter()
            .map(|check| {
                let api_version = check
                    .api_version
                    .as_deref()
                    .filter(|v| !v.is_empty())
                    .unwrap_or("apps/v1");
                let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
                let namespace = check.namespace.as_deref().unwrap_or_default();
                let id = ObjectId::new(group, version, &check.kind, namespace, &check.name);
                Expected {
                    gone_is_done: false,
                    applied: applied.contains(&id),
                    id,
                }
            })
            .collect()
    };
    // Waiting for itself would never end.
    let own = (
        object.metadata.namespace.as_deref(),
        object.metadata.name.as_deref(),
    );
    expected
        .into_iter()
        .filter(|e| {
            *e.id.kind != *"Kustomization" || (Some(&*e.id.namespace), Some(&*e.id.name)) != own
        })
        .collect()
}

/// Jobs that clean up after themselves: gone means done.
fn short_lived(stages: &[Stage]) -> BTreeSet<ObjectId> {
    stages
        .iter()
        .flat_map(|stage| &stage.objects)
        .filter(|object| {
            object["kind"] == "Job" && object["spec"]["ttlSecondsAfterFinished"] != Value::Null
        })
        .map(ObjectId::from_object)
        .collect()
}

/// Registers the wait.
pub(crate) fn expect(
    context: &Context,
    attempt: &Attempt,
    identity: &Identity,
    objects: Vec<Expected>,
    exprs: Arc<HealthExprs>,
) {
    let reader = Reader {
        client: identity.client.clone(),
        account: identity.account.clone(),
    };
    context
        .tracker
        .expect(&attempt.key(), objects, exprs, reader);
}

/// Where a wait stands.
pub(crate) enum Progress {
    Pending,
    Passed,
    Failed(String),
}

/// Looks at the wait of this object. `overdue` turns what is still pending into a failure.
pub(crate) fn look(context: &Context, attempt: &Attempt, overdue: bool) -> Progress {
    let fail_fast = !context.gates.enabled(gate::DISABLE_FAIL_FAST_BEHAVIOR);
    let key = attempt.key();
    match context.tracker.verdict(&key) {
        None | Some(Verdict::Done) => Progress::Passed,
        Some(Verdict::Failing) if fail_fast => Progress::Failed(stalled_resources(context, &key)),
        Some(Verdict::Failed) => Progress::Failed(stalled_resources(context, &key)),
        Some(_) if overdue => Progress::Failed(format!(
            "timeout waiting for: [{}]",
            list(context, &key, |status| status != Health::Current)
        )),
        Some(_) => Progress::Pending,
    }
}

fn stalled_resources(context: &Context, key: &windlass_runtime::ObjectKey) -> String {
    let failed = list(context, key, |status| status == Health::Failed);
    format!("failed early due to stalled resources: [{failed}]")
}

fn list(
    context: &Context,
    key: &windlass_runtime::ObjectKey,
    which: impl Fn(Health) -> bool,
) -> String {
    let lines: Vec<String> = context
        .tracker
        .health(key)
        .into_iter()
        .filter(|(_, assessment)| which(assessment.status))
        .map(|(id, assessment)| {
            if assessment.status == Health::Unknown && assessment.message.is_empty() {
                return format!("can't determine status for {id}");
            }
            // Of an unknown status the reason is all there is to go by.
            let why = match assessment.status {
                Health::Unknown => format!(": {}", assessment.message),
                _ => String::new(),
            };
            format!("{id} status: '{}'{why}", assessment.status)
        })
        .collect();
    lines.join(", ")
}

/// Shows on the object that the wait is over and well. Answers the event, where it is news.
pub(crate) fn pass(attempt: &mut Attempt, since: Instant, changed: bool) -> Option<EventRecord> {
    let before = &attempt.before;
    let old = before
        .conditions
        .iter()
        .find(|c| c.type_ == condition::HEALTHY && c.status == "True");
    let new_revision = before.last_applied_revision != attempt.revision;
    let news = old.is_none() || (new_revision && changed);
    let message = format!(
        "Health check passed in {}",
        duration::format(since.elapsed())
    );
    // The duration differs each time: without news the old text stands, and nothing is written.
    let shown = match old {
        Some(old) if !news && !changed => old.message.clone(),
        _ => message.clone(),
    };
    let generation = attempt.generation();
    attempt.conditions.set(
        condition::HEALTHY,
        Status::True,
        reason::SUCCEEDED,
        shown,
        generation,
    );
    news.then(|| attempt.event(Severity::Info, message))
}

/// Shows on the object that the wait ended badly, and answers the failure.
pub(crate) fn fail(attempt: &mut Attempt, waited: Duration, message: &str) -> StepError {
    let generation = attempt.generation();
    attempt.conditions.set(
        condition::HEALTHY,
        Status::False,
        reason::HEALTH_CHECK_FAILED,
        message,
        generation,
    );
    failed(
        reason::HEALTH_CHECK_FAILED,
        format!(
            "health check failed after {}: {message}",
            duration::format(waited)
        ),
    )
}
