//! Artifacts of other repositories that are placed into this one's (Flux: spec §7.1).

use std::time::Duration;

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
    includes: &[GitRepositoryInclude],
    retry: Duration,
) -> Result<Vec<Artifact>, StepError> {
    let waiting = |reason, message: String| {
        let failure = Failure::new(condition::INCLUDE_UNAVAILABLE, reason, message);
        StepError::Waiting(failure.event(Some(Severity::Trace)).after(retry))
    };
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
            place(store, &tree, artifact, from, &destination).map_err(|error| {
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
) -> Result<Tree, String> {
    let text = |error: windlass_archive::Error| error.to_string();
    let included = store
        .read_tree(artifact, &Limits::default())
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
