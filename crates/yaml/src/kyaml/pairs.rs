//! The pairs of a mapping while others are merged into it.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use crate::node::Node;

/// Pairs in order, found by the names of their keys.
pub(super) struct Pairs {
    /// Every pair there is; the mapping's own come first.
    pool: Vec<(Node, Node)>,
    own: usize,
    /// The mapping: indices into the pool.
    order: Vec<usize>,
    /// Places in the order, by the key's text.
    places: HashMap<String, BTreeSet<usize>>,
}

impl Pairs {
    /// The pairs of a mapping with these children.
    pub(super) fn new(children: Vec<Node>) -> Self {
        let pool = pair_up(children);
        let mut places: HashMap<String, BTreeSet<usize>> = HashMap::new();
        for (at, (key, _)) in pool.iter().enumerate() {
            places.entry(key.value.clone()).or_default().insert(at);
        }
        Self {
            own: pool.len(),
            order: (0..pool.len()).collect(),
            places,
            pool,
        }
    }

    /// The children of the mapping once the sources are merged into it, each over the one before.
    /// Then the mapping's own pairs are set again, as kyaml does it: that changes nothing unless a
    /// key is null.
    pub(super) fn merge(mut self, sources: Vec<Vec<Node>>) -> Vec<Node> {
        for source in sources {
            let from = self.pool.len();
            self.pool.extend(pair_up(source));
            self.set_all(from..self.pool.len());
        }
        self.set_all(0..self.own);
        self.into_children()
    }

    /// Sets pairs of the pool: in place where there is one of that name.
    fn set_all(&mut self, group: Range<usize>) {
        let mut firsts: HashMap<&str, usize> = HashMap::new();
        for at in group.clone() {
            firsts.entry(&self.pool[at].0.value).or_insert(at);
        }
        for at in group {
            let first = firsts[self.pool[at].0.value.as_str()];
            let key = &self.pool[first].0;
            // A null key has no name to kyaml, and so is not found again.
            let name = if key.is_null() { "" } else { &key.value };
            let place = self.places.get_mut(name).and_then(BTreeSet::pop_first);
            let place = if let Some(place) = place {
                self.order[place] = first;
                place
            } else {
                self.order.push(first);
                self.order.len() - 1
            };
            self.places
                .entry(key.value.clone())
                .or_default()
                .insert(place);
        }
    }

    fn into_children(self) -> Vec<Node> {
        let mut uses = vec![0usize; self.pool.len()];
        for at in &self.order {
            uses[*at] += 1;
        }
        let mut pool: Vec<Option<(Node, Node)>> = self.pool.into_iter().map(Some).collect();
        let mut children = Vec::with_capacity(self.order.len() * 2);
        for at in self.order {
            uses[at] -= 1;
            let pair = if uses[at] == 0 {
                pool[at].take()
            } else {
                pool[at].clone()
            };
            children.extend(pair.into_iter().flat_map(|(key, value)| [key, value]));
        }
        children
    }
}

fn pair_up(children: Vec<Node>) -> Vec<(Node, Node)> {
    let mut children = children.into_iter();
    let mut pairs = Vec::with_capacity(children.len() / 2);
    while let (Some(key), Some(value)) = (children.next(), children.next()) {
        pairs.push((key, value));
    }
    pairs
}
