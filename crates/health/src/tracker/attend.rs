//! What a single wait needs besides the watches of kinds: each is begun once per object and ends
//! with the wait.

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use kube::api::Api;
use kube::runtime::watcher::{Config, Event, watcher};
use serde_json::Value;
use tokio::sync::Semaphore;
use windlass_runtime::ObjectKey;
use windlass_runtime::mapper::ApiResource;

use super::index::{Effects, GroupKind, Index, Link, Source};
use super::kind_watch::{Pause, code};
use super::read::{ReadError, locate, read};
use super::wait::Access;
use super::watched::Watched;
use super::{Inner, Reader};
use crate::assess::dooms_its_set;
use crate::{ObjectId, Status};

/// Between two reads of what cannot be watched.
const POLL: Duration = Duration::from_secs(2);
/// Reads at once of one poll.
const POLL_WIDTH: usize = 4;
/// Between two questions whether a refused account may read by now.
const ASK_AGAIN: Duration = Duration::from_secs(30);

/// Something to begin.
enum Chore {
    /// Ask whether the account may read it.
    Ask(ObjectId),
    /// Read it for its expression.
    Fetch(ObjectId),
    /// Follow it by a watch of its own.
    Follow(ObjectId),
    /// Read what cannot be watched, again and again.
    Poll,
    /// Follow the pods of the set.
    Pods {
        set: ObjectId,
        uid: Box<str>,
        selector: Box<str>,
    },
}

/// What the wait of `owner` needs now and has not got.
fn chores(index: &mut Index, owner: &ObjectKey) -> Vec<Chore> {
    let Some(wait) = index.wait(owner) else {
        return Vec::new();
    };
    let mut chores = Vec::new();
    let mut begun = Vec::with_capacity(wait.items.len());
    let mut polling = wait.polling;
    for item in &wait.items {
        let id = &item.expected.id;
        let seen = index.seen(id);
        let refused = index
            .find_kind(&GroupKind::of(id))
            .is_some_and(|kind| kind.link == Link::Refused);
        let ask = item.access == Access::Open;
        let fetch = item.covered && item.custom.is_none() && seen.is_some() && !item.begun.fetch;
        // An object that its kind's watch has not shown may lack the owner label.
        let follow = seen.is_none() && !refused && !item.absent && !item.begun.follow;
        let pods = seen
            .filter(|seen| seen.status == Status::InProgress && !item.covered && !item.begun.pods)
            .and_then(|seen| Some((seen.uid.clone(), seen.pods.clone()?)));
        if ask {
            chores.push(Chore::Ask(id.clone()));
        }
        if fetch {
            chores.push(Chore::Fetch(id.clone()));
        }
        if follow {
            chores.push(Chore::Follow(id.clone()));
        }
        if refused && !polling {
            polling = true;
            chores.push(Chore::Poll);
        }
        begun.push((ask, fetch, follow, pods.is_some()));
        if let Some((uid, selector)) = pods {
            let set = id.clone();
            chores.push(Chore::Pods { set, uid, selector });
        }
    }
    if let Some(wait) = index.wait_mut(owner) {
        wait.polling = polling;
        for (item, (ask, fetch, follow, pods)) in wait.items.iter_mut().zip(begun) {
            if ask {
                item.access = Access::Asked;
            }
            item.begun.fetch |= fetch;
            item.begun.follow |= follow;
            item.begun.pods |= pods;
        }
    }
    chores
}

impl Inner {
    /// Begins what the wait of `owner` needs.
    pub(super) fn attend(&self, owner: &ObjectKey) {
        let (chores, token, reader) = {
            let mut index = self.index.lock();
            let Some(wait) = index.wait(owner) else {
                return;
            };
            let (token, reader) = (wait.token.clone(), wait.reader.clone());
            (chores(&mut index, owner), token, reader)
        };
        for chore in chores {
            let (owner, reader) = (owner.clone(), reader.clone());
            self.spawn(Some(token.clone()), |inner| async move {
                let errand = Errand {
                    inner,
                    owner,
                    reader,
                };
                match chore {
                    Chore::Ask(id) => errand.ask(&id).await,
                    Chore::Fetch(id) => errand.fetch(&id).await,
                    Chore::Follow(id) => errand.follow(&id).await,
                    Chore::Poll => errand.poll().await,
                    Chore::Pods { set, uid, selector } => errand.pods(&set, &uid, &selector).await,
                }
            });
        }
    }
}

struct Errand {
    inner: Weak<Inner>,
    owner: ObjectKey,
    reader: Reader,
}

impl Errand {
    /// Changes the item of `id` and sums the wait up again.
    fn update(&self, id: &ObjectId, change: impl Fn(&mut super::wait::Item)) {
        let Some(inner) = self.inner.upgrade() else {
            return;
        };
        let mut effects = Effects::default();
        {
            let mut index = inner.index.lock();
            let (of, at) = (GroupKind::of(id), index.place(id));
            index.items_at(&self.owner, &of, &at).for_each(change);
            index.judge(&self.owner, &mut effects);
        }
        inner.settle_effects(effects);
    }

    fn small_watches(&self) -> Option<Arc<Semaphore>> {
        self.inner
            .upgrade()
            .map(|inner| Arc::clone(&inner.small_watches))
    }

    async fn read(&self, id: &ObjectId) -> Result<Option<Value>, ReadError> {
        // Cloned, so that a request on the way does not keep the tracker alive.
        let mapper = match self.inner.upgrade() {
            Some(inner) => inner.mapper.clone(),
            None => return std::future::pending().await,
        };
        read(&self.reader.client, &mapper, id).await
    }

    fn ingest(&self, id: &ObjectId, found: Option<&Value>) {
        let Some(inner) = self.inner.upgrade() else {
            return;
        };
        if let Some(object) = found {
            inner.ingest(id, object, Source::Aside);
        } else {
            let at = inner.index.lock().place(id);
            inner.vanish(&GroupKind::of(id), &at, 0);
        }
    }

    async fn ask(&self, id: &ObjectId) {
        loop {
            let known = match self.inner.upgrade() {
                Some(inner) => inner.rights.lock().known(&self.reader.account, id),
                None => return,
            };
            let answer = match known {
                Some(answer) => answer,
                None => match self.read(id).await {
                    Ok(_) => self.learn(id, Ok(())),
                    Err(error) if error.forbidden => self.learn(id, Err(error.message)),
                    Err(error) => Err(error.message),
                },
            };
            match answer {
                Ok(()) => return self.update(id, |item| item.access = Access::Granted),
                Err(why) => self.update(id, |item| item.access = Access::Denied(why.clone())),
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }

    fn learn(&self, id: &ObjectId, answer: Result<(), String>) -> Result<(), String> {
        if let Some(inner) = self.inner.upgrade() {
            inner
                .rights
                .lock()
                .learn(&self.reader.account, id, answer.clone());
        }
        answer
    }

    async fn fetch(&self, id: &ObjectId) {
        let mut pause = Pause::new();
        loop {
            match self.read(id).await {
                Ok(found) => return self.ingest(id, found.as_ref()),
                Err(error) => self.update(id, |item| item.problem = Some(error.message.clone())),
            }
            tokio::time::sleep(pause.next()).await;
        }
    }

    /// Follows one object with the controller's identity; what is told of it is subject to
    /// [`Errand::ask`].
    async fn follow(&self, id: &ObjectId) {
        let mut pause = Pause::new();
        loop {
            let located = match self.inner.upgrade() {
                Some(inner) => locate(&inner.client, &inner.mapper, id).await,
                None => return,
            };
            match located {
                Ok((resource, api)) => {
                    if !self.watch(id, &resource, api, &mut pause).await {
                        return self.poll_one(id).await;
                    }
                }
                Err(error) => self.update(id, |item| item.problem = Some(error.message.clone())),
            }
            tokio::time::sleep(pause.next()).await;
        }
    }

    /// Returns whether another try makes sense.
    async fn watch(
        &self,
        id: &ObjectId,
        resource: &ApiResource,
        api: Api<Watched>,
        pause: &mut Pause,
    ) -> bool {
        let Some(watches) = self.small_watches() else {
            return true;
        };
        let Ok(_permit) = watches.try_acquire() else {
            return false;
        };
        let config = Config::default().fields(&format!("metadata.name={}", id.name));
        let mut events = std::pin::pin!(watcher(api, config));
        let mut listed = false;
        loop {
            match events.try_next().await {
                Ok(Some(Event::Init)) => listed = false,
                Ok(Some(Event::InitApply(object) | Event::Apply(object))) => {
                    listed = true;
                    self.ingest(id, Some(&object.into_object(resource)));
                }
                Ok(Some(Event::InitDone)) => {
                    pause.reset();
                    if !listed {
                        self.ingest(id, None);
                        self.update(id, |item| item.absent = true);
                    }
                }
                Ok(Some(Event::Delete(_))) => self.ingest(id, None),
                Ok(None) => {}
                Err(error) => match code(&error) {
                    Some(401 | 403 | 405) => return false,
                    Some(404) => return true,
                    Some(410) => {}
                    _ => tokio::time::sleep(pause.next()).await,
                },
            }
        }
    }

    async fn poll(&self) {
        loop {
            let ids: Vec<ObjectId> = match self.inner.upgrade() {
                Some(inner) => {
                    let index = inner.index.lock();
                    let refused = |id: &ObjectId| {
                        index
                            .find_kind(&GroupKind::of(id))
                            .is_some_and(|kind| kind.link == Link::Refused)
                    };
                    let items = index
                        .wait(&self.owner)
                        .into_iter()
                        .flat_map(|wait| &wait.items);
                    items
                        .map(|item| item.expected.id.clone())
                        .filter(refused)
                        .collect()
                }
                None => return,
            };
            futures::stream::iter(&ids)
                .for_each_concurrent(POLL_WIDTH, |id| self.look(id))
                .await;
            tokio::time::sleep(POLL).await;
        }
    }

    async fn poll_one(&self, id: &ObjectId) {
        loop {
            self.look(id).await;
            tokio::time::sleep(POLL).await;
        }
    }

    async fn look(&self, id: &ObjectId) {
        match self.read(id).await {
            Ok(found) => {
                self.ingest(id, found.as_ref());
                let absent = found.is_none();
                self.update(id, |item| {
                    item.absent = absent;
                    item.problem = None;
                });
            }
            Err(error) => self.update(id, |item| item.problem = Some(error.message.clone())),
        }
    }

    /// Follows the pods of a set, to tell when one that the set owns has failed for good.
    async fn pods(&self, set: &ObjectId, uid: &str, selector: &str) {
        let client = self.inner.upgrade().map(|inner| inner.client.clone());
        let (Some(client), Some(watches)) = (client, self.small_watches()) else {
            return;
        };
        let Ok(_permit) = watches.acquire().await else {
            return;
        };
        let resource = ApiResource::erase::<k8s_openapi::api::core::v1::Pod>(&());
        let api: Api<Watched> = Api::namespaced_with(client, &set.namespace, &resource);
        let mut events = std::pin::pin!(watcher(api, Config::default().labels(selector)));
        let mut pause = Pause::new();
        let mut doomed: HashSet<Arc<str>> = HashSet::new();
        loop {
            match events.try_next().await {
                Ok(Some(Event::Init)) => doomed.clear(),
                Ok(Some(Event::InitApply(pod) | Event::Apply(pod))) => {
                    let pod = pod.into_object(&resource);
                    let name = ObjectId::from_object(&pod).name;
                    if owned_by(&pod, uid) && dooms_its_set(&pod) {
                        doomed.insert(name);
                    } else {
                        doomed.remove(&name);
                    }
                }
                Ok(Some(Event::Delete(pod))) => {
                    doomed.remove(&ObjectId::from_object(&pod.into_object(&resource)).name);
                }
                Ok(Some(Event::InitDone) | None) => {}
                Err(error) => {
                    tracing::debug!(%set, %error, "watch of the pods interrupted");
                    tokio::time::sleep(pause.next()).await;
                }
            }
            let any = !doomed.is_empty();
            self.update(set, |item| item.doomed = any);
        }
    }
}

fn owned_by(pod: &Value, uid: &str) -> bool {
    pod.pointer("/metadata/ownerReferences")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .any(|owner| owner["uid"] == uid && owner["controller"] == true)
}
