//! What the texts of one set are parsed with: names and literals that were met before, and
//! buffers.

use std::sync::Arc;

use super::node::{Source, Tree};
use crate::strconv;
use crate::value::{Text, lossy};

/// Templates use the same names over and over: met again soon, one is not stored again.
#[derive(Default)]
pub(crate) struct Cache {
    names: Recent<Arc<str>>,
    literals: Recent<Text>,
    spare: Vec<Tree>,
}

impl Cache {
    /// The name that a part of a text is.
    pub(super) fn name(&mut self, text: &[u8]) -> Arc<str> {
        let name = self.names.find(text, |name| name.as_bytes() == text);
        name.get_or_insert_with(|| lossy(text).into()).clone()
    }

    /// The value of a literal; none if it is not well formed.
    pub(super) fn literal(&mut self, quoted: &[u8]) -> Option<Text> {
        let plain = match quoted {
            [b'"', inner @ .., b'"'] | [b'`', inner @ .., b'`'] => inner,
            _ => &[],
        };
        if plain.is_empty() || !plain.iter().copied().all(is_plain) {
            return strconv::unquote(quoted).map(Text::from);
        }
        let text = self.literals.find(plain, |text| **text == *plain);
        Some(text.get_or_insert_with(|| Text::from(plain)).clone())
    }

    /// An empty tree.
    pub(super) fn tree(&mut self, name: Arc<str>, source: Arc<Source>) -> Tree {
        match self.spare.pop() {
            Some(mut tree) => {
                tree.begin(name, source);
                tree
            }
            None => Tree::new(name, source),
        }
    }

    /// Takes back a tree whose content was taken, for its buffers.
    pub(super) fn give_back(&mut self, tree: Tree) {
        if tree.is_taken() {
            self.spare.push(tree);
        }
    }
}

/// Whether a byte of a literal stands for itself.
fn is_plain(byte: u8) -> bool {
    (b' '..0x7F).contains(&byte) && byte != b'\\' && byte != b'"'
}

/// How many values are remembered.
const SLOTS: usize = 256;

/// The values met last, one for each place that the bytes of some share.
struct Recent<T>(Vec<Option<T>>);

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Recent<T> {
    /// The place of what `bytes` stand for, emptied if it holds anything else.
    fn find(&mut self, bytes: &[u8], is_it: impl Fn(&T) -> bool) -> &mut Option<T> {
        if self.0.is_empty() {
            self.0.resize_with(SLOTS, || None);
        }
        let mix = |hash: usize, byte: &u8| (hash ^ usize::from(*byte)).wrapping_mul(0x0100_0193);
        let hash = bytes.iter().fold(0x811C_9DC5, mix);
        let slot = &mut self.0[(hash ^ (hash >> 16)) % SLOTS];
        if !slot.as_ref().is_some_and(is_it) {
            *slot = None;
        }
        slot
    }
}
