//! What is on the volume, compared with what the status says (Flux: spec §5.1).

use std::{sync::Arc, time::SystemTime};

use tracing::{debug, warn};
use windlass_api::{
    meta::{condition, reason},
    source::Artifact,
};
use windlass_artifact::{ArtifactPath, Error, Store};
use windlass_runtime::events::{EventRecord, Severity};

use crate::{KIND, context::Context, status::Attempt};

/// What was found on the volume.
struct Found {
    checked: Option<SystemTime>,
    collected: usize,
    intact: Result<(), Error>,
}

/// Clears old artifacts away and makes sure that the current one is there and is what its digest
/// says; without one the status shows none and everything is fetched anew. Returns when the upstream
/// was last checked, if that is known.
pub(crate) async fn check(context: &Context, attempt: &mut Attempt) -> Option<SystemTime> {
    let Some(artifact) = attempt.status.artifact.clone() else {
        attempt.conditions.remove(condition::ARTIFACT_IN_STORAGE);
        return None;
    };
    let at = place(attempt, String::new());
    let found = blocking(context, {
        let artifact = artifact.clone();
        move |store| inspect(store, &at, &artifact)
    })
    .await;
    if found.collected > 0 {
        attempt.events.push(EventRecord::new(
            Severity::Trace,
            reason::GARBAGE_COLLECTION_SUCCEEDED,
            format!("garbage collected {} artifacts", found.collected),
        ));
    }
    match found.intact {
        Ok(()) => {
            let url = context.artifacts.url(&artifact.path);
            if url != artifact.url {
                attempt.status.artifact = Some(Artifact { url, ..artifact });
            }
        }
        Err(error) => {
            warn!(%error, path = artifact.path, "artifact lost");
            if !matches!(error, Error::Missing(_) | Error::NotRegular(_)) {
                attempt.events.push(EventRecord::new(
                    Severity::Error,
                    reason::ARTIFACT_VERIFICATION_FAILED,
                    format!("failed to verify integrity of artifact: {error}"),
                ));
            }
            attempt.status.artifact = None;
            attempt.lost = true;
            attempt.conditions.remove(condition::ARTIFACT_IN_STORAGE);
        }
    }
    found.checked
}

/// Remembers on the volume that the upstream was checked just now, so that a restart does not move
/// the next check. Nothing is lost but that when it fails.
pub(crate) async fn mark_checked(context: &Context, attempt: &Attempt) {
    let at = place(attempt, String::new());
    let marked = blocking(context, move |store| {
        store.mark_checked(&at, SystemTime::now())
    });
    if let Err(error) = marked.await {
        debug!(%error, "the time of the check is not kept");
    }
}

fn inspect(store: &Store, at: &ArtifactPath, artifact: &Artifact) -> Found {
    let checked = store.checked(at).unwrap_or_default();
    let collected = store.collect_garbage(at, artifact).unwrap_or_else(|error| {
        warn!(%error, "collecting old artifacts failed");
        Vec::new()
    });
    if !collected.is_empty()
        && let Some(time) = checked
        && let Err(error) = store.mark_checked(at, time)
    {
        debug!(%error, "the time of the last check is lost");
    }
    Found {
        checked,
        collected: collected.len(),
        intact: store.verify(artifact).map(drop),
    }
}

/// The place of a file of this object.
pub(crate) fn place(attempt: &Attempt, file: String) -> ArtifactPath {
    let key = attempt.key();
    ArtifactPath {
        kind: KIND,
        namespace: key.namespace.to_string(),
        name: key.name.to_string(),
        file,
    }
}

/// Does what blocks on the disk where it holds up nobody. A panic in it is the caller's.
pub(crate) async fn blocking<T: Send + 'static>(
    context: &Context,
    work: impl FnOnce(&Store) -> T + Send + 'static,
) -> T {
    let store = Arc::clone(&context.artifacts);
    match tokio::task::spawn_blocking(move || work(&store)).await {
        Ok(done) => done,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // Blocking work is only ever cancelled with the runtime itself.
        Err(_) => std::future::pending().await,
    }
}
