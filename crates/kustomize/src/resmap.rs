//! The ordered collection of resources a build works on.

use std::collections::{HashMap, HashSet};

use crate::Error;
use crate::generate;
use crate::id::Id;
use crate::manifest::{Behavior, Manifest};

/// Resources in order of accumulation, found by id in constant time.
#[derive(Debug, Default, Clone)]
pub(crate) struct ResMap {
    items: Vec<Manifest>,
    /// Positions by every name a resource has or had. May list too much, never too little; none
    /// after changes that were not followed.
    index: Option<HashMap<String, Vec<usize>>>,
}

impl ResMap {
    /// A collection of resources known to be distinct.
    pub(crate) fn of(items: Vec<Manifest>) -> Self {
        Self { items, index: None }
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn items(&self) -> &[Manifest] {
        &self.items
    }

    /// For changes to many resources; finding by id costs a pass over all of them afterwards.
    pub(crate) fn items_mut(&mut self) -> &mut Vec<Manifest> {
        self.index = None;
        &mut self.items
    }

    /// For changes that leave names alone.
    pub(crate) fn contents_mut(&mut self) -> impl Iterator<Item = &mut Manifest> {
        self.items.iter_mut()
    }

    /// Changes one resource, keeping it findable.
    pub(crate) fn modify<T>(&mut self, at: usize, change: impl FnOnce(&mut Manifest) -> T) -> T {
        let result = change(&mut self.items[at]);
        self.enter(at);
        result
    }

    pub(crate) fn into_items(self) -> Vec<Manifest> {
        self.items
    }

    fn enter(&mut self, at: usize) {
        let Some(index) = &mut self.index else { return };
        let item = &self.items[at];
        let previous = item.previous.iter().map(|p| p.name.as_str());
        for name in previous.chain([item.name()]) {
            let positions = match index.get_mut(name) {
                Some(positions) => positions,
                None => index.entry(name.to_owned()).or_default(),
            };
            // Mostly they come in order.
            if let Err(place) = positions.binary_search(&at) {
                positions.insert(place, at);
            }
        }
    }

    /// The positions of resources that have or had the name, in order.
    pub(crate) fn positions_by_name(&mut self, name: &str) -> &[usize] {
        if self.index.is_none() {
            self.index = Some(HashMap::with_capacity(self.items.len()));
            for at in 0..self.items.len() {
                self.enter(at);
            }
        }
        self.index
            .as_ref()
            .and_then(|index| index.get(name))
            .map_or(&[], Vec::as_slice)
    }

    /// The resources with the name whose current or an earlier id satisfies `test`.
    pub(crate) fn find_any(&mut self, name: &str, test: impl Fn(&Id<'_>) -> bool) -> Vec<usize> {
        let mut positions = self.positions_by_name(name).to_vec();
        positions.retain(|&at| {
            let item = &self.items[at];
            !item.is_empty() && item.any_id(&test)
        });
        positions
    }

    /// The one resource whose current or an earlier id equals `id`.
    pub(crate) fn find_one(&mut self, id: &Id<'_>) -> Result<usize, Error> {
        let what = match self.find_any(id.name, |own| own.equals(id)).as_slice() {
            [one] => return Ok(*one),
            [] => "no matches",
            _ => "multiple matches",
        };
        Err(Error::invalid(format!(
            "{what} for Id {id}; failed to find unique target for patch {id}"
        )))
    }

    /// Adds a resource whose id is new.
    pub(crate) fn append(&mut self, manifest: Manifest) -> Result<(), Error> {
        // With the index at hand, the borrow of the id must not outlive the search.
        self.positions_by_name("");
        let id = manifest.id();
        let same_name = self.index.as_ref().and_then(|index| index.get(id.name));
        let taken = same_name
            .into_iter()
            .flatten()
            .any(|&at| self.items[at].id().equals(&id));
        if taken {
            return Err(already_registered(&id));
        }
        self.items.push(manifest);
        self.enter(self.items.len() - 1);
        Ok(())
    }

    /// Adds resources whose ids are new, to each other as well: names may have come to be the same
    /// since they were added to `other`.
    pub(crate) fn append_all(&mut self, other: Self) -> Result<(), Error> {
        other
            .items
            .into_iter()
            .try_for_each(|manifest| self.append(manifest))
    }

    /// Fails if two resources have the same id by now.
    pub(crate) fn check_unique(&self) -> Result<(), Error> {
        let mut seen = HashSet::with_capacity(self.items.len());
        for item in &self.items {
            let id = item.id();
            if !seen.insert((id.gvk, id.name, id.effective_namespace())) {
                return Err(already_registered(&id));
            }
        }
        Ok(())
    }

    /// The given positions, and those of resources that have come to have the same ids.
    pub(crate) fn with_same_ids(&mut self, positions: &[usize]) -> Vec<usize> {
        let mut all = positions.to_vec();
        for &at in positions {
            let name = self.items[at].name().to_owned();
            for same in self.positions_by_name(&name).to_vec() {
                if self.items[same].id() == self.items[at].id() {
                    all.push(same);
                }
            }
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Adds a generated resource, or merges it into the one it replaces or extends.
    pub(crate) fn absorb(&mut self, new: Manifest) -> Result<(), Error> {
        let behavior = new.behavior.unwrap_or_default();
        let joins = matches!(behavior, Behavior::Merge | Behavior::Replace);
        let id = new.id();
        match self.find_any(id.name, |own| own.equals(&id)).as_slice() {
            [] if joins => Err(Error::invalid(format!(
                "id {} does not exist; cannot merge or replace",
                id.go_syntax()
            ))),
            [] => self.append(new),
            [_] if !joins => Err(Error::invalid(format!(
                "id {} exists; can not use behavior: '{}', behavior must be merge or replace",
                id.go_syntax(),
                behavior.as_str()
            ))),
            &[at] => {
                let place = self.place_of(at, &new)?;
                if place != at {
                    let old = self.items[at].clone();
                    self.items[place] = old;
                }
                self.modify(place, |old| generate::join(old, new));
                Ok(())
            }
            several => {
                let shown = several.iter().map(|&at| self.items[at].shown());
                let shown: Vec<String> = shown.collect();
                Err(Error::invalid(format!(
                    "found multiple objects [{}] that could accept merge of {id}",
                    shown.join(" ")
                )))
            }
        }
    }

    /// The position of the resource whose place `new` takes once it has name and namespace of the
    /// one at `at`: mostly that one, but the type counts as well.
    fn place_of(&self, at: usize, new: &Manifest) -> Result<usize, Error> {
        let old = &self.items[at];
        let id = Id {
            name: old.name(),
            namespace: old.namespace(),
            ..new.id()
        };
        let items = self.items.iter().enumerate();
        let mut same = items.filter(|(_, item)| item.id().equals(&id));
        match (same.next(), same.count()) {
            (Some((place, _)), 0) => Ok(place),
            (None, _) => Err(Error::invalid(format!(
                "cannot find resource with id {id} to replace"
            ))),
            (_, more) => Err(Error::invalid(format!(
                "in Replace: id matched {} resources",
                more + 1
            ))),
        }
    }

    /// Drops what patches have emptied.
    pub(crate) fn drop_empty(&mut self) {
        if self.items.iter().any(Manifest::is_empty) {
            self.items_mut().retain(|manifest| !manifest.is_empty());
        }
    }
}

fn already_registered(id: &Id<'_>) -> Error {
    Error::invalid(format!(
        "may not add resource with an already registered id: {id}"
    ))
}
