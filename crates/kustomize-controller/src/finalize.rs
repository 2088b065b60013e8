//! What happens to the objects of a Kustomization that is deleted.

use std::{sync::Arc, time::Duration};

use k8s_openapi::api::core::v1::ServiceAccount;
use kube::{Api, ResourceExt};
use tokio::time::Instant;
use tracing::{error, warn};
use windlass_api::{
    kustomize::{DeletionPolicy, Kustomization},
    meta,
};
use windlass_apply::{Action, ChangeSet, inventory};
use windlass_runtime::{ObjectKey, events::Severity, patch, queue::Requeue};

use crate::{
    WRITER,
    attempt::Attempt,
    context::Context,
    memory::Memory,
    steps::{apply, identity},
};

/// Pause between two looks at objects whose end is awaited.
const TERMINATION_POLL: Duration = Duration::from_secs(2);

/// Deletes what the deletion policy says, and lets the Kustomization go (Flux: spec §12.2).
pub(crate) async fn run(
    context: &Context,
    key: &ObjectKey,
    object: Arc<Kustomization>,
    memory: &mut Memory,
) -> Requeue {
    memory.run = None;
    context.tracker.release(key);
    // From here on, objects that vanish are no drift.
    context.tracker.own(key, &[]);
    if !object.finalizers().iter().any(|f| f == meta::FINALIZER) {
        return Requeue::Done;
    }
    if deletes(&object) {
        match delete_objects(context, &object, memory).await {
            Ok(Deletion::Over) => {}
            Ok(Deletion::Awaited) => return Requeue::After(TERMINATION_POLL),
            Err(message) => {
                error!("{message}");
                return Requeue::Backoff;
            }
        }
    }
    match patch::remove_finalizer(&context.clients.own(), &WRITER, &*object, meta::FINALIZER).await
    {
        Ok(_) => Requeue::Done,
        Err(error) => {
            error!(%error, "removing the finalizer failed");
            Requeue::Backoff
        }
    }
}

fn deletes(object: &Kustomization) -> bool {
    if object.spec.suspend {
        return false;
    }
    match object.spec.deletion_policy.unwrap_or_default() {
        DeletionPolicy::MirrorPrune => object.spec.prune,
        DeletionPolicy::Delete | DeletionPolicy::WaitForTermination => true,
        DeletionPolicy::Orphan => false,
    }
}

enum Deletion {
    Over,
    /// Some objects are on their way out.
    Awaited,
}

async fn delete_objects(
    context: &Context,
    object: &Arc<Kustomization>,
    memory: &mut Memory,
) -> Result<Deletion, String> {
    let inventory = object
        .status
        .as_ref()
        .and_then(|s| s.inventory.clone())
        .unwrap_or_default();
    if inventory.entries.is_empty() {
        return Ok(Deletion::Over);
    }
    let attempt = Attempt::new(object.clone());
    if account_is_gone(context, object).await? {
        // Without the account nothing can be deleted, and waiting for it to come back would
        // keep the namespace from ever being deleted.
        let ids = inventory::object_ids(&inventory);
        let list: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let text = format!("unable to prune objects: \n{}", list.join("\n"));
        context.record(&attempt, attempt.event(Severity::Error, text));
        return Ok(Deletion::Over);
    }
    let identity = identity::assume(context, object)
        .await
        .map_err(|error| error.failure().message.clone())?;
    let applier = apply::applier(context, object, &identity, false)
        .map_err(|error| error.failure().message.clone())?;
    if let Some((deleted, deadline)) = memory.terminating.take() {
        return await_termination(context, &attempt, memory, &applier, deleted, deadline).await;
    }
    let (deleted, failure) = applier.delete(&inventory.entries).await;
    if let Some(failure) = failure {
        let text = "pruning for deleted resource failed";
        context.record(&attempt, attempt.event(Severity::Error, text));
        return Err(format!("{text}: {failure}"));
    }
    if !deleted.is_empty() {
        context.record(&attempt, attempt.event(Severity::Info, deleted.to_string()));
    }
    if object.spec.deletion_policy != Some(DeletionPolicy::WaitForTermination) {
        return Ok(Deletion::Over);
    }
    let awaited = ChangeSet {
        entries: deleted
            .entries
            .into_iter()
            .filter(|c| c.action == Action::Deleted)
            .collect(),
    };
    let deadline = Instant::now() + object.spec.effective_timeout();
    await_termination(context, &attempt, memory, &applier, awaited, deadline).await
}

async fn await_termination(
    context: &Context,
    attempt: &Attempt,
    memory: &mut Memory,
    applier: &windlass_apply::Applier,
    deleted: ChangeSet,
    deadline: Instant,
) -> Result<Deletion, String> {
    let left = applier
        .remaining(&deleted)
        .await
        .map_err(|error| error.to_string())?;
    if left.is_empty() {
        return Ok(Deletion::Over);
    }
    if Instant::now() >= deadline {
        warn!(objects = ?left, "failed to wait for resources termination");
        let text = "failed to wait for resources termination";
        context.record(attempt, attempt.event(Severity::Error, text));
        return Ok(Deletion::Over);
    }
    memory.terminating = Some((deleted, deadline));
    Ok(Deletion::Awaited)
}

async fn account_is_gone(context: &Context, object: &Kustomization) -> Result<bool, String> {
    let Some(name) = identity::service_account(context, object) else {
        return Ok(false);
    };
    let namespace = object.namespace().unwrap_or_default();
    let accounts = Api::<ServiceAccount>::namespaced(context.clients.own(), &namespace);
    accounts
        .get_metadata_opt(&name)
        .await
        .map(|found| found.is_none())
        .map_err(|error| identity::api_message(&error))
}
