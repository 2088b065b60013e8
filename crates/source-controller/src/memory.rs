//! What is remembered of a source between two runs. All of it is a cache: a restart loses it and
//! costs nothing but the time of the next check, which is drawn anew.

use std::{collections::HashMap, sync::Arc};

use kube::ResourceExt;
use parking_lot::Mutex;
use tokio::time::Instant;
use windlass_api::source::GitRepository;
use windlass_runtime::ObjectKey;

/// The memory of one source.
#[derive(Default)]
pub(crate) struct Memory {
    /// The object as our last write left it; the watch may be behind.
    pub(crate) latest: Option<Arc<GitRepository>>,
    /// When the upstream is to be checked again.
    pub(crate) due: Option<Instant>,
}

impl Memory {
    /// The newer of what the watch shows and what our last write returned.
    pub(crate) fn freshest(&self, seen: Arc<GitRepository>) -> Arc<GitRepository> {
        match &self.latest {
            Some(latest) if latest.uid() == seen.uid() && version(latest) > version(&seen) => {
                latest.clone()
            }
            _ => seen,
        }
    }
}

/// Resource versions are compared as numbers, which the API has promised since Kubernetes 1.35
/// and etcd-backed servers did before.
fn version(object: &GitRepository) -> u64 {
    object
        .resource_version()
        .and_then(|v| v.parse().ok())
        .unwrap_or_default()
}

/// The memories of all sources. A run takes its memory out and puts it back, which needs no lock
/// held meanwhile since no object runs twice at once.
#[derive(Default)]
pub(crate) struct Memories(Mutex<HashMap<ObjectKey, Memory>>);

impl Memories {
    pub(crate) fn take(&self, key: &ObjectKey) -> Memory {
        self.0.lock().remove(key).unwrap_or_default()
    }

    pub(crate) fn put(&self, key: &ObjectKey, memory: Memory) {
        self.0.lock().insert(key.clone(), memory);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(uid: &str, version: &str) -> Arc<GitRepository> {
        let mut object =
            GitRepository::new("src", windlass_api::source::GitRepositorySpec::default());
        object.metadata.uid = Some(uid.to_owned());
        object.metadata.resource_version = Some(version.to_owned());
        Arc::new(object)
    }

    #[test]
    fn our_own_write_wins_over_an_older_watch_event_of_the_same_object() {
        let memory = Memory {
            latest: Some(object("a", "10")),
            due: None,
        };
        let version = |seen| memory.freshest(seen).resource_version().unwrap();
        assert_eq!(version(object("a", "9")), "10");
        assert_eq!(version(object("a", "11")), "11");
        assert_eq!(version(object("b", "9")), "9");
    }
}
