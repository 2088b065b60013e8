//! The guard against runs that would delete more than was foreseen: an emptied folder, a path that
//! moved, a selector gone wrong. Off unless `--prune-limit` or the annotation asks for it.

use kube::ResourceExt;
use sha2::{Digest, Sha256};
use windlass_api::{
    kustomize::{Kustomization, PRUNE_CONFIRM, PRUNE_LIMIT, ResourceRef},
    meta::reason,
};
use windlass_apply::Applier;
use windlass_health::ObjectId;
use windlass_runtime::outcome::StepError;

use super::{failed, stalled};
use crate::prune_limit::PruneLimit;

/// How many objects the message names.
const NAMED: usize = 100;

/// Refuses to go on where the run would delete more of `owned` objects than the limit allows and
/// nobody has confirmed just that. Asks the cluster only when the inventory shrinks by so much.
pub(crate) async fn check(
    object: &Kustomization,
    applier: &Applier,
    default: Option<PruneLimit>,
    stale: &[ResourceRef],
    owned: usize,
) -> Result<(), StepError> {
    let Some(limit) = limit(object, default)? else {
        return Ok(());
    };
    if !object.spec.prune || !limit.is_exceeded(stale.len(), owned) {
        return Ok(());
    }
    // What others own by now, or what is kept by annotation, will not be deleted.
    let doomed = applier.deletable(stale).await;
    let mut doomed = doomed.map_err(|error| failed(reason::PRUNE_FAILED, error.to_string()))?;
    doomed.sort();
    let token = token(&doomed);
    if !limit.is_exceeded(doomed.len(), owned)
        || object.annotations().get(PRUNE_CONFIRM) == Some(&token)
    {
        return Ok(());
    }
    Err(failed(
        reason::PRUNE_LIMIT_EXCEEDED,
        refusal(object, limit, &doomed, owned, &token),
    ))
}

/// The limit of the object: its annotation, else that of the controller.
pub(crate) fn limit(
    object: &Kustomization,
    default: Option<PruneLimit>,
) -> Result<Option<PruneLimit>, StepError> {
    let Some(text) = object.annotations().get(PRUNE_LIMIT) else {
        return Ok(default);
    };
    let parsed = text.parse().map(Some);
    parsed.map_err(|error| {
        stalled(
            reason::PRUNE_LIMIT_EXCEEDED,
            format!("annotation {PRUNE_LIMIT}: {error}; nothing was changed"),
        )
    })
}

/// Stands for one set of objects, so that a confirmation holds for no other.
fn token(sorted: &[ObjectId]) -> String {
    let mut hasher = Sha256::new();
    for id in sorted {
        hasher.update(id.to_inventory().as_bytes());
        hasher.update([0]);
    }
    hex::encode(&hasher.finalize()[..6])
}

fn refusal(
    object: &Kustomization,
    limit: PruneLimit,
    doomed: &[ObjectId],
    owned: usize,
    token: &str,
) -> String {
    let mut names: Vec<String> = doomed.iter().take(NAMED).map(ToString::to_string).collect();
    if doomed.len() > NAMED {
        names.push(format!("and {} more", doomed.len() - NAMED));
    }
    format!(
        "this revision would delete {} of {owned} objects, more than the limit of {limit}; nothing was changed. \
         To delete them: kubectl annotate --overwrite kustomization/{} -n {} {PRUNE_CONFIRM}={token}. They are: {}",
        doomed.len(),
        object.name_any(),
        object.namespace().unwrap_or_default(),
        names.join(", "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confirmation_holds_for_one_set_of_objects() {
        let ids: Vec<ObjectId> = ["a", "b"]
            .iter()
            .map(|name| ObjectId::new("", "v1", "ConfigMap", "ns", name))
            .collect();
        assert_eq!(token(&ids), token(&ids));
        assert_ne!(token(&ids), token(&ids[..1]));
    }
}
