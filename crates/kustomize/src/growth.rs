//! What aliases, patches, replacements and labels add to resources: one patch may go to all of them,
//! and a copy of a copy doubles with every line. The original has no bound.

use std::cell::Cell;
use std::rc::Rc;

use windlass_yaml::Value;

use crate::node::Node;
use crate::{Error, ErrorKind, Limits};

/// About what one value takes beside its text.
const NODE: usize = 64;

/// Counts the bytes that one build adds. Clones share the count.
#[derive(Debug, Clone)]
pub(crate) struct Growth {
    added: Rc<Cell<u64>>,
    limit: u64,
}

impl Growth {
    pub(crate) fn new(limit: u64) -> Self {
        Self {
            added: Rc::default(),
            limit,
        }
    }

    /// The count of something read by itself.
    pub(crate) fn alone() -> Self {
        Self::new(Limits::default().max_added)
    }

    /// Counts so many bytes before they are added.
    pub(crate) fn add(&self, bytes: usize) -> Result<(), Error> {
        self.added
            .set(self.added.get().saturating_add(bytes as u64));
        if self.added.get() > self.limit {
            return Err(Error::new(
                ErrorKind::Limit,
                format!(
                    "aliases, patches and replacements add more than {} bytes",
                    self.limit
                ),
            ));
        }
        Ok(())
    }
}

/// About how many bytes a value takes.
pub(crate) fn size_of_value(value: &Value) -> usize {
    let inside = match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size_of_value).sum(),
        Value::Object(map) => map
            .iter()
            .map(|(key, item)| key.len() + size_of_value(item))
            .sum(),
    };
    NODE + inside
}

/// About how many bytes a tree takes.
pub(crate) fn size_of_node(node: &Node) -> usize {
    let inside = match node {
        Node::Scalar(scalar) => scalar.text.len(),
        Node::Sequence(sequence) => sequence.items.iter().map(size_of_node).sum(),
        Node::Mapping(mapping) => {
            let entries = mapping.entries.iter();
            entries
                .map(|entry| entry.key.text.len() + size_of_node(&entry.value))
                .sum()
        }
    };
    NODE + inside
}
