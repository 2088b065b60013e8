//! Patches of the objects a controller owns: their status and finalizers.

mod merge;

use std::fmt::Debug;
use std::time::Duration;

use k8s_openapi::NamespaceResourceScope;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::ObjectKey;
use crate::watch::drop_managed_fields;

/// How often a patch is tried while others change the object, and the first pause between tries
/// (Flux: source-controller spec §4, "retry on conflict 5 steps from 100ms").
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(100);

/// What is patched: a namespaced kind known at compile time, with a `status`.
pub trait Owned:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + Clone
    + Debug
    + Serialize
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
}

impl<K> Owned for K where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + Serialize
        + DeserializeOwned
        + Send
        + Sync
        + 'static
{
}

/// Who patches, and which conditions are theirs.
#[derive(Clone, Copy, Debug)]
pub struct Writer {
    /// Field manager of the patches.
    pub field_manager: &'static str,
    /// Condition types this controller owns; others are left as they are found.
    pub conditions: &'static [&'static str],
}

/// Why a patch failed.
#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// The server refused it or could not be reached.
    #[error("patching {kind} {key}: {source}")]
    Api {
        /// Kind of the object.
        kind: String,
        /// The object.
        key: ObjectKey,
        /// What happened.
        #[source]
        source: Box<kube::Error>,
    },
    /// Somebody else kept changing the object.
    #[error("patching {kind} {key}: still in conflict after {TRIES} tries")]
    Conflict {
        /// Kind of the object.
        kind: String,
        /// The object.
        key: ObjectKey,
    },
    /// The object or the new status is not JSON of the expected form.
    #[error("encoding {kind} {key}: {source}")]
    Encode {
        /// Kind of the object.
        kind: String,
        /// The object.
        key: ObjectKey,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
}

/// One object under patching.
struct Target<K> {
    api: Api<K>,
    key: ObjectKey,
    params: PatchParams,
}

impl<K: Owned> Target<K> {
    fn new(client: &Client, writer: &Writer, object: &K) -> Self {
        let key = ObjectKey::of(object);
        Self {
            api: Api::namespaced(client.clone(), &key.namespace),
            key,
            params: PatchParams {
                field_manager: Some(writer.field_manager.to_owned()),
                ..PatchParams::default()
            },
        }
    }

    fn api_error(&self, source: kube::Error) -> PatchError {
        PatchError::Api {
            kind: K::kind(&()).into_owned(),
            key: self.key.clone(),
            source: Box::new(source),
        }
    }

    fn json(&self, value: &impl Serialize) -> Result<Value, PatchError> {
        serde_json::to_value(value).map_err(|source| PatchError::Encode {
            kind: K::kind(&()).into_owned(),
            key: self.key.clone(),
            source,
        })
    }

    /// Patches until it is no longer in conflict. `change` gets the object as it is and answers the
    /// patch without its lock, or `None` when nothing needs to change.
    async fn patch(
        &self,
        status: bool,
        mut object: K,
        change: impl Fn(&K) -> Result<Option<Value>, PatchError>,
    ) -> Result<Option<K>, PatchError> {
        let mut pause = PAUSE;
        for attempt in 1..=TRIES {
            let Some(mut patch) = change(&object)? else {
                return Ok(Some(object));
            };
            // The optimistic lock: nobody changed what the patch was computed from. The uid keeps
            // it off an object that was deleted and made again under the same name.
            patch["metadata"]["resourceVersion"] = json!(object.resource_version());
            patch["metadata"]["uid"] = json!(object.uid());
            let patch = Patch::Merge(patch);
            let sent = if status {
                self.api
                    .patch_status(&self.key.name, &self.params, &patch)
                    .await
            } else {
                self.api.patch(&self.key.name, &self.params, &patch).await
            };
            match sent {
                Ok(patched) => return Ok(Some(trimmed(patched))),
                Err(kube::Error::Api(answer)) if answer.code == 404 => return Ok(None),
                Err(kube::Error::Api(answer)) if answer.code == 409 => {
                    if attempt < TRIES {
                        // The first conflict is mostly a stale cache: no reason to wait.
                        if attempt > 1 {
                            tokio::time::sleep(pause).await;
                            pause *= 2;
                        }
                        let fresh = self.api.get_opt(&self.key.name).await;
                        match fresh.map_err(|e| self.api_error(e))? {
                            Some(fresh) if fresh.uid() == object.uid() => object = trimmed(fresh),
                            _ => return Ok(None),
                        }
                    }
                }
                Err(error) => return Err(self.api_error(error)),
            }
        }
        Err(PatchError::Conflict {
            kind: K::kind(&()).into_owned(),
            key: self.key.clone(),
        })
    }
}

/// Answers are kept until a watch catches up: without what nobody reads, half of an object.
fn trimmed<K: Owned>(mut object: K) -> K {
    drop_managed_fields(&mut object);
    object
}

/// Brings the object's status from what `before` shows to `after` (the whole status) with one merge
/// patch of what differs, and none when nothing does. Answers the object as the server has it now,
/// or `None` when it is gone.
///
/// When somebody else changed the object in between, only what differs between `before` and
/// `after` is carried over to what is there now; conditions this controller owns win, foreign ones
/// stay.
///
/// # Errors
/// [`PatchError`].
pub async fn status<K: Owned>(
    client: &Client,
    writer: &Writer,
    before: &K,
    after: &Value,
) -> Result<Option<K>, PatchError> {
    let target = Target::new(client, writer, before);
    let base = target.json(before)?["status"].take();
    target
        .patch(true, before.clone(), |current| {
            let found = target.json(current)?["status"].take();
            let wanted = merge::rebase(&base, after, &found, writer.conditions);
            Ok(
                merge::diff(&found, &wanted)
                    .map(|status| json!({"metadata": {}, "status": status})),
            )
        })
        .await
}

/// Adds a finalizer. Answers the object as it is now, or `None` when it is gone.
///
/// # Errors
/// [`PatchError`].
pub async fn add_finalizer<K: Owned>(
    client: &Client,
    writer: &Writer,
    object: &K,
    finalizer: &str,
) -> Result<Option<K>, PatchError> {
    finalizers(client, writer, object, |list| {
        if !list.iter().any(|f| f == finalizer) {
            list.push(finalizer.to_owned());
        }
    })
    .await
}

/// Removes a finalizer. Answers the object as it is now, or `None` when it was gone already; with
/// its last finalizer an object that is being deleted goes, and the answer is its last state.
///
/// # Errors
/// [`PatchError`].
pub async fn remove_finalizer<K: Owned>(
    client: &Client,
    writer: &Writer,
    object: &K,
    finalizer: &str,
) -> Result<Option<K>, PatchError> {
    finalizers(client, writer, object, |list| {
        list.retain(|f| f != finalizer);
    })
    .await
}

async fn finalizers<K: Owned>(
    client: &Client,
    writer: &Writer,
    object: &K,
    change: impl Fn(&mut Vec<String>),
) -> Result<Option<K>, PatchError> {
    let target = Target::new(client, writer, object);
    target
        .patch(false, object.clone(), |current| {
            let mut list = current.finalizers().to_vec();
            change(&mut list);
            Ok((list != current.finalizers()).then(|| json!({"metadata": {"finalizers": list}})))
        })
        .await
}
