//! The ordered collection of resources a build works on.

use std::collections::HashMap;

use crate::id::Id;
use crate::resource::{Behavior, Resource};
use crate::{Error, generator};

/// Resources in order of accumulation, found by id in constant time.
#[derive(Debug, Default, Clone)]
pub(crate) struct ResMap {
    items: Vec<Resource>,
    /// Positions by every name a resource has or had. May list too much, never too little; none
    /// after changes that were not followed.
    index: Option<HashMap<String, Vec<usize>>>,
}

impl ResMap {
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn items(&self) -> &[Resource] {
        &self.items
    }

    /// For changes to many resources; finding by id costs a pass over all of them afterwards.
    pub(crate) fn items_mut(&mut self) -> &mut Vec<Resource> {
        self.index = None;
        &mut self.items
    }

    /// Changes one resource, keeping it findable.
    pub(crate) fn modify<T>(&mut self, at: usize, change: impl FnOnce(&mut Resource) -> T) -> T {
        let result = change(&mut self.items[at]);
        self.enter(at);
        result
    }

    pub(crate) fn into_items(self) -> Vec<Resource> {
        self.items
    }

    fn enter(&mut self, at: usize) {
        let Some(index) = &mut self.index else { return };
        let item = &self.items[at];
        let current = item.id().name;
        let names = item
            .previous
            .iter()
            .map(|p| p.name.as_str())
            .chain([current.as_str()]);
        for name in names {
            let positions = match index.get_mut(name) {
                Some(positions) => positions,
                None => index.entry(name.to_owned()).or_default(),
            };
            if !positions.contains(&at) {
                positions.push(at);
                positions.sort_unstable();
            }
        }
    }

    /// The positions of resources that have or had the name, in order.
    pub(crate) fn positions_by_name(&mut self, name: &str) -> Vec<usize> {
        if self.index.is_none() {
            self.index = Some(HashMap::with_capacity(self.items.len()));
            for at in 0..self.items.len() {
                self.enter(at);
            }
        }
        self.index
            .as_ref()
            .and_then(|index| index.get(name))
            .cloned()
            .unwrap_or_default()
    }

    /// The resources whose current or an earlier id equals `id`.
    pub(crate) fn find_any(&mut self, id: &Id) -> Vec<usize> {
        let mut positions = self.positions_by_name(&id.name);
        positions.retain(|&at| self.items[at].any_id(|own| own.equals(id)));
        positions
    }

    /// The one resource whose current or an earlier id equals `id`.
    pub(crate) fn find_one(&mut self, id: &Id) -> Result<usize, Error> {
        let what = match self.find_any(id).as_slice() {
            [one] => return Ok(*one),
            [] => "no matches",
            _ => "multiple matches",
        };
        Err(Error::invalid(format!(
            "{what} for Id {id}; failed to find unique target for patch {id}"
        )))
    }

    /// Adds a resource whose id is new.
    pub(crate) fn append(&mut self, resource: Resource) -> Result<(), Error> {
        let id = resource.id();
        let taken = self
            .positions_by_name(&id.name)
            .iter()
            .any(|&at| self.items[at].id().equals(&id));
        if taken {
            return Err(Error::invalid(format!(
                "may not add resource with an already registered id: {id}"
            )));
        }
        self.items.push(resource);
        self.enter(self.items.len() - 1);
        Ok(())
    }

    pub(crate) fn append_all(&mut self, other: Self) -> Result<(), Error> {
        other
            .items
            .into_iter()
            .try_for_each(|resource| self.append(resource))
    }

    /// Adds a generated resource, or merges it into the one it replaces or extends.
    pub(crate) fn absorb(&mut self, new: Resource) -> Result<(), Error> {
        let id = new.id();
        let behavior = new.behavior;
        let joins = matches!(behavior, Behavior::Merge | Behavior::Replace);
        match self.find_any(&id).as_slice() {
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
                self.modify(at, |old| generator::join(old, new));
                Ok(())
            }
            several => Err(Error::invalid(format!(
                "found multiple objects {} that could accept merge of {id}",
                several
                    .iter()
                    .map(|&at| self.items[at].id().to_string())
                    .collect::<Vec<_>>()
                    .join(", ")
            ))),
        }
    }

    /// Drops what patches have emptied.
    pub(crate) fn drop_empty(&mut self) {
        if self.items.iter().any(Resource::is_empty) {
            self.items_mut().retain(|resource| !resource.is_empty());
        }
    }
}
