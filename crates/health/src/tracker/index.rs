//! What the tracker knows, without a cluster: objects, who manages and who awaits them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Notify;
use windlass_runtime::ObjectKey;

use super::Change;
use super::wait::Wait;
use super::watched::{Mark, Seen};
use crate::state::Upkeep;
use crate::{Assessment, HealthExprs, ObjectId};

/// How many deletions of a kind are remembered against answers that arrive late.
const MAX_TOMBSTONES: usize = 256;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct GroupKind {
    pub(super) group: Arc<str>,
    pub(super) kind: Arc<str>,
}

impl GroupKind {
    pub(super) fn of(id: &ObjectId) -> Self {
        Self {
            group: Arc::clone(&id.group),
            kind: Arc::clone(&id.kind),
        }
    }
}

/// How the watch of a kind is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Link {
    /// Not begun.
    Idle,
    /// Its first list is on the way.
    Starting,
    Synced,
    /// The controller may not watch it, or watches too much already.
    Refused,
    /// The server does not serve it; in its words.
    Absent(String),
}

pub(super) struct Kind {
    /// The version to watch it in: the one last asked for.
    pub(super) version: Arc<str>,
    pub(super) link: Link,
    /// Wakes the watch up from waiting for the kind to be served.
    pub(super) wake: Arc<Notify>,
    /// Counts its lists.
    pub(super) round: u32,
    /// By namespace and name.
    pub(super) slots: HashMap<ObjectKey, Slot>,
    tombstones: HashMap<ObjectKey, u64>,
}

#[derive(Default)]
pub(super) struct Slot {
    pub(super) seen: Option<Box<Seen>>,
    pub(super) managed_by: Vec<ObjectKey>,
    pub(super) awaited_by: Vec<ObjectKey>,
    /// What the owner left; drift is what differs from it.
    baseline: Option<Mark>,
    told: Told,
}

/// The drift last told of.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Told {
    #[default]
    Nothing,
    Absence,
    Change(Mark),
}

impl Kind {
    /// One of its objects.
    fn id(&self, of: &GroupKind, at: &ObjectKey) -> ObjectId {
        ObjectId {
            namespace: Arc::clone(&at.namespace),
            name: Arc::clone(&at.name),
            group: Arc::clone(&of.group),
            kind: Arc::clone(&of.kind),
            version: Arc::clone(&self.version),
        }
    }
}

impl Slot {
    /// What would be told of it now.
    fn news(&self) -> Told {
        match &self.seen {
            _ if !self.has_drifted() => Told::Nothing,
            None => Told::Absence,
            Some(seen) => Told::Change(seen.mark),
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.seen.is_none() && self.managed_by.is_empty() && self.awaited_by.is_empty()
    }

    fn has_drifted(&self) -> bool {
        if self.managed_by.is_empty() {
            return false;
        }
        match (&self.seen, self.baseline) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(seen), Some(baseline)) => {
                seen.upkeep == Upkeep::Full
                    && (seen.mark.ours != baseline.ours
                        || (seen.mark.intruders && !baseline.intruders))
            }
        }
    }
}

/// Where a sight of an object comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// A list of the kind's watch.
    List,
    /// An event of the kind's watch.
    Event,
    /// The answer to an apply: what the owner wants it to look like.
    Answer,
    /// A watch of this object alone, or a read.
    Aside,
}

/// What came of a change.
#[derive(Default)]
pub(super) struct Effects {
    pub(super) notices: Vec<(ObjectKey, Change)>,
    /// Owners whose waits may need something begun.
    pub(super) waits: Vec<ObjectKey>,
    /// To be looked at again when the owner had time to say that it did this.
    pub(super) suspect: Option<(GroupKind, ObjectKey)>,
}

#[derive(Default)]
pub(super) struct Owner {
    managed: Vec<(GroupKind, ObjectKey)>,
    pub(super) wait: Option<Wait>,
}

#[derive(Default)]
pub(super) struct Index {
    pub(super) kinds: HashMap<GroupKind, Kind>,
    pub(super) owners: HashMap<ObjectKey, Owner>,
    names: HashSet<Arc<str>>,
    pub(super) suspects: Vec<(Instant, GroupKind, ObjectKey)>,
}

impl Index {
    #[cfg(test)]
    pub(super) const SLOT_BYTES: usize = size_of::<Slot>();

    /// One shared copy of a namespace or version.
    pub(super) fn intern(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.names.get(text) {
            return Arc::clone(known);
        }
        if self.names.len() >= 10_000 {
            self.names.retain(|name| Arc::strong_count(name) > 1);
        }
        let name: Arc<str> = text.into();
        self.names.insert(Arc::clone(&name));
        name
    }

    pub(super) fn place(&mut self, id: &ObjectId) -> ObjectKey {
        ObjectKey::new(self.intern(&id.namespace), Arc::clone(&id.name))
    }

    /// The kind, created when new.
    pub(super) fn kind(&mut self, of: &GroupKind, version: &str) -> &mut Kind {
        let version = self.intern(version);
        self.kinds.entry(of.clone()).or_insert_with(|| Kind {
            version,
            link: Link::Idle,
            wake: Arc::default(),
            round: 0,
            slots: HashMap::new(),
            tombstones: HashMap::new(),
        })
    }

    pub(super) fn find_kind(&self, of: &GroupKind) -> Option<&Kind> {
        self.kinds.get(of)
    }

    pub(super) fn find_kind_mut(&mut self, of: &GroupKind) -> Option<&mut Kind> {
        self.kinds.get_mut(of)
    }

    /// How many kinds are watched.
    pub(super) fn watches(&self) -> usize {
        self.kinds
            .values()
            .filter(|kind| !matches!(kind.link, Link::Idle | Link::Refused))
            .count()
    }

    pub(super) fn seen(&self, id: &ObjectId) -> Option<&Seen> {
        let place = ObjectKey::new(Arc::clone(&id.namespace), Arc::clone(&id.name));
        self.kinds
            .get(&GroupKind::of(id))?
            .slots
            .get(&place)?
            .seen
            .as_deref()
    }

    /// The owners that await the object by expressions of their own.
    pub(super) fn expressions(
        &self,
        of: &GroupKind,
        at: &ObjectKey,
    ) -> Vec<(ObjectKey, Arc<HealthExprs>)> {
        let Some(slot) = self.kinds.get(of).and_then(|kind| kind.slots.get(at)) else {
            return Vec::new();
        };
        slot.awaited_by
            .iter()
            .filter_map(|owner| {
                let wait = self.owners.get(owner)?.wait.as_ref()?;
                wait.exprs
                    .covers(&of.group, &of.kind)
                    .then(|| (owner.clone(), Arc::clone(&wait.exprs)))
            })
            .collect()
    }

    /// The object was seen like this; `customs` is what the owners' expressions make of it.
    pub(super) fn sight(
        &mut self,
        of: &GroupKind,
        at: &ObjectKey,
        mut seen: Seen,
        source: Source,
        customs: Vec<(ObjectKey, Assessment)>,
    ) -> Effects {
        let mut effects = Effects::default();
        let version = Arc::clone(&seen.version);
        let revision = seen.revision;
        let kind = self.kind(of, &version);
        let round = kind.round;
        // A resourceVersion that is no number, as foreign API servers may have it, tells no order.
        let buried = kind
            .tombstones
            .get(at)
            .is_some_and(|gone| *gone >= revision);
        if source != Source::List && revision != 0 && buried {
            return effects;
        }
        kind.tombstones.remove(at);
        let slot = kind.slots.entry(at.clone()).or_default();
        let known = slot.seen.as_deref();
        // Lists are taken at their word unless something newer came meanwhile: after a restore of
        // the cluster from a backup its resourceVersions start over from a lower one.
        let stale = known.is_some_and(|known| {
            known.revision > revision && !(source == Source::List && known.round != round)
        });
        if source == Source::Answer {
            slot.baseline = Some(seen.mark);
            slot.told = Told::Nothing;
        }
        if stale {
            return effects;
        }
        seen.round = round;
        // Once the kind's watch knows an object it is no longer beside it.
        seen.aside = source == Source::Aside && known.is_none_or(|known| known.aside);
        if source == Source::Answer {
            seen.aside = known.is_some_and(|known| known.aside);
        }
        let mark = seen.mark;
        slot.seen = Some(Box::new(seen));
        if !slot.managed_by.is_empty() && slot.baseline.is_none() {
            slot.baseline = Some(mark);
        }
        let news = slot.news();
        if news == Told::Nothing {
            slot.told = news;
        } else if slot.told != news {
            effects.suspect = Some((of.clone(), at.clone()));
        }
        let awaited_by = slot.awaited_by.clone();
        for (owner, assessment) in customs {
            for item in self.items_at(&owner, of, at) {
                if item
                    .custom
                    .as_ref()
                    .is_none_or(|(known, _)| *known <= revision)
                {
                    item.custom = Some((revision, assessment.clone()));
                }
            }
        }
        for owner in awaited_by {
            for item in self.items_at(&owner, of, at) {
                item.absent = false;
                item.problem = None;
            }
            self.judge(&owner, &mut effects);
            effects.waits.push(owner);
        }
        effects
    }

    /// The object is gone. `revision` is that of its deletion, 0 when it was only missed.
    pub(super) fn vanish(&mut self, of: &GroupKind, at: &ObjectKey, revision: u64) -> Effects {
        let mut effects = Effects::default();
        let Some(kind) = self.kinds.get_mut(of) else {
            return effects;
        };
        let Some(slot) = kind.slots.get_mut(at) else {
            return effects;
        };
        if revision != 0
            && slot
                .seen
                .as_ref()
                .is_some_and(|seen| seen.revision > revision)
        {
            return effects;
        }
        let revision = revision.max(slot.seen.as_ref().map_or(0, |seen| seen.revision));
        slot.seen = None;
        if slot.news() != slot.told {
            effects.suspect = Some((of.clone(), at.clone()));
        }
        let awaited_by = slot.awaited_by.clone();
        if slot.is_idle() {
            kind.slots.remove(at);
        }
        if kind.tombstones.len() >= MAX_TOMBSTONES {
            let mut ages: Vec<u64> = kind.tombstones.values().copied().collect();
            let (_, median, _) = ages.select_nth_unstable(MAX_TOMBSTONES / 2);
            let median = *median;
            kind.tombstones.retain(|_, gone| *gone > median);
        }
        kind.tombstones.insert(at.clone(), revision);
        for owner in awaited_by {
            for item in self.items_at(&owner, of, at) {
                item.absent = true;
                item.custom = None;
            }
            self.judge(&owner, &mut effects);
            effects.waits.push(owner);
        }
        effects
    }

    /// A list of the kind begins.
    pub(super) fn begin_round(&mut self, of: &GroupKind) {
        if let Some(kind) = self.kinds.get_mut(of) {
            kind.round = kind.round.wrapping_add(1);
        }
    }

    /// A list of the kind is complete: what it left out, and does not stand aside, is gone.
    pub(super) fn end_round(&mut self, of: &GroupKind) -> Vec<ObjectKey> {
        let Some(kind) = self.kinds.get_mut(of) else {
            return Vec::new();
        };
        kind.link = Link::Synced;
        let round = kind.round;
        let missed = |slot: &Slot| {
            slot.seen
                .as_ref()
                .is_some_and(|seen| !seen.aside && seen.round != round)
        };
        kind.slots
            .iter()
            .filter(|(_, slot)| missed(slot))
            .map(|(at, _)| at.clone())
            .collect()
    }

    /// All objects of the kind that its watch has shown.
    pub(super) fn places(&self, of: &GroupKind) -> Vec<ObjectKey> {
        let slots = self.kinds.get(of).into_iter().flat_map(|kind| &kind.slots);
        slots
            .filter(|(_, slot)| slot.seen.is_some())
            .map(|(at, _)| at.clone())
            .collect()
    }

    /// Whoever awaits objects of the kind.
    pub(super) fn waiting_for(&self, of: &GroupKind) -> Vec<ObjectKey> {
        self.owners
            .iter()
            .filter(|(_, owner)| {
                owner.wait.as_ref().is_some_and(|wait| {
                    wait.items
                        .iter()
                        .any(|item| GroupKind::of(&item.expected.id) == *of)
                })
            })
            .map(|(key, _)| key.clone())
            .collect()
    }

    pub(super) fn forget(&mut self, of: &GroupKind, at: &ObjectKey) -> Effects {
        if let Some(slot) = self
            .kinds
            .get_mut(of)
            .and_then(|kind| kind.slots.get_mut(at))
        {
            // To others who manage it as well its absence is drift.
            if slot.managed_by.len() < 2 {
                slot.managed_by = Vec::new();
                slot.baseline = None;
            }
        }
        self.vanish(of, at, 0)
    }

    /// Whether a suspected drift is still there; then whom to tell.
    pub(super) fn confirm(&mut self, of: &GroupKind, at: &ObjectKey) -> Vec<(ObjectKey, Change)> {
        let Some(kind) = self.kinds.get_mut(of) else {
            return Vec::new();
        };
        let id = kind.id(of, at);
        let Some(slot) = kind.slots.get_mut(at) else {
            return Vec::new();
        };
        let news = slot.news();
        if news == Told::Nothing || news == slot.told {
            return Vec::new();
        }
        slot.told = news;
        let owners = slot.managed_by.iter();
        owners
            .map(|owner| (owner.clone(), Change::Drift(id.clone())))
            .collect()
    }

    /// The objects that `owner` manages together with others.
    pub(super) fn shared(&self, owner: &ObjectKey) -> Vec<(ObjectId, ObjectKey)> {
        let managed = self.owners.get(owner).map_or(&[][..], |o| &o.managed);
        let shared = managed.iter().filter_map(|(of, at)| {
            let kind = self.kinds.get(of)?;
            let slot = kind.slots.get(at)?;
            let other = slot.managed_by.iter().find(|other| *other != owner)?;
            let kept = slot.seen.as_ref().is_none_or(|s| s.upkeep == Upkeep::Full);
            kept.then(|| (kind.id(of, at), other.clone()))
        });
        shared.collect()
    }

    /// Replaces what `owner` manages, and answers the others with whom it began or ceased to share.
    pub(super) fn own(&mut self, owner: &ObjectKey, inventory: &[ObjectId]) -> HashSet<ObjectKey> {
        let mut others = HashSet::new();
        let mut places = Vec::with_capacity(inventory.len());
        for id in inventory {
            let of = GroupKind::of(id);
            let at = self.place(id);
            let kind = self.kind(&of, &id.version);
            // Keys are shared with the slots rather than kept twice.
            let at = kind
                .slots
                .get_key_value(&at)
                .map_or(at, |(known, _)| known.clone());
            let slot = kind.slots.entry(at.clone()).or_default();
            if !slot.managed_by.contains(owner) {
                others.extend(slot.managed_by.iter().cloned());
                slot.managed_by.reserve_exact(1);
                slot.managed_by.push(owner.clone());
            }
            if slot.baseline.is_none() {
                slot.baseline = slot.seen.as_ref().map(|seen| seen.mark);
            }
            let of = self
                .kinds
                .get_key_value(&of)
                .map_or(of, |(known, _)| known.clone());
            places.push((of, at));
        }
        let kept: HashSet<&(GroupKind, ObjectKey)> = places.iter().collect();
        let entry = self.owners.entry(owner.clone()).or_default();
        for (of, at) in entry.managed.iter().filter(|place| !kept.contains(place)) {
            let Some(kind) = self.kinds.get_mut(of) else {
                continue;
            };
            let Some(slot) = kind.slots.get_mut(at) else {
                continue;
            };
            slot.managed_by.retain(|other| other != owner);
            others.extend(slot.managed_by.iter().cloned());
            if slot.managed_by.is_empty() {
                slot.baseline = None;
                slot.told = Told::Nothing;
            }
            if slot.is_idle() {
                kind.slots.remove(at);
            }
        }
        entry.managed = places;
        self.drop_idle_owner(owner);
        others
    }

    pub(super) fn drop_idle_owner(&mut self, owner: &ObjectKey) {
        if self
            .owners
            .get(owner)
            .is_some_and(|owner| owner.managed.is_empty() && owner.wait.is_none())
        {
            self.owners.remove(owner);
        }
    }
}
