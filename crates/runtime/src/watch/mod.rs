//! A store of one kind's objects, kept up to date by a watch.

mod store;
mod tolerant;

use std::fmt::Debug;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use kube::runtime::watcher;
use kube::{Api, Client, Resource};
use serde::de::DeserializeOwned;
use tracing::{debug, warn};

use crate::queue::jittered;
pub use store::Store;
use store::Writer;
use tolerant::Tolerant;

/// Which objects of the kind are watched.
#[derive(Clone, Debug, Default)]
pub struct WatchScope {
    /// One namespace, or all of them.
    pub namespace: Option<String>,
    /// Label selector in the API's syntax.
    pub label_selector: Option<String>,
}

/// What happened to the watched objects.
#[derive(Debug)]
pub enum Event<K> {
    /// An object is new or has changed.
    Applied {
        /// What the store held before.
        old: Option<Arc<K>>,
        /// What it holds now.
        new: Arc<K>,
    },
    /// An object is gone (or has left the selector); its last known state.
    Deleted(Arc<K>),
    /// The store holds everything there is: after the first list, and after every later relist.
    Synced,
}

/// Watches a kind known at compile time; `managedFields` are dropped. Drive the returned future
/// (it never ends; dropping it ends the watch); `on` is called from it, in order, after the store
/// holds the change, and must not block.
///
/// An object that cannot be decoded is logged and left as it was; a kind the server does not serve
/// (yet), or any other failure, is tried again with growing delays.
pub fn watch<K>(
    client: Client,
    scope: WatchScope,
    on: impl Fn(Event<K>) + Send + 'static,
) -> (Store<K>, impl Future<Output = ()> + Send + 'static)
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
{
    watch_with(client, &(), scope, drop_managed_fields, on)
}

/// Like [`watch`], for any kind (`DynamicObject` with its `ApiResource`, `PartialObjectMeta`), and
/// with the caller's own `trim`, which drops what need not be kept before the store sees it; it
/// gets the object with its `managedFields`.
pub fn watch_with<K>(
    client: Client,
    kind: &K::DynamicType,
    scope: WatchScope,
    trim: impl Fn(&mut K) + Send + 'static,
    on: impl Fn(Event<K>) + Send + 'static,
) -> (Store<K>, impl Future<Output = ()> + Send + 'static)
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
    K::DynamicType: Clone + Debug + Eq + Hash + Send + Sync,
{
    let kind_name = K::kind(kind).into_owned();
    let api: Api<Tolerant<K>> = match &scope.namespace {
        Some(namespace) => Api::namespaced_with(client, namespace, kind),
        None => Api::all_with(client, kind),
    };
    let config = watcher::Config {
        label_selector: scope.label_selector,
        ..watcher::Config::default()
    };
    let (store, writer) = store::pair();
    let drive = drive(kind_name, api, config, writer, trim, on);
    (store, drive)
}

/// Drops the part of an object that is of use to nobody here and often its largest.
pub fn drop_managed_fields<K: Resource>(object: &mut K) {
    object.meta_mut().managed_fields = None;
}

/// Pauses after failed lists and watches.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

async fn drive<K>(
    kind: String,
    api: Api<Tolerant<K>>,
    config: watcher::Config,
    mut store: Writer<K>,
    trim: impl Fn(&mut K) + Send + 'static,
    on: impl Fn(Event<K>) + Send + 'static,
) where
    K: Resource + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
    K::DynamicType: Clone,
{
    let mut events = std::pin::pin!(watcher(api, config));
    let mut pause = FIRST_PAUSE;
    while let Some(event) = events.next().await {
        // The watcher's own back-off starts anew with every `Init`, which precedes each try: a kind
        // that is not installed would be listed once a second for ever.
        match &event {
            Err(_) => {
                tokio::time::sleep(jittered(pause, 20)).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            Ok(watcher::Event::Init) => {}
            Ok(_) => pause = FIRST_PAUSE,
        }
        match event {
            Ok(watcher::Event::Init) => store.begin(),
            Ok(watcher::Event::InitApply(object) | watcher::Event::Apply(object)) => {
                match object.into_result() {
                    Ok(mut object) => {
                        trim(&mut object);
                        if let Some((old, new)) = store.apply(object) {
                            on(Event::Applied { old, new });
                        }
                    }
                    Err((meta, error)) => {
                        warn!(
                            kind,
                            namespace = meta.namespace.as_deref().unwrap_or_default(),
                            name = meta.name.as_deref().unwrap_or_default(),
                            error,
                            "object skipped: it cannot be decoded"
                        );
                        store.keep(&meta);
                    }
                }
            }
            Ok(watcher::Event::Delete(object)) => {
                if let Some(gone) = store.delete(object.meta()) {
                    on(Event::Deleted(gone));
                }
            }
            Ok(watcher::Event::InitDone) => {
                for gone in store.end() {
                    on(Event::Deleted(gone));
                }
                on(Event::Synced);
                store.synced();
            }
            // The watcher starts over by itself. A watch that ends is daily life, a list that fails
            // is not: the kind may not be installed or not be allowed.
            Err(error @ watcher::Error::InitialListFailed(_)) => {
                warn!(kind, error = %error, "cannot list");
            }
            Err(error) => debug!(kind, error = %error, "watch interrupted"),
        }
    }
}

#[cfg(test)]
mod tests;
