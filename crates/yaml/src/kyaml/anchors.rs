//! Aliases replaced by what they stand for, merges carried out: what kyaml does to a document
//! before anything else looks at it.

use std::collections::HashMap;

use super::pairs::Pairs;
use super::remove;
use crate::decode::{anchored, contains_itself, excessive_aliasing};
use crate::node::{Kind, Node};
use crate::parse::{depth_error, unknown_anchor};
use crate::{Error, Limits};

/// Replaces every alias in the tree, carries out every merge and drops every anchor.
///
/// # Errors
/// For merges of what is no mapping, and [`Error::Limit`] when the tree grows beyond `limits`.
pub(crate) fn without_aliases(root: &mut Node, limits: &Limits) -> Result<(), Error> {
    let original = if has_aliases(root) {
        root.clone()
    } else {
        Node::new(root.kind, root.style, root.line, root.column)
    };
    Expansion {
        anchors: anchored(&original),
        states: HashMap::new(),
        limits,
        made: 0,
        open: Vec::new(),
    }
    .expand(root, 0)
}

fn has_aliases(root: &Node) -> bool {
    let mut pending = vec![root];
    while let Some(node) = pending.pop() {
        if node.kind == Kind::Alias {
            return true;
        }
        pending.extend(&node.children);
    }
    false
}

struct Expansion<'n> {
    /// Anchored nodes by number, as written.
    anchors: HashMap<usize, &'n Node>,
    /// What became of them through aliases so far.
    states: HashMap<usize, Node>,
    limits: &'n Limits,
    /// Nodes copied through aliases so far.
    made: usize,
    /// Numbers of the anchors being expanded, innermost last.
    open: Vec<usize>,
}

impl<'n> Expansion<'n> {
    fn expand(&mut self, node: &mut Node, depth: usize) -> Result<(), Error> {
        if depth > self.limits.max_depth {
            return Err(depth_error(self.limits.max_depth, node));
        }
        if !self.open.is_empty() {
            self.made += node.weight();
            if self.made > self.limits.max_nodes {
                return Err(excessive_aliasing(node));
            }
        }
        node.anchor = None;
        node.anchor_id = node.anchor_id.filter(|_| node.kind == Kind::Alias);
        match node.kind {
            Kind::Scalar => return Ok(()),
            Kind::Alias => {
                *node = self.copy(node, depth)?;
                return Ok(());
            }
            Kind::Sequence => {}
            Kind::Mapping => self.merge(node)?,
        }
        for child in &mut node.children {
            self.expand(child, depth + 1)?;
        }
        Ok(())
    }

    /// What an alias stands for, expanded. kyaml expands the same node again for each alias,
    /// which it does not survive unchanged if there are null keys or nested merges.
    fn copy(&mut self, alias: &Node, depth: usize) -> Result<Node, Error> {
        let (id, target) = self.target(alias)?;
        if self.open.contains(&id) {
            return Err(contains_itself(alias));
        }
        self.open.push(id);
        let mut state = self.states.remove(&id).unwrap_or_else(|| target.clone());
        self.expand(&mut state, depth)?;
        self.open.pop();
        let copy = state.clone();
        self.states.insert(id, state);
        Ok(copy)
    }

    fn target(&self, alias: &Node) -> Result<(usize, &'n Node), Error> {
        alias
            .anchor_id
            .and_then(|id| Some((id, *self.anchors.get(&id)?)))
            .ok_or_else(|| unknown_anchor(&alias.value, alias.line))
    }

    /// Takes in the mappings that a merge key names; what the mapping says itself stays.
    fn merge(&mut self, node: &mut Node) -> Result<(), Error> {
        let mut sources = Vec::new();
        {
            let mut merges = node.pairs().filter(|(key, _)| key.is_kyaml_merge());
            let merge = merges.next();
            if merges.next().is_some() {
                return Err(stream("duplicate merge key"));
            }
            if let Some((_, value)) = merge {
                self.gather(value, &mut sources)?;
                sources.reverse();
            }
        }
        // The quoted key goes as well.
        remove(node, "<<", |_| true);
        if sources.is_empty() && !node.pairs().any(|(key, _)| key.is_null()) {
            return Ok(());
        }
        let own = std::mem::take(&mut node.children);
        node.children = Pairs::new(own).merge(sources);
        Ok(())
    }

    /// Gathers the children of the mappings to take in, the first to win first.
    fn gather(&mut self, value: &Node, sources: &mut Vec<Vec<Node>>) -> Result<(), Error> {
        let source = match value.kind {
            Kind::Mapping => value,
            Kind::Alias => {
                let (id, target) = self.target(value)?;
                if target.kind != Kind::Mapping {
                    return Err(stream(
                        "invalid map merge: received alias for a non-map value",
                    ));
                }
                self.states.get(&id).unwrap_or(target)
            }
            Kind::Sequence => {
                for item in &value.children {
                    if item.kind == Kind::Sequence {
                        return Err(stream("invalid map merge: received a nested sequence"));
                    }
                    self.gather(item, sources)?;
                }
                return Ok(());
            }
            Kind::Scalar => {
                return Err(stream(
                    "map merge requires map or sequence of maps as the value",
                ));
            }
        };
        self.made += weight(source);
        if self.made > self.limits.max_nodes {
            return Err(excessive_aliasing(value));
        }
        sources.push(source.children.clone());
        Ok(())
    }
}

/// What a copy of a tree counts for.
fn weight(root: &Node) -> usize {
    let mut count = 0;
    let mut pending = vec![root];
    while let Some(node) = pending.pop() {
        count += node.weight();
        pending.extend(&node.children);
    }
    count
}

fn stream(problem: &str) -> Error {
    Error::Stream {
        problem: problem.to_owned(),
    }
}

impl Node {
    /// Whether kyaml takes the node for a merge key: the tag counts, not the text.
    fn is_kyaml_merge(&self) -> bool {
        match self.short_tag() {
            None | Some("!") => self.is_merge_key(),
            tag => tag == Some("merge"),
        }
    }
}
