//! From objects to a cluster: stages, inventory, garbage collection.

use windlass_api::{
    kustomize::{Kustomization, ResourceInventory},
    meta::reason,
};
use windlass_apply::{Applier, ApplyOptions, IgnoreRules, Stage, inventory};
use windlass_health::ObjectId;
use windlass_runtime::{ObjectKey, events::Severity, outcome::StepError};

use super::{build::Manifests, failed, identity::Identity};
use crate::{attempt::Attempt, context::Context};

/// Sorts the objects into the stages in which they are applied.
pub(crate) fn stages(
    context: &Context,
    object: &Kustomization,
    manifests: Manifests,
) -> Result<Vec<Stage>, StepError> {
    let prepared = windlass_apply::prepare(
        manifests.objects,
        &ObjectKey::of(object),
        object.spec.common_metadata.as_ref(),
    )
    .map_err(|error| failed(reason::RECONCILIATION_FAILED, error.to_string()))?;
    Ok(windlass_apply::stages(
        prepared,
        &context.flags.custom_apply_stage_kinds,
    ))
}

/// An applier for the object, under its identity.
pub(crate) fn applier(
    context: &Context,
    object: &Kustomization,
    identity: &Identity,
    corrects_drift: bool,
) -> Result<Applier, StepError> {
    let ignore = IgnoreRules::compile(&object.spec.ignore)
        .map_err(|error| failed(reason::RECONCILIATION_FAILED, error.to_string()))?;
    let options = ApplyOptions {
        force: object.spec.force,
        ignore,
        override_managers: context.flags.override_manager.clone(),
        concurrency: context.flags.concurrent_ssa,
        corrects_drift,
        ..ApplyOptions::new(ObjectKey::of(object))
    };
    Ok(Applier::new(
        identity.client.clone(),
        context.mapper.clone(),
        context.tracker.clone(),
        options,
    ))
}

/// The inventory that a run is about to have, for the status patch before its first write: what
/// was there and everything that is declared. A kill in between then orphans nothing.
pub(crate) fn announced(old: &ResourceInventory, stages: &[Stage]) -> ResourceInventory {
    inventory::union(old, &declared(stages))
}

/// Refuses what the API server could not store in the status: it would fail after the first write,
/// and could not say why.
pub(crate) fn check_inventory(
    context: &Context,
    old: &ResourceInventory,
    stages: &[Stage],
) -> Result<(), StepError> {
    /// `{"id":"","v":""},`
    const AROUND: usize = 18;
    let announced = announced(old, stages);
    let entries = announced.entries.iter();
    let bytes: usize = entries
        .map(|entry| entry.id.len() + entry.v.len() + AROUND)
        .sum();
    let limit = context.flags.max_inventory_size;
    if bytes <= limit {
        return Ok(());
    }
    Err(failed(
        reason::INVENTORY_TOO_LARGE,
        format!(
            "the inventory of {} objects, those of before included, takes {bytes} bytes, more than the {limit} \
             of --max-inventory-size: nothing was applied; split the Kustomization",
            announced.entries.len()
        ),
    ))
}

/// The inventory of everything that is declared.
pub(crate) fn declared(stages: &[Stage]) -> ResourceInventory {
    let objects = stages.iter().flat_map(|stage| &stage.objects);
    ResourceInventory {
        entries: objects
            .map(|object| inventory::entry(&ObjectId::from_object(object)))
            .collect(),
    }
}

/// Deletes what left the inventory, and answers whether that went well. What could not be
/// deleted stays in the inventory.
pub(crate) async fn collect_garbage(
    context: &Context,
    attempt: &mut Attempt,
    applier: &Applier,
    old: &ResourceInventory,
) -> Result<(), StepError> {
    let new = attempt.status.inventory.clone().unwrap_or_default();
    let stale = inventory::stale(old, &new);
    if stale.is_empty() || !attempt.object.spec.prune {
        return Ok(());
    }
    let (deleted, error) = applier.delete(&stale).await;
    if !deleted.is_empty() && error.is_none() {
        context.record(attempt, attempt.event(Severity::Info, deleted.to_string()));
    }
    let Some(error) = error else { return Ok(()) };
    let left = inventory::survivors(&stale, &deleted);
    attempt.status.inventory = Some(inventory::union(&new, &left));
    Err(failed(reason::PRUNE_FAILED, error.to_string()))
}
