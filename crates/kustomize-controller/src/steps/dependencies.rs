//! Whether what the object depends on is ready.

use std::{collections::BTreeSet, sync::Arc};

use kube::Api;
use serde_json::Value;
use windlass_api::{
    duration,
    kustomize::{DependencyReference, Kustomization},
    meta::{condition, reason},
    source::Artifact,
};
use windlass_health::ReadyExpr;
use windlass_runtime::{
    ObjectKey,
    events::Severity,
    outcome::{Failure, StepError},
};

use super::{stalled, waiting};
use crate::{context::Context, flags::gate, sources::source_of};

/// The prefix of errors that no retry can mend.
pub(crate) const TERMINAL: &str = "Reconciliation failed terminally due to configuration error: ";

/// The key of a dependency.
pub(crate) fn key_of(object: &Kustomization, dependency: &DependencyReference) -> ObjectKey {
    let own = object.metadata.namespace.as_deref().unwrap_or_default();
    let namespace = dependency
        .namespace
        .as_deref()
        .filter(|n| !n.is_empty())
        .unwrap_or(own);
    ObjectKey::new(namespace, dependency.name.as_str())
}

/// Checks the dependencies in order and stops at the first that is not ready (Flux: spec §5).
pub(crate) async fn check(
    context: &Context,
    object: &Kustomization,
    artifact: &Artifact,
) -> Result<(), StepError> {
    for dependency in &object.spec.depends_on {
        if let Err(mut message) = check_one(context, object, dependency, artifact).await? {
            if let Some(way) = cycle(context, object, dependency) {
                message = format!("{message}: it depends on this one: {way}");
            }
            let delay = context.flags.common.requeue_dependency;
            let mut error = waiting(reason::DEPENDENCY_NOT_READY, message, delay);
            if let StepError::Waiting(failure) = &mut error {
                tell(failure, delay);
            }
            return Err(error);
        }
    }
    Ok(())
}

/// How many dependencies of dependencies are looked at in search of a way back.
const MOST_LOOKED_AT: usize = 100;

/// The way on which dependencies lead back to `object`: none of those on it will ever be ready.
fn cycle(
    context: &Context,
    object: &Kustomization,
    dependency: &DependencyReference,
) -> Option<String> {
    let own = ObjectKey::of(object);
    let first = key_of(object, dependency);
    let mut seen = BTreeSet::new();
    let mut open = vec![(format!("{own} -> {first}"), first)];
    while let Some((way, key)) = open.pop() {
        if key == own {
            return Some(way);
        }
        if seen.len() >= MOST_LOOKED_AT || !seen.insert(key.clone()) {
            continue;
        }
        if let Some(found) = context.kustomizations.get(&key) {
            let next = found.spec.depends_on.iter().map(|d| key_of(&found, d));
            open.extend(next.map(|key| (format!("{way} -> {key}"), key)));
        }
    }
    None
}

fn tell(failure: &mut Failure, delay: std::time::Duration) {
    failure.event = Some(Severity::Info);
    failure.event_message = Some(format!(
        "Dependencies do not meet ready condition, retrying in {}",
        duration::format(delay)
    ));
}

/// The inner error says why the dependency is not ready; the outer one ends the run for good.
async fn check_one(
    context: &Context,
    object: &Kustomization,
    dependency: &DependencyReference,
    artifact: &Artifact,
) -> Result<Result<(), String>, StepError> {
    let key = key_of(object, dependency);
    if dependency
        .ready_expr
        .as_deref()
        .is_some_and(|e| !e.is_empty())
    {
        check_access(context, object, &key)?;
    }
    let found = match find(context, &key).await {
        Ok(found) => found,
        Err(why) => return Ok(Err(format!("dependency '{key}' not found: {why}"))),
    };
    if let Some(source) = dependency.ready_expr.as_deref().filter(|e| !e.is_empty()) {
        let expr = ReadyExpr::compile(source).map_err(|error| {
            stalled(reason::INVALID_CEL_EXPRESSION, format!("{TERMINAL}{error}"))
        })?;
        match expr.evaluate(&document(object), &document(&found)) {
            Err(message) => return Ok(Err(message)),
            Ok(false) => {
                return Ok(Err(format!(
                    "dependency '{key}' is not ready according to readyExpr eval"
                )));
            }
            Ok(true) if !context.gates.enabled(gate::ADDITIVE_CEL_DEPENDENCY_CHECK) => {
                return Ok(Ok(()));
            }
            Ok(true) => {}
        }
    }
    if !is_ready(&found) {
        return Ok(Err(format!("dependency '{key}' is not ready")));
    }
    let applied = found
        .status
        .as_ref()
        .and_then(|s| s.last_applied_revision.as_deref());
    if source_of(object) == source_of(&found) && applied != Some(&artifact.revision) {
        return Ok(Err(format!(
            "dependency '{key}' revision is not up to date"
        )));
    }
    Ok(Ok(()))
}

/// Whether an expression may look at another Kustomization. It sees all of it, variables included;
/// that one is ready is no secret, and is told to other namespaces as in Flux.
fn check_access(
    context: &Context,
    object: &Kustomization,
    key: &ObjectKey,
) -> Result<(), StepError> {
    let own = object.metadata.namespace.as_deref().unwrap_or_default();
    if !context.flags.common.no_cross_namespace_refs || *key.namespace == *own {
        return Ok(());
    }
    Err(stalled(
        reason::ACCESS_DENIED,
        format!(
            "can't access 'Kustomization/{key}' in a readyExpr, cross-namespace references have been blocked"
        ),
    ))
}

/// The dependency as the watch shows it, or, where the watch is restricted to a shard or a
/// namespace, as the API server does.
async fn find(context: &Context, key: &ObjectKey) -> Result<Arc<Kustomization>, String> {
    if let Some(found) = context.kustomizations.get(key) {
        return Ok(found);
    }
    let missing = || {
        format!(
            "kustomizations.kustomize.toolkit.fluxcd.io \"{}\" not found",
            key.name
        )
    };
    let scope = context.flags.common.watch_scope();
    if scope.label_selector.is_none() && scope.namespace.is_none() {
        return Err(missing());
    }
    let api = Api::<Kustomization>::namespaced(context.clients.own(), &key.namespace);
    match api.get_opt(&key.name).await {
        Ok(Some(found)) => Ok(Arc::new(found)),
        Ok(None) => Err(missing()),
        Err(error) => Err(super::identity::api_message(&error)),
    }
}

fn is_ready(object: &Kustomization) -> bool {
    object.status.as_ref().is_some_and(|status| {
        status.observed_generation == object.metadata.generation
            && status
                .conditions
                .iter()
                .any(|c| c.type_ == condition::READY && c.status == "True")
    })
}

fn document(object: &Kustomization) -> Value {
    serde_json::to_value(object).unwrap_or_default()
}
