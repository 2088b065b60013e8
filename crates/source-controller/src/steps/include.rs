//! Artifacts of other repositories that are placed into this one's (Flux: spec §7.1).

use std::{collections::BTreeMap, time::Duration};

use windlass_api::{
    meta::{condition, reason},
    source::{Artifact, GitRepository, GitRepositoryInclude},
};
use windlass_archive::{Limits, Tree};
use windlass_artifact::Store as Artifacts;
use windlass_runtime::{
    ObjectKey,
    events::Severity,
    outcome::{Failure, StepError},
    watch::Store,
};

use super::failed;

/// The artifacts to include, in the order of the spec. `retry` is when to look again should no
/// event say so earlier.
pub(crate) fn resolve(
    repositories: &Store<GitRepository>,
    namespace: &str,
    own: &str,
    includes: &[GitRepositoryInclude],
    retry: Duration,
) -> Result<Vec<Artifact>, StepError> {
    let waiting = |reason, message: String| {
        let failure = Failure::new(condition::INCLUDE_UNAVAILABLE, reason, message);
        StepError::Waiting(failure.event(Some(Severity::Trace)).after(retry))
    };
    if let Some(way) = cycle(repositories, namespace, own, includes) {
        let message = format!("includes lead back to where they started: {way}");
        return Err(waiting(reason::INCLUDE_CYCLE, message));
    }
    includes
        .iter()
        .map(|include| {
            let name = &include.repository.name;
            let key = ObjectKey::new(namespace, name.as_str());
            let Some(found) = repositories.get(&key) else {
                return Err(waiting(
                    reason::NOT_FOUND,
                    format!(
                        "could not get resource for include '{name}': \
                         GitRepository.source.toolkit.fluxcd.io \"{name}\" not found"
                    ),
                ));
            };
            found
                .status
                .as_ref()
                .and_then(|status| status.artifact.clone())
                .ok_or_else(|| {
                    waiting(
                        reason::NO_ARTIFACT,
                        format!("no artifact available for include '{name}'"),
                    )
                })
        })
        .collect()
}

/// The way on which includes lead back to the repository `own`: each would hold the others' last
/// artifact, and its own in it, and wake them with a larger one for ever.
fn cycle(
    repositories: &Store<GitRepository>,
    namespace: &str,
    own: &str,
    includes: &[GitRepositoryInclude],
) -> Option<String> {
    let names = |includes: &[GitRepositoryInclude]| -> Vec<String> {
        let names = includes.iter().map(|include| &include.repository.name);
        names.cloned().collect()
    };
    let mut included_by: BTreeMap<String, String> = BTreeMap::new();
    let mut open: Vec<(String, String)> = names(includes)
        .into_iter()
        .map(|name| (own.to_owned(), name))
        .collect();
    while let Some((by, name)) = open.pop() {
        if name == own {
            let mut way = vec![own, by.as_str()];
            while let Some(before) = way.last().and_then(|name| included_by.get(*name)) {
                way.push(before);
            }
            way.reverse();
            return Some(way.join(" -> "));
        }
        if included_by.contains_key(&name) {
            continue;
        }
        included_by.insert(name.clone(), by);
        if let Some(found) = repositories.get(&ObjectKey::new(namespace, name.as_str())) {
            let next = names(&found.spec.include).into_iter();
            open.extend(next.map(|next| (name.clone(), next)));
        }
    }
    None
}

/// Whether both lists stand for the same content.
pub(crate) fn same(one: &[Artifact], other: &[Artifact]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| a.same_content(b))
}

/// The tree with everything that is to be included. Blocks on the disk.
pub(crate) fn merge(
    store: &Artifacts,
    tree: Tree,
    includes: &[GitRepositoryInclude],
    artifacts: &[Artifact],
    limits: &Limits,
) -> Result<Tree, StepError> {
    includes
        .iter()
        .zip(artifacts)
        .try_fold(tree, |tree, (include, artifact)| {
            let name = &include.repository.name;
            let destination = inside(include.destination()).map_err(|error| {
                failed(
                    condition::STORAGE_OPERATION_FAILED,
                    reason::ILLEGAL_PATH,
                    format!("path calculation for include '{name}' failed: {error}"),
                )
            })?;
            let from = include.from_path.as_deref().unwrap_or_default();
            place(store, &tree, artifact, from, &destination, limits).map_err(|error| {
                failed(
                    condition::STORAGE_OPERATION_FAILED,
                    reason::COPY_FAILURE,
                    format!(
                        "failed to copy '{name}' include from {from} to {}: {error}",
                        include.destination()
                    ),
                )
            })
        })
}

/// The path as it is meant inside the root: one that begins with `/` counts from there.
fn inside(path: &str) -> Result<String, windlass_archive::Error> {
    windlass_archive::join("", path.trim_start_matches('/'))
}

fn place(
    store: &Artifacts,
    tree: &Tree,
    artifact: &Artifact,
    from: &str,
    destination: &str,
    limits: &Limits,
) -> Result<Tree, String> {
    let text = |error: windlass_archive::Error| error.to_string();
    let included = store
        .read_tree(artifact, limits)
        .map_err(|error| error.to_string())?;
    let source = inside(from).map_err(text)?;
    if let Some(file) = included.get(&source) {
        if tree.exists(destination) {
            return Err(format!("'{destination}' exists already"));
        }
        return tree
            .with_file(destination, file.bytes.clone())
            .map_err(text);
    }
    let directory = included
        .subtree(&source)
        .ok_or_else(|| format!("'{source}' does not exist in it"))?;
    tree.with_subtree(destination, &directory).map_err(text)
}
