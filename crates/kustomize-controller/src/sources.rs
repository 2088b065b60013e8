//! The sources that Kustomizations refer to, as their watches show them.

use std::collections::HashMap;

use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject},
    core::GroupVersionKind,
};
use windlass_api::{
    kustomize::{CrossNamespaceSourceReference, Kustomization, SourceKind},
    meta::condition,
    source::{self, Artifact},
};
use windlass_runtime::{
    ObjectKey,
    watch::{self, Event, Store, WatchScope},
};

/// Names one source: its kind and its key.
pub(crate) type SourceId = (SourceKind, ObjectKey);

/// The source that a Kustomization refers to.
pub(crate) fn source_of(object: &Kustomization) -> SourceId {
    let CrossNamespaceSourceReference {
        kind,
        name,
        namespace,
        ..
    } = &object.spec.source_ref;
    let own = object.metadata.namespace.as_deref().unwrap_or_default();
    let namespace = namespace
        .as_deref()
        .filter(|n| !n.is_empty())
        .unwrap_or(own);
    (*kind, ObjectKey::new(namespace, name.as_str()))
}

/// What is known of a source.
pub(crate) enum Lookup {
    /// The watch of its kind has not listed yet, as a rule because the kind is not installed.
    Unlisted,
    /// There is no such object.
    Missing,
    /// It has just been made: its controller has neither published an artifact nor said why not.
    New,
    /// The artifact it publishes, if any.
    Found(Option<Artifact>),
}

/// Stores of all watched kinds of sources.
#[derive(Clone)]
pub(crate) struct Sources {
    stores: HashMap<SourceKind, Store<DynamicObject>>,
}

/// What the owner of [`Sources`] is told.
pub(crate) enum SourceEvent {
    /// A source is new or published another revision; deletions are not told, since what was
    /// applied stays.
    Changed(SourceId),
    /// All sources of a kind are known now.
    Listed(SourceKind),
}

impl Sources {
    /// Starts the watches of `kinds`. Their tasks end with the runtime.
    pub(crate) fn watch(
        client: &Client,
        scope: &WatchScope,
        kinds: &[SourceKind],
        on: impl Fn(SourceEvent) + Clone + Send + 'static,
    ) -> Self {
        let mut stores = HashMap::new();
        for &kind in kinds {
            let on = on.clone();
            let (store, run) = watch::watch_with::<DynamicObject>(
                client.clone(),
                &resource_of(kind),
                scope.clone(),
                keep_artifact,
                move |event| match event {
                    Event::Applied { old, new } => {
                        let before = old.as_deref().and_then(artifact_of);
                        let now = artifact_of(&new);
                        let moved = match (&before, &now) {
                            (Some(before), Some(now)) => !before.same_content(now),
                            (before, now) => before.is_some() != now.is_some(),
                        };
                        if old.is_none() || moved {
                            on(SourceEvent::Changed((kind, ObjectKey::of(&*new))));
                        }
                    }
                    Event::Synced => on(SourceEvent::Listed(kind)),
                    Event::Deleted(_) => {}
                },
            );
            tokio::spawn(run);
            stores.insert(kind, store);
        }
        Self { stores }
    }

    /// Looks a source up. Where the watch does not show it, the API server is asked: watches of
    /// different kinds are not in step, and what was made just before the object that refers to it
    /// must not be called missing.
    pub(crate) async fn find(&self, client: Client, id: &SourceId) -> kube::Result<Lookup> {
        let known = self.get(id);
        if !matches!(known, Lookup::Missing) {
            return Ok(known);
        }
        let (kind, key) = id;
        let api =
            Api::<DynamicObject>::namespaced_with(client, &key.namespace, &resource_of(*kind));
        match api.get_opt(&key.name).await {
            Ok(found) => Ok(found.map_or(known, |object| lookup(&object))),
            // Not the object but the kind is not there any more.
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(Lookup::Unlisted),
            Err(error) => Err(error),
        }
    }

    /// Looks a source up in the watches.
    pub(crate) fn get(&self, (kind, key): &SourceId) -> Lookup {
        let Some(store) = self.stores.get(kind) else {
            return Lookup::Unlisted;
        };
        match store.get(key) {
            Some(object) => lookup(&object),
            None if store.is_ready() => Lookup::Missing,
            None => Lookup::Unlisted,
        }
    }
}

fn resource_of(kind: SourceKind) -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk(source::GROUP, "v1", kind.as_str()))
}

fn lookup(object: &DynamicObject) -> Lookup {
    match artifact_of(object) {
        None if !is_judged(object) => Lookup::New,
        artifact => Lookup::Found(artifact),
    }
}

/// Whether its controller has come to a conclusion.
fn is_judged(object: &DynamicObject) -> bool {
    let conditions = object.data.get("status").and_then(|s| s.get("conditions"));
    let mut conditions = conditions.and_then(|c| c.as_array()).into_iter().flatten();
    conditions.any(|c| c["type"] == condition::READY && c["status"] != "Unknown")
}

fn artifact_of(object: &DynamicObject) -> Option<Artifact> {
    let artifact = object.data.get("status")?.get("artifact")?;
    serde_json::from_value(artifact.clone()).ok()
}

/// Of a source only the artifact and the Ready condition are ever read.
fn keep_artifact(object: &mut DynamicObject) {
    object.metadata.managed_fields = None;
    object.metadata.annotations = None;
    object.metadata.labels = None;
    if let Some(data) = object.data.as_object_mut() {
        data.retain(|key, _| key == "status");
        if let Some(status) = data.get_mut("status").and_then(|s| s.as_object_mut()) {
            status.retain(|key, _| key == "artifact" || key == "conditions");
            if let Some(conditions) = status.get_mut("conditions").and_then(|c| c.as_array_mut()) {
                conditions.retain(|c| c["type"] == condition::READY);
                for condition in conditions.iter_mut().filter_map(|c| c.as_object_mut()) {
                    condition.retain(|key, _| key == "type" || key == "status");
                }
            }
        }
    }
}
