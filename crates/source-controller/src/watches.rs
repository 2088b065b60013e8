//! What wakes a source: its own changes, and new artifacts of the sources that it includes.

use std::sync::{Arc, OnceLock};

use kube::{Client, ResourceExt};
use windlass_api::{
    meta,
    source::{Artifact, GitRepository},
};
use windlass_runtime::{
    CancellationToken, ObjectKey,
    queue::Queue,
    watch::{self, Event, Store, WatchScope},
};

use crate::trigger::Trigger;

/// Starts the watch; it ends with `shutdown`.
pub(crate) fn start(
    client: &Client,
    scope: &WatchScope,
    queue: &Queue<Trigger>,
    shutdown: &CancellationToken,
) -> Store<GitRepository> {
    let known = Arc::new(OnceLock::<Store<GitRepository>>::new());
    let (store, run) = watch::watch::<GitRepository>(client.clone(), scope.clone(), {
        let (known, queue) = (Arc::clone(&known), queue.clone());
        move |event| {
            if let Some(store) = known.get() {
                handle(event, store, &queue);
            }
        }
    });
    // Nothing is told before `run` is driven, so nothing is missed.
    let _ = known.set(store.clone());
    let stop = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = run => {}
            () = stop.cancelled() => {}
        }
    });
    store
}

fn handle(event: Event<GitRepository>, store: &Store<GitRepository>, queue: &Queue<Trigger>) {
    match event {
        Event::Applied { old, new } => {
            if old.as_deref().is_none_or(|old| asks(old, &new)) {
                queue.enqueue(&ObjectKey::of(&*new), Trigger::OBJECT);
            }
            // During the first list everything is woken anyway.
            if store.is_ready() && published(old.as_deref(), &new) {
                for parent in parents(store, &new) {
                    queue.enqueue(&parent, Trigger::INCLUDE);
                }
            }
        }
        Event::Deleted(gone) => {
            let key = ObjectKey::of(&*gone);
            queue.forget(&key);
            // One more run, which finds nothing and forgets the rest.
            queue.enqueue(&key, Trigger::default());
        }
        Event::Synced => {}
    }
}

/// Whether the change asks for a reconcile (Flux: spec §4, triggers).
fn asks(old: &GitRepository, new: &GitRepository) -> bool {
    let token = |object: &GitRepository| object.annotations().get(meta::REQUESTED_AT).cloned();
    old.uid() != new.uid()
        || old.metadata.generation != new.metadata.generation
        || old.metadata.deletion_timestamp != new.metadata.deletion_timestamp
        || token(old) != token(new)
}

/// Whether the change brought an artifact with other content.
fn published(old: Option<&GitRepository>, new: &GitRepository) -> bool {
    match (old.and_then(artifact), artifact(new)) {
        (Some(old), Some(new)) => !old.same_content(new),
        (None, new) => new.is_some(),
        (Some(_), None) => false,
    }
}

fn artifact(object: &GitRepository) -> Option<&Artifact> {
    object.status.as_ref()?.artifact.as_ref()
}

/// Those that include `object`.
fn parents(store: &Store<GitRepository>, object: &GitRepository) -> Vec<ObjectKey> {
    let (namespace, name) = (object.namespace(), object.name_any());
    let includes = |other: &GitRepository| {
        other.namespace() == namespace
            && other
                .spec
                .include
                .iter()
                .any(|include| include.repository.name == name)
    };
    store
        .list()
        .iter()
        .filter(|other| includes(other))
        .map(|o| ObjectKey::of(&**o))
        .collect()
}

#[cfg(test)]
mod tests {
    use windlass_api::source::{GitRepositorySpec, GitRepositoryStatus};

    use super::*;

    fn object(generation: i64, token: Option<&str>, digest: Option<&str>) -> GitRepository {
        let mut object = GitRepository::new("src", GitRepositorySpec::default());
        object.metadata.generation = Some(generation);
        if let Some(token) = token {
            object
                .annotations_mut()
                .insert(meta::REQUESTED_AT.to_owned(), token.to_owned());
        }
        object.status = digest.map(|digest| GitRepositoryStatus {
            artifact: Some(Artifact {
                digest: digest.to_owned(),
                last_update_time: k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(
                    jiff::Timestamp::UNIX_EPOCH,
                ),
                metadata: None,
                path: String::new(),
                revision: "main@sha1:1".to_owned(),
                size: None,
                url: String::new(),
            }),
            ..GitRepositoryStatus::default()
        });
        object
    }

    #[test]
    fn a_status_or_another_annotation_asks_for_nothing() {
        let old = object(1, None, None);
        let mut new = object(1, None, Some("sha256:a"));
        new.annotations_mut()
            .insert("other".to_owned(), "x".to_owned());
        assert!(!asks(&old, &new));
        assert!(asks(&old, &object(2, None, None)));
        assert!(asks(&old, &object(1, Some("now"), None)));
    }

    #[test]
    fn only_other_content_is_news_to_parents() {
        let (none, a, b) = (
            object(1, None, None),
            object(1, None, Some("a")),
            object(1, None, Some("b")),
        );
        assert!(published(Some(&none), &a) && published(None, &a) && published(Some(&a), &b));
        assert!(!published(Some(&a), &a) && !published(Some(&a), &none));
        assert!(!published(Some(&none), &none));
    }
}
