//! What a controller remembers of its objects between two runs.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use kube::ResourceExt;
use parking_lot::Mutex;

use crate::ObjectKey;

/// The memories of all objects of a kind. A run takes its memory out and puts it back, which needs
/// no lock held meanwhile, since no object runs twice at once. Clones share everything.
pub struct Memories<M>(Arc<Mutex<HashMap<ObjectKey, M>>>);

impl<M> Clone for Memories<M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<M> Default for Memories<M> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<M> fmt::Debug for Memories<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Memories")
            .field(&self.0.lock().len())
            .finish()
    }
}

impl<M: Default> Memories<M> {
    /// Takes out the memory of an object; an empty one where there is none.
    pub fn take(&self, key: &ObjectKey) -> M {
        self.0.lock().remove(key).unwrap_or_default()
    }

    /// Changes the memory of an object that has one and is not running.
    pub fn change(&self, key: &ObjectKey, change: impl FnOnce(&mut M)) {
        if let Some(memory) = self.0.lock().get_mut(key) {
            change(memory);
        }
    }

    /// Puts the memory of an object back.
    pub fn put(&self, key: &ObjectKey, memory: M) {
        self.0.lock().insert(key.clone(), memory);
    }
}

/// The newer of what a watch shows and what our last write returned, which a watch may not have
/// caught up with. Another object of the same name is never taken for it.
pub fn newest<K: ResourceExt>(written: Option<&Arc<K>>, seen: Arc<K>) -> Arc<K> {
    match written {
        Some(written) if written.uid() == seen.uid() && version(&**written) > version(&*seen) => {
            Arc::clone(written)
        }
        _ => seen,
    }
}

/// Resource versions are compared as numbers, which the API has promised since Kubernetes 1.35
/// and etcd-backed servers did before.
fn version(object: &impl ResourceExt) -> u64 {
    object
        .resource_version()
        .and_then(|version| version.parse().ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;
    use kube::core::ObjectMeta;

    use super::*;

    fn object(uid: &str, version: &str) -> Arc<ConfigMap> {
        Arc::new(ConfigMap {
            metadata: ObjectMeta {
                uid: Some(uid.to_owned()),
                resource_version: Some(version.to_owned()),
                ..ObjectMeta::default()
            },
            ..ConfigMap::default()
        })
    }

    #[test]
    fn a_watch_that_is_behind_does_not_hide_our_write() {
        let version_of = |written: &Arc<ConfigMap>, seen| {
            newest(Some(written), seen).resource_version().unwrap()
        };
        assert_eq!(version_of(&object("a", "10"), object("a", "9")), "10");
        assert_eq!(version_of(&object("a", "10"), object("a", "11")), "11");
        assert_eq!(version_of(&object("a", "10"), object("b", "9")), "9");
        assert_eq!(
            newest(None, object("a", "1")).resource_version().unwrap(),
            "1"
        );
    }

    #[test]
    fn a_memory_is_taken_out_and_put_back() {
        let memories = Memories::<u32>::default();
        let key = ObjectKey::new("ns", "name");
        memories.put(&key, 7);
        assert_eq!(memories.take(&key), 7);
        assert_eq!(memories.take(&key), 0);
    }
}
