//! The waits of owners: what is expected, and what is told of it.

use std::sync::Arc;

use windlass_runtime::ObjectKey;

use super::index::{Effects, GroupKind, Index, Link};
use super::wait::{Access, Item, Wait, verdict};
use super::{Change, Verdict};
use crate::{Assessment, ObjectId, Status};

impl Index {
    fn is_managed(&self, owner: &ObjectKey, id: &ObjectId) -> bool {
        let at = ObjectKey::new(Arc::clone(&id.namespace), Arc::clone(&id.name));
        self.kinds
            .get(&GroupKind::of(id))
            .and_then(|kind| kind.slots.get(&at))
            .is_some_and(|slot| slot.managed_by.contains(owner))
    }

    /// Registers a wait in place of an earlier one.
    pub(super) fn expect(&mut self, owner: &ObjectKey, mut wait: Wait) -> Verdict {
        self.release(owner);
        for item in &mut wait.items {
            let id = &item.expected.id;
            if item.access == Access::Open && self.is_managed(owner, id) {
                item.access = Access::Granted;
            }
            let (of, at) = (GroupKind::of(id), self.place(id));
            let slot = self.kind(&of, &id.version).slots.entry(at).or_default();
            if !slot.awaited_by.contains(owner) {
                slot.awaited_by.push(owner.clone());
            }
        }
        self.owners.entry(owner.clone()).or_default().wait = Some(wait);
        let verdict = self.verdict_of(owner).unwrap_or(Verdict::Done);
        if let Some(wait) = self.wait_mut(owner) {
            wait.verdict = verdict;
        }
        verdict
    }

    pub(super) fn release(&mut self, owner: &ObjectKey) {
        let Some(wait) = self
            .owners
            .get_mut(owner)
            .and_then(|owner| owner.wait.take())
        else {
            return;
        };
        wait.token.cancel();
        for item in &wait.items {
            let id = &item.expected.id;
            let at = ObjectKey::new(Arc::clone(&id.namespace), Arc::clone(&id.name));
            let Some(kind) = self.kinds.get_mut(&GroupKind::of(id)) else {
                continue;
            };
            let Some(slot) = kind.slots.get_mut(&at) else {
                continue;
            };
            slot.awaited_by.retain(|other| other != owner);
            // Nothing keeps it up to date any more.
            if slot.awaited_by.is_empty() && slot.seen.as_ref().is_some_and(|seen| seen.aside) {
                slot.seen = None;
            }
            if slot.is_idle() {
                kind.slots.remove(&at);
            }
        }
        self.drop_idle_owner(owner);
    }

    pub(super) fn wait(&self, owner: &ObjectKey) -> Option<&Wait> {
        self.owners.get(owner)?.wait.as_ref()
    }

    pub(super) fn wait_mut(&mut self, owner: &ObjectKey) -> Option<&mut Wait> {
        self.owners.get_mut(owner)?.wait.as_mut()
    }

    pub(super) fn items_at<'a>(
        &'a mut self,
        owner: &ObjectKey,
        of: &'a GroupKind,
        at: &'a ObjectKey,
    ) -> impl Iterator<Item = &'a mut Item> {
        self.wait_mut(owner)
            .into_iter()
            .flat_map(|wait| &mut wait.items)
            .filter(move |item| {
                let id = &item.expected.id;
                id.name == at.name
                    && id.namespace == at.namespace
                    && id.kind == of.kind
                    && id.group == of.group
            })
    }

    pub(super) fn health(&self, owner: &ObjectKey) -> Vec<(ObjectId, Assessment)> {
        let items = self.wait(owner).into_iter().flat_map(|wait| &wait.items);
        items
            .map(|item| (item.expected.id.clone(), self.assessment(item)))
            .collect()
    }

    fn assessment(&self, item: &Item) -> Assessment {
        match &item.access {
            Access::Granted => {}
            Access::Denied(message) => return Assessment::unknown(message),
            Access::Open | Access::Asked => return Assessment::unknown(""),
        }
        if let Some(problem) = &item.problem {
            return Assessment::unknown(problem);
        }
        if let Some(seen) = self.seen(&item.expected.id) {
            return if item.covered {
                item.custom
                    .as_ref()
                    .map_or_else(|| Assessment::unknown(""), |(_, known)| known.clone())
            } else if item.doomed && seen.status == Status::InProgress {
                Assessment::failed("a pod has failed")
            } else {
                seen.assessment()
            };
        }
        if item.absent {
            return if item.expected.gone_is_done {
                Assessment::current("finished and cleaned up")
            } else {
                Assessment::new(Status::NotFound, "not found")
            };
        }
        match self
            .kinds
            .get(&GroupKind::of(&item.expected.id))
            .map(|kind| &kind.link)
        {
            Some(Link::Absent(message)) => Assessment::unknown(message),
            _ => Assessment::unknown(""),
        }
    }

    fn verdict_of(&self, owner: &ObjectKey) -> Option<Verdict> {
        let wait = self.wait(owner)?;
        Some(verdict(
            wait.items.iter().map(|item| self.assessment(item).status),
        ))
    }

    pub(super) fn verdict(&self, owner: &ObjectKey) -> Option<Verdict> {
        self.wait(owner).map(|wait| wait.verdict)
    }

    /// Sums the wait of `owner` up again and says so when the verdict has changed.
    pub(super) fn judge(&mut self, owner: &ObjectKey, effects: &mut Effects) {
        let Some(verdict) = self.verdict_of(owner) else {
            return;
        };
        if let Some(wait) = self.wait_mut(owner)
            && wait.verdict != verdict
        {
            wait.verdict = verdict;
            effects.notices.push((owner.clone(), Change::Health));
        }
    }

    /// Time alone made this of the object, if it is still the one of `revision`.
    pub(super) fn mature(
        &mut self,
        of: &GroupKind,
        at: &ObjectKey,
        revision: u64,
        into: &Assessment,
    ) -> Effects {
        let mut effects = Effects::default();
        let Some(slot) = self
            .kinds
            .get_mut(of)
            .and_then(|kind| kind.slots.get_mut(at))
        else {
            return effects;
        };
        let Some(seen) = slot.seen.as_mut().filter(|seen| seen.revision == revision) else {
            return effects;
        };
        seen.set_assessment(into);
        seen.later = None;
        for owner in slot.awaited_by.clone() {
            self.judge(&owner, &mut effects);
        }
        effects
    }
}
