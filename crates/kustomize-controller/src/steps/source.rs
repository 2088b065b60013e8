//! Which artifact to work on.

use windlass_api::{
    duration,
    kustomize::{Kustomization, SourceKind},
    meta::reason,
    source::{self, Artifact},
};
use windlass_runtime::outcome::StepError;

use super::{identity::api_message, stalled, waiting};
use crate::{
    context::Context,
    flags::gate,
    sources::{Lookup, SourceId, source_of},
};

/// The artifact of the source that the object refers to (Flux: spec §4). Whether the source is
/// ready does not matter: the last artifact of a failing source is used as it is.
pub(crate) async fn find(context: &Context, object: &Kustomization) -> Result<Artifact, StepError> {
    let id = source_of(object);
    check_access(context, object, &id)?;
    let found = context.sources.find(context.clients.own(), &id).await;
    let lookup = found.map_err(|error| {
        let retry = object.spec.effective_retry_interval();
        waiting(reason::ARTIFACT_FAILED, api_message(&error), retry)
    })?;
    artifact(context, object, &id, lookup)
}

/// The artifact as the watches show it, without a request.
pub(crate) fn resolve(context: &Context, object: &Kustomization) -> Result<Artifact, StepError> {
    let id = source_of(object);
    check_access(context, object, &id)?;
    artifact(context, object, &id, context.sources.get(&id))
}

fn artifact(
    context: &Context,
    object: &Kustomization,
    (kind, key): &SourceId,
    lookup: Lookup,
) -> Result<Artifact, StepError> {
    let retry = object.spec.effective_retry_interval();
    match lookup {
        Lookup::Found(Some(artifact)) => Ok(artifact),
        Lookup::New | Lookup::Found(None) => {
            let delay = context.flags.common.requeue_dependency;
            Err(waiting(
                reason::ARTIFACT_FAILED,
                format!(
                    "Source artifact not found, retrying in {}",
                    duration::format(delay)
                ),
                delay,
            ))
        }
        Lookup::Missing => Err(waiting(
            reason::ARTIFACT_FAILED,
            format!("{kind}.{} \"{}\" not found", source::GROUP, key.name),
            retry,
        )),
        Lookup::Unlisted => Err(waiting(
            reason::ARTIFACT_FAILED,
            format!(
                "no matches for kind \"{kind}\" in version \"{}/v1\"",
                source::GROUP
            ),
            retry,
        )),
    }
}

/// Whether the watch of the object's kind of source has not listed yet.
pub(crate) fn is_unlisted(context: &Context, object: &Kustomization) -> bool {
    matches!(context.sources.get(&source_of(object)), Lookup::Unlisted)
        && check_access(context, object, &source_of(object)).is_ok()
}

/// Whether the object's source was only just made.
pub(crate) fn is_new(context: &Context, object: &Kustomization) -> bool {
    matches!(context.sources.get(&source_of(object)), Lookup::New)
        && check_access(context, object, &source_of(object)).is_ok()
}

fn check_access(
    context: &Context,
    object: &Kustomization,
    (kind, key): &SourceId,
) -> Result<(), StepError> {
    let own = object.metadata.namespace.as_deref().unwrap_or_default();
    let why = if context.flags.common.no_cross_namespace_refs && *key.namespace != *own {
        "cross-namespace references have been blocked"
    } else if *kind == SourceKind::ExternalArtifact
        && !context.gates.enabled(gate::EXTERNAL_ARTIFACT)
    {
        "ExternalArtifact feature gate is disabled"
    } else {
        return Ok(());
    };
    Err(stalled(
        reason::ACCESS_DENIED,
        format!("can't access '{kind}/{key}', {why}"),
    ))
}
