use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use parking_lot::RwLock;
use tokio::sync::watch;

use crate::ObjectKey;

type Objects<K> = Arc<RwLock<BTreeMap<ObjectKey, Arc<K>>>>;

/// The objects a watch has seen. Clones share them.
pub struct Store<K> {
    objects: Objects<K>,
    synced: watch::Receiver<bool>,
}

impl<K> Clone for Store<K> {
    fn clone(&self) -> Self {
        Self {
            objects: self.objects.clone(),
            synced: self.synced.clone(),
        }
    }
}

impl<K> fmt::Debug for Store<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("objects", &self.objects.read().len())
            .field("synced", &self.is_ready())
            .finish()
    }
}

impl<K> Store<K> {
    /// The object of that name.
    pub fn get(&self, key: &ObjectKey) -> Option<Arc<K>> {
        self.objects.read().get(key).cloned()
    }

    /// Every object, ordered by key.
    pub fn list(&self) -> Vec<Arc<K>> {
        self.objects.read().values().cloned().collect()
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.objects.read().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the first list is complete.
    pub fn is_ready(&self) -> bool {
        *self.synced.borrow()
    }

    /// Waits until the first list is complete; for ever when the watch was dropped before.
    pub async fn ready(&self) {
        if self
            .synced
            .clone()
            .wait_for(|synced| *synced)
            .await
            .is_err()
        {
            std::future::pending::<()>().await;
        }
    }
}

/// The side of the watch. During a (re)list it remembers what the list has shown, so that what
/// vanished while nobody watched is told as deleted.
pub(super) struct Writer<K> {
    objects: Objects<K>,
    synced: watch::Sender<bool>,
    listed: Option<HashSet<ObjectKey>>,
}

pub(super) fn pair<K>() -> (Store<K>, Writer<K>) {
    let objects = Objects::default();
    let (sender, receiver) = watch::channel(false);
    let store = Store {
        objects: objects.clone(),
        synced: receiver,
    };
    let writer = Writer {
        objects,
        synced: sender,
        listed: None,
    };
    (store, writer)
}

fn key(meta: &ObjectMeta) -> ObjectKey {
    ObjectKey::new(
        meta.namespace.as_deref().unwrap_or_default(),
        meta.name.as_deref().unwrap_or_default(),
    )
}

impl<K: Resource> Writer<K> {
    /// A list begins, perhaps after another one broke off.
    pub(super) fn begin(&mut self) {
        self.listed = Some(HashSet::new());
    }

    /// Stores an object; answers the change, or `None` when it is the one that was there.
    pub(super) fn apply(&mut self, object: K) -> Option<(Option<Arc<K>>, Arc<K>)> {
        let key = key(object.meta());
        if let Some(listed) = &mut self.listed {
            listed.insert(key.clone());
        }
        let mut objects = self.objects.write();
        if let Some(old) = objects.get(&key) {
            let (old, new) = (old.meta(), object.meta());
            if old.uid == new.uid
                && old.resource_version.is_some()
                && old.resource_version == new.resource_version
            {
                return None;
            }
        }
        let new = Arc::new(object);
        let old = objects.insert(key, new.clone());
        Some((old, new))
    }

    /// An object is there, in a form that cannot be stored.
    pub(super) fn keep(&mut self, meta: &ObjectMeta) {
        if let Some(listed) = &mut self.listed {
            listed.insert(key(meta));
        }
    }

    pub(super) fn delete(&mut self, meta: &ObjectMeta) -> Option<Arc<K>> {
        self.objects.write().remove(&key(meta))
    }

    /// The list is complete; answers what it no longer shows.
    pub(super) fn end(&mut self) -> Vec<Arc<K>> {
        let listed = self.listed.take().unwrap_or_default();
        let mut objects = self.objects.write();
        let gone: Vec<ObjectKey> = objects
            .keys()
            .filter(|key| !listed.contains(*key))
            .cloned()
            .collect();
        gone.iter().filter_map(|key| objects.remove(key)).collect()
    }
}

impl<K> Writer<K> {
    /// The first list is complete.
    pub(super) fn synced(&self) {
        self.synced.send_replace(true);
    }
}
