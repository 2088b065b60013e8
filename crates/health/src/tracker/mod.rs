mod attend;
mod index;
mod kind_watch;
mod read;
#[cfg(test)]
mod tests;
mod wait;
mod waits;
mod watched;

use std::fmt;
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use kube::Client;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::{Notify, Semaphore};
use windlass_runtime::mapper::RestMapper;
use windlass_runtime::{CancellationToken, ObjectKey};

use self::index::{Effects, GroupKind, Index, Link, Source};
use self::read::Rights;
use self::wait::{Access, Item, Wait};
use self::watched::Seen;
use crate::{Assessment, HealthExprs, ObjectId, ObjectState, Takeover};

/// How long a suspected drift may turn out to be the owner's own doing: the event of a write often
/// arrives before its answer. Changes of that time are also gathered.
const SETTLE: Duration = Duration::from_secs(1);
/// Watches of kinds; each holds a stream of the server. Kinds beyond are polled while somebody waits.
const MAX_KIND_WATCHES: usize = 200;
/// Watches of single objects and of the pods of sets, altogether.
const MAX_SMALL_WATCHES: usize = 100;

/// What an owner is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The verdict over the objects of its wait is another one: see [`Tracker::verdict`].
    Health,
    /// A managed object was deleted, was taken out of the owner's labels, or changed in what the
    /// owner applied.
    Drift(ObjectId),
    /// Another owner began or ceased to manage one of its objects: see [`Tracker::shared`].
    Shared,
}

/// One object of a wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The object.
    pub id: ObjectId,
    /// Not being there counts as [`crate::Status::Current`]: Jobs with
    /// `spec.ttlSecondsAfterFinished`, which clean up after themselves.
    pub gone_is_done: bool,
    /// The owner's account applied it in this run, so that what is told of it needs no check of
    /// the account's right to read.
    pub applied: bool,
}

/// On whose behalf a wait looks.
#[derive(Clone)]
pub struct Reader {
    /// A client with the account's identity.
    pub client: Client,
    /// Names the account (`system:serviceaccount:<ns>:<name>`); empty when it is the controller
    /// itself, whose rights need no check.
    pub account: Arc<str>,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reader").field(&self.account).finish()
    }
}

/// Where a wait stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Some object is still on its way, none has failed.
    Pending,
    /// Some object has failed while others are still on their way.
    Failing,
    /// Every object is either current or failed, and at least one has failed.
    Failed,
    /// Every object is current.
    Done,
}

/// Follows managed objects through watches: tells how they are doing, and their owners when that
/// or what they applied changes.
///
/// There is one watch per kind, of the objects that carry an owner label, with the controller's
/// identity; it starts when the first object of the kind is named and stays. Objects are kept in a
/// trimmed form of a few hundred bytes. Clones share everything; all tasks end with the shutdown
/// token or with the last clone.
#[derive(Clone)]
pub struct Tracker(Arc<Inner>);

type OnChange = dyn Fn(ObjectKey, Change) + Send + Sync;

struct Inner {
    client: Client,
    mapper: RestMapper,
    takeover: Takeover,
    on_change: Box<OnChange>,
    shutdown: CancellationToken,
    index: Mutex<Index>,
    rights: Mutex<Rights>,
    small_watches: Arc<Semaphore>,
    settle: Arc<Notify>,
    /// For tasks, which must not keep the tracker alive.
    this: OnceLock<Weak<Inner>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl fmt::Debug for Tracker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracker").finish_non_exhaustive()
    }
}

impl Tracker {
    /// A tracker of one cluster. `client` has the controller's own identity. `on_change` is called
    /// from tasks of the tracker and must not block; being told twice of one change is possible.
    ///
    /// Must be called within a Tokio runtime.
    pub fn new(
        client: Client,
        mapper: RestMapper,
        takeover: Takeover,
        on_change: impl Fn(ObjectKey, Change) + Send + Sync + 'static,
        shutdown: &CancellationToken,
    ) -> Self {
        let inner = Arc::new(Inner {
            client,
            mapper,
            takeover,
            on_change: Box::new(on_change),
            shutdown: shutdown.child_token(),
            index: Mutex::default(),
            rights: Mutex::default(),
            small_watches: Arc::new(Semaphore::new(MAX_SMALL_WATCHES)),
            settle: Arc::default(),
            this: OnceLock::new(),
        });
        let _ = inner.this.set(Arc::downgrade(&inner));
        let due = Arc::clone(&inner.settle);
        inner.spawn(None, |inner| settle(inner, due));
        Self(inner)
    }

    /// Feeds the answer to an apply: the object is now at least this new, and this is what its
    /// owner wants it to look like, so that later differences are drift.
    pub fn observe(&self, object: &Value) {
        let id = ObjectId::from_object(object);
        self.0.watch_kind(&id);
        self.0.ingest(&id, object, Source::Answer);
    }

    /// The owner deleted the object, or gave it up: its absence is no drift, unless others manage it
    /// too.
    pub fn forget(&self, id: &ObjectId) {
        let effects = {
            let mut index = self.0.index.lock();
            let at = index.place(id);
            index.forget(&GroupKind::of(id), &at)
        };
        self.0.settle_effects(effects);
    }

    /// Starts the watch of the object's kind if it does not run yet.
    pub fn ensure_watched(&self, id: &ObjectId) {
        self.0.watch_kind(id);
    }

    /// What is known of the object. `None` when it is absent, carries no owner label, the watch of
    /// its kind has not listed yet, or it was last read in another version than `id.version`
    /// (contents of two versions do not compare).
    pub fn state(&self, id: &ObjectId) -> Option<ObjectState> {
        let index = self.0.index.lock();
        let seen = index.seen(id)?;
        (id.version.is_empty() || seen.version == id.version).then(|| seen.state())
    }

    /// Whether the watch of the object's kind has listed, so that [`Tracker::state`] tells all
    /// objects with an owner label.
    pub fn synced(&self, id: &ObjectId) -> bool {
        let index = self.0.index.lock();
        index
            .find_kind(&GroupKind::of(id))
            .is_some_and(|kind| kind.link == Link::Synced)
    }

    /// Registers the wait of `owner` for `objects`, in place of an earlier one, and returns where
    /// it stands; from then on [`Change::Health`] is told whenever the verdict becomes another.
    /// `exprs` replace the built-in rules for the kinds that they cover; `reader` is whose rights
    /// count, and who looks where the controller may not watch.
    pub fn expect(
        &self,
        owner: &ObjectKey,
        objects: Vec<Expected>,
        exprs: Arc<HealthExprs>,
        reader: Reader,
    ) -> Verdict {
        for expected in &objects {
            self.0.watch_kind(&expected.id);
        }
        let own_identity = reader.account.is_empty();
        let items = objects
            .into_iter()
            .map(|expected| {
                let granted = own_identity || expected.applied;
                let covered = exprs.covers(&expected.id.group, &expected.id.kind);
                let access = if granted {
                    Access::Granted
                } else {
                    Access::Open
                };
                Item::new(expected, covered, access)
            })
            .collect();
        let wait = Wait {
            items,
            exprs,
            reader,
            verdict: Verdict::Pending,
            token: self.0.shutdown.child_token(),
            polling: false,
        };
        let verdict = self.0.index.lock().expect(owner, wait);
        self.0.attend(owner);
        verdict
    }

    /// How the objects of the wait of `owner` are doing, in the order in which they were given.
    /// Empty without a wait.
    pub fn health(&self, owner: &ObjectKey) -> Vec<(ObjectId, Assessment)> {
        self.0.index.lock().health(owner)
    }

    /// Where the wait of `owner` stands; `None` without one.
    pub fn verdict(&self, owner: &ObjectKey) -> Option<Verdict> {
        self.0.index.lock().verdict(owner)
    }

    /// Ends the wait of `owner` and all that was begun for it.
    pub fn release(&self, owner: &ObjectKey) {
        self.0.index.lock().release(owner);
    }

    /// Declares what `owner` manages, in place of what it managed before; an empty inventory when
    /// the owner is no more. From then on [`Change::Drift`] is told when one of the objects is
    /// deleted or relabelled, loses fields of ours, or gets fields from managers to take over;
    /// neither for changes of status nor of other managers' fields. What counts as undisturbed is
    /// the last [`Tracker::observe`], or else the first sight of the object.
    pub fn own(&self, owner: &ObjectKey, inventory: &[ObjectId]) {
        let others = self.0.index.lock().own(owner, inventory);
        self.0
            .tell(others.into_iter().map(|o| (o, Change::Shared)).collect());
        for id in inventory {
            self.0.watch_kind(id);
        }
    }
}

impl Tracker {
    /// The objects that `owner` and others manage, each with one of those others. Objects that ask
    /// to be left alone are not among them.
    pub fn shared(&self, owner: &ObjectKey) -> Vec<(ObjectId, ObjectKey)> {
        self.0.index.lock().shared(owner)
    }
}

impl Inner {
    /// Runs a task until the tracker, and `token` if given, are over.
    fn spawn<F>(&self, token: Option<CancellationToken>, task: impl FnOnce(Weak<Self>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let Some(this) = self.this.get() else { return };
        let token = token.unwrap_or_else(|| self.shutdown.clone());
        let task = task(this.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = token.cancelled() => {}
                () = task => {}
            }
        });
    }

    /// Starts the watch of a kind, or wakes it up when it waits for the kind to be served.
    fn watch_kind(&self, id: &ObjectId) {
        let of = GroupKind::of(id);
        {
            let mut index = self.index.lock();
            let room = index.watches() < MAX_KIND_WATCHES;
            let version = index.intern(&id.version);
            let kind = index.kind(&of, &version);
            match kind.link {
                Link::Idle if room => {
                    kind.link = Link::Starting;
                    kind.version = version;
                }
                Link::Idle => {
                    kind.link = Link::Refused;
                    return;
                }
                Link::Absent(_) => {
                    kind.version = version;
                    kind.wake.notify_one();
                    return;
                }
                Link::Starting | Link::Synced | Link::Refused => return,
            }
        }
        self.spawn(None, |inner| kind_watch::run(inner, of));
    }

    /// Takes in an object from wherever it was read.
    fn ingest(&self, id: &ObjectId, object: &Value, source: Source) {
        let of = GroupKind::of(id);
        let (at, version, exprs) = {
            let mut index = self.index.lock();
            let at = index.place(id);
            let exprs = index.expressions(&of, &at);
            (at, index.intern(&id.version), exprs)
        };
        // Hashing and evaluating take their time: not under the lock.
        let seen = Seen::of(object, &self.takeover, version);
        let customs = exprs
            .into_iter()
            .filter_map(|(owner, exprs)| Some((owner, exprs.assess(object)?)))
            .collect();
        let later = seen.later.clone().map(|later| (seen.revision, *later));
        let effects = self.index.lock().sight(&of, &at, seen, source, customs);
        let awaited = !effects.waits.is_empty();
        self.settle_effects(effects);
        if let Some((revision, (after, into))) = later.filter(|_| awaited) {
            self.spawn(None, move |inner| async move {
                tokio::time::sleep(after).await;
                if let Some(inner) = inner.upgrade() {
                    let effects = inner.index.lock().mature(&of, &at, revision, &into);
                    inner.settle_effects(effects);
                }
            });
        }
    }

    fn vanish(&self, of: &GroupKind, at: &ObjectKey, revision: u64) {
        let effects = self.index.lock().vanish(of, at, revision);
        self.settle_effects(effects);
    }

    fn settle_effects(&self, effects: Effects) {
        if let Some((of, at)) = effects.suspect {
            self.index
                .lock()
                .suspects
                .push((Instant::now() + SETTLE, of, at));
            self.settle.notify_one();
        }
        for owner in effects.waits {
            self.attend(&owner);
        }
        self.tell(effects.notices);
    }

    fn tell(&self, notices: Vec<(ObjectKey, Change)>) {
        for (owner, change) in notices {
            (self.on_change)(owner, change);
        }
    }
}

/// Looks at suspected drifts again when they are due.
async fn settle(inner: Weak<Inner>, more: Arc<Notify>) {
    loop {
        let due = {
            let Some(inner) = inner.upgrade() else { return };
            let mut index = inner.index.lock();
            let now = Instant::now();
            let suspects = std::mem::take(&mut index.suspects);
            let (ready, waiting): (Vec<_>, Vec<_>) =
                suspects.into_iter().partition(|(due, ..)| *due <= now);
            let due = waiting.iter().map(|(due, ..)| *due).min();
            index.suspects = waiting;
            let notices: Vec<_> = ready
                .iter()
                .flat_map(|(_, of, at)| index.confirm(of, at))
                .collect();
            drop(index);
            inner.tell(notices);
            due
        };
        if let Some(due) = due {
            tokio::time::sleep_until(due.into()).await;
        } else {
            more.notified().await;
        }
    }
}
