//! Extracted trees within a budget of bytes.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use windlass_archive::Tree;

use crate::digest::Digest;

/// What a file costs beside its content: its name, its place in the tree.
const FILE_OVERHEAD: u64 = 200;

/// Trees that nobody asked for so long go: all who build from a revision do so soon after it is
/// published, and one that was replaced is not asked for again.
const KEPT_FOR: Duration = Duration::from_mins(5);

/// Trees by digest. The one that was not asked for the longest is the first to go.
#[derive(Debug)]
pub(crate) struct Cache {
    budget: u64,
    bytes: u64,
    trees: HashMap<Digest, Kept>,
}

#[derive(Debug)]
struct Kept {
    tree: Tree,
    bytes: u64,
    used: Instant,
}

impl Cache {
    pub(crate) fn new(budget: u64) -> Self {
        Self {
            budget,
            bytes: 0,
            trees: HashMap::new(),
        }
    }

    pub(crate) fn get(&mut self, digest: &Digest, now: Instant) -> Option<Tree> {
        let kept = self.trees.get_mut(digest)?;
        kept.used = now;
        Some(kept.tree.clone())
    }

    /// Keeps `tree`, unless it alone exceeds the budget.
    pub(crate) fn insert(&mut self, digest: Digest, tree: Tree, now: Instant) {
        let bytes = tree.bytes() + tree.len() as u64 * FILE_OVERHEAD;
        if bytes > self.budget {
            return;
        }
        self.bytes += bytes;
        if let Some(old) = self.trees.insert(
            digest,
            Kept {
                tree,
                bytes,
                used: now,
            },
        ) {
            self.bytes -= old.bytes;
        }
        self.trees.retain(|_, kept| {
            let stays = now.saturating_duration_since(kept.used) < KEPT_FOR;
            if !stays {
                self.bytes -= kept.bytes;
            }
            stays
        });
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
    use std::time::{Duration, Instant};

    use windlass_archive::{Limits, Tree};

    use super::{Cache, KEPT_FOR};
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
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut cache = Cache::new(3000);
        cache.insert(digest("a"), tree(1000), at(1));
        cache.insert(digest("b"), tree(1000), at(2));
        assert_eq!(cache.bytes(), 2400);
        assert!(cache.get(&digest("a"), at(3)).is_some());
        cache.insert(digest("c"), tree(1000), at(4));
        assert!(cache.get(&digest("b"), at(5)).is_none());
        assert!(cache.get(&digest("a"), at(6)).is_some());
        assert!(cache.get(&digest("c"), at(7)).is_some());
        cache.insert(digest("c"), tree(1100), at(8));
        assert_eq!(cache.bytes(), 2500);
        // Too large for the budget: the others stay.
        cache.insert(digest("d"), tree(3000), at(9));
        assert!(cache.get(&digest("d"), at(10)).is_none());
        assert_eq!(cache.bytes(), 2500);
        cache.insert(digest("e"), tree(2800), at(11));
        assert_eq!(cache.bytes(), 3000);
    }

    #[test]
    fn what_nobody_asks_for_goes() {
        let start = Instant::now();
        let mut cache = Cache::new(10_000);
        cache.insert(digest("a"), tree(1000), start);
        cache.insert(digest("b"), tree(1000), start);
        assert!(cache.get(&digest("b"), start + KEPT_FOR / 2).is_some());
        cache.insert(digest("c"), tree(1000), start + KEPT_FOR);
        assert!(cache.get(&digest("a"), start + KEPT_FOR).is_none());
        assert!(cache.get(&digest("b"), start + KEPT_FOR).is_some());
        assert_eq!(cache.bytes(), 2400);
    }
}
