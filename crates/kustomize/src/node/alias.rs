//! Scalars that are one and the same.
//!
//! When the original adds a label to several maps of an object, all get the same node, so that a
//! later change of one, by a label of an outer level or a patch, changes the others as well. Users
//! see that, so such scalars carry a common number here.

use std::collections::HashMap;

use super::{Node, Scalar};

impl Scalar {
    /// Takes over what another one says, staying the node it is.
    pub(crate) fn become_like(&mut self, other: Self) {
        let alias = self.alias;
        *self = other;
        self.alias = alias;
        self.touch();
    }

    /// Notes a change that the others of its number are to follow.
    pub(crate) fn touch(&mut self) {
        self.touched = self.alias != 0;
    }
}

/// Lets scalars follow changes of others with the same number.
pub(crate) fn follow(root: &mut Node) {
    let mut changed: HashMap<u32, Scalar> = HashMap::new();
    visit(root, &mut |scalar| {
        if scalar.touched {
            scalar.touched = false;
            changed.insert(scalar.alias, scalar.clone());
        }
    });
    if changed.is_empty() {
        return;
    }
    visit(root, &mut |scalar| {
        if let Some(new) = changed.get(&scalar.alias) {
            scalar.clone_from(new);
        }
    });
}

/// Writes all scalars with the number of this one as it is written.
pub(crate) fn write_alike(root: &mut Node, like: &Scalar) {
    visit(root, &mut |scalar| {
        if scalar.alias == like.alias {
            scalar.style = like.style;
            scalar.tagged = like.tagged;
        }
    });
}

fn visit(node: &mut Node, change: &mut dyn FnMut(&mut Scalar)) {
    match node {
        Node::Scalar(scalar) => {
            if scalar.alias != 0 {
                change(scalar);
            }
        }
        Node::Mapping(mapping) => {
            for entry in &mut mapping.entries {
                visit(&mut entry.value, change);
            }
        }
        Node::Sequence(sequence) => {
            for item in &mut sequence.items {
                visit(item, change);
            }
        }
    }
}
