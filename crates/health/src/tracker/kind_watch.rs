//! The watch of one kind.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::TryStreamExt;
use kube::Error;
use kube::api::Api;
use kube::runtime::watcher::{self, Config, Event, watcher};
use windlass_runtime::ObjectKey;
use windlass_runtime::mapper::ApiResource;

use super::Inner;
use super::index::{GroupKind, Link, Source};
use super::watched::{Watched, revision};
use crate::ObjectId;

/// Objects that carry it have an owner.
const OWNER_LABEL: &str = "kustomize.toolkit.fluxcd.io/name";
/// Small pages: whole objects are in memory until they are trimmed.
const PAGE: u32 = 100;
const MIN_PAUSE: Duration = Duration::from_millis(500);
const MAX_PAUSE: Duration = Duration::from_secs(30);
/// Whether the controller may watch by now is not asked more often.
const REFUSED_PAUSE: Duration = Duration::from_mins(1);

/// Doubles from [`MIN_PAUSE`] to [`MAX_PAUSE`].
pub(super) struct Pause(Duration);

impl Pause {
    pub(super) fn new() -> Self {
        Self(MIN_PAUSE)
    }

    pub(super) fn reset(&mut self) {
        self.0 = MIN_PAUSE;
    }

    pub(super) fn next(&mut self) -> Duration {
        let now = self.0;
        self.0 = (now * 2).min(MAX_PAUSE);
        now
    }
}

/// Why a watch cannot go on.
enum Broken {
    Refused,
    NotServed(String),
}

pub(super) async fn run(inner: Weak<Inner>, of: GroupKind) {
    let mut pause = Pause::new();
    loop {
        let Some(tracker) = inner.upgrade() else {
            return;
        };
        let (version, wake) = {
            let index = tracker.index.lock();
            let Some(kind) = index.find_kind(&of) else {
                return;
            };
            (Arc::clone(&kind.version), Arc::clone(&kind.wake))
        };
        let resolved = tracker.mapper.resolve(&of.group, &version, &of.kind).await;
        let broken = match resolved {
            Ok((resource, _)) => {
                let api = Api::all_with(tracker.client.clone(), &resource);
                drop(tracker);
                let broken = follow(&inner, &of, api, &resource, &mut pause).await;
                let Some(tracker) = inner.upgrade() else {
                    return;
                };
                if matches!(broken, Broken::NotServed(_)) {
                    tracker.mapper.forget(&resource);
                }
                broken
            }
            Err(error) => Broken::NotServed(error.to_string()),
        };
        let Some(tracker) = inner.upgrade() else {
            return;
        };
        let (link, rest) = match broken {
            Broken::Refused => (Link::Refused, REFUSED_PAUSE),
            Broken::NotServed(why) => (Link::Absent(why), pause.next()),
        };
        tracing::debug!(group = %of.group, kind = %of.kind, ?link, "the kind cannot be watched");
        let gone = matches!(link, Link::Absent(_));
        tracker.set_link(&of, link);
        if gone {
            let places = tracker.index.lock().places(&of);
            for at in places {
                tracker.vanish(&of, &at, 0);
            }
        }
        drop(tracker);
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            // Somebody applied an object of the kind: it may be served now.
            () = wake.notified(), if gone => {}
        }
    }
}

async fn follow(
    inner: &Weak<Inner>,
    of: &GroupKind,
    api: Api<Watched>,
    resource: &ApiResource,
    pause: &mut Pause,
) -> Broken {
    let config = Config::default().labels(OWNER_LABEL).page_size(PAGE);
    let mut events = std::pin::pin!(watcher(api, config));
    loop {
        let event = events.try_next().await;
        let Some(tracker) = inner.upgrade() else {
            return std::future::pending().await;
        };
        match event {
            Ok(Some(Event::Init)) => tracker.index.lock().begin_round(of),
            Ok(Some(Event::InitApply(object))) => tracker.take(of, resource, object, Source::List),
            Ok(Some(Event::InitDone)) => {
                pause.reset();
                tracker.round_done(of);
            }
            Ok(Some(Event::Apply(object))) => {
                pause.reset();
                tracker.take(of, resource, object, Source::Event);
            }
            Ok(Some(Event::Delete(object))) => {
                let object = object.into_object(resource);
                let id = ObjectId::from_object(&object);
                let at = ObjectKey::new(id.namespace, id.name);
                tracker.vanish(of, &at, revision(&object));
            }
            Ok(None) => {}
            Err(error) => match code(&error) {
                Some(401 | 403 | 405) => return Broken::Refused,
                Some(404) => return Broken::NotServed(error.to_string()),
                // The watch was too old and is listed again: no reason to wait.
                Some(410) => {}
                _ => {
                    drop(tracker);
                    tracing::debug!(group = %of.group, kind = %of.kind, %error, "watch interrupted");
                    tokio::time::sleep(pause.next()).await;
                }
            },
        }
    }
}

/// The HTTP status that an API server refused a watch with.
pub(super) fn code(error: &watcher::Error) -> Option<u16> {
    match error {
        watcher::Error::InitialListFailed(Error::Api(status))
        | watcher::Error::WatchStartFailed(Error::Api(status))
        | watcher::Error::WatchFailed(Error::Api(status))
        | watcher::Error::WatchError(status) => Some(status.code),
        _ => None,
    }
}

impl Inner {
    /// Takes in an object of a watch.
    pub(super) fn take(
        &self,
        of: &GroupKind,
        resource: &ApiResource,
        object: Watched,
        source: Source,
    ) {
        let object = object.into_object(resource);
        let mut id = ObjectId::from_object(&object);
        id.group = Arc::clone(&of.group);
        id.kind = Arc::clone(&of.kind);
        self.ingest(&id, &object, source);
    }

    fn set_link(&self, of: &GroupKind, link: Link) {
        let owners = {
            let mut index = self.index.lock();
            if let Some(kind) = index.find_kind_mut(of) {
                kind.link = link;
            }
            index.waiting_for(of)
        };
        for owner in owners {
            self.attend(&owner);
        }
    }

    fn round_done(&self, of: &GroupKind) {
        let (missed, owners) = {
            let mut index = self.index.lock();
            (index.end_round(of), index.waiting_for(of))
        };
        for at in missed {
            self.vanish(of, &at, 0);
        }
        for owner in owners {
            self.attend(&owner);
        }
    }
}
