//! Extracted trees within a budget of bytes.

use std::collections::HashMap;

use windlass_archive::Tree;

use crate::digest::Digest;

/// What a file costs beside its content: its name, its place in the tree.
const FILE_OVERHEAD: u64 = 200;

/// Trees by digest. The one that was not asked for the longest is the first to go.
#[derive(Debug)]
pub(crate) struct Cache {
    budget: u64,
    bytes: u64,
    clock: u64,
    trees: HashMap<Digest, Kept>,
}

#[derive(Debug)]
struct Kept {
    tree: Tree,
    bytes: u64,
    used: u64,
}

impl Cache {
    pub(crate) fn new(budget: u64) -> Self {
        Self {
            budget,
            bytes: 0,
            clock: 0,
            trees: HashMap::new(),
        }
    }

    pub(crate) fn get(&mut self, digest: &Digest) -> Option<Tree> {
        self.clock += 1;
        let kept = self.trees.get_mut(digest)?;
        kept.used = self.clock;
        Some(kept.tree.clone())
    }

    /// Keeps `tree`, unless it alone exceeds the budget.
    pub(crate) fn insert(&mut self, digest: Digest, tree: Tree) {
        let bytes = tree.bytes() + tree.len() as u64 * FILE_OVERHEAD;
        if bytes > self.budget {
            return;
        }
        self.clock += 1;
        self.bytes += bytes;
        if let Some(old) = self.trees.insert(
            digest,
            Kept {
                tree,
                bytes,
                used: self.clock,
            },
        ) {
            self.bytes -= old.bytes;
        }
        while self.bytes > self.budget {
            // A few hundred trees at most: looking at each costs nothing beside extracting one.
            let oldest = self.trees.iter().min_by_key(|(_, kept)| kept.used);
            let Some(oldest) = oldest.map(|(digest, _)| digest.clone()) else {
                break;
            };
            if let Some(kept) = self.trees.remove(&oldest) {
                self.bytes -= kept.bytes;
            }
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use windlass_archive::{Limits, Tree};

    use super::Cache;
    use crate::digest::{Digest, DigestAlgorithm};

    fn tree(size: usize) -> Tree {
        let mut builder = Tree::builder(Limits::default());
        builder.file("f", vec![0; size], false).unwrap();
        builder.build()
    }

    fn digest(text: &str) -> Digest {
        Digest::of_reader(DigestAlgorithm::Sha256, text.as_bytes()).unwrap()
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let mut cache = Cache::new(3000);
        for name in ["a", "b"] {
            cache.insert(digest(name), tree(1000));
        }
        assert_eq!(cache.bytes(), 2400);
        assert!(cache.get(&digest("a")).is_some());
        cache.insert(digest("c"), tree(1000));
        assert!(cache.get(&digest("b")).is_none());
        assert!(cache.get(&digest("a")).is_some() && cache.get(&digest("c")).is_some());
        cache.insert(digest("c"), tree(1100));
        assert_eq!(cache.bytes(), 2500);
        // Too large for the budget: the others stay.
        cache.insert(digest("d"), tree(3000));
        assert!(cache.get(&digest("d")).is_none());
        assert_eq!(cache.bytes(), 2500);
        cache.insert(digest("e"), tree(2800));
        assert_eq!(cache.bytes(), 3000);
    }
}
