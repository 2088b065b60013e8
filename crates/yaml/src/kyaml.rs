//! Reading and writing documents the way kyaml does, styles kept.

use std::collections::HashMap;

use crate::decode::{contains_itself, excessive_aliasing};
use crate::documents::nodes;
use crate::emit::node_to_yaml;
use crate::node::{Kind, Node};
use crate::parse::{depth_error, unknown_anchor};
use crate::{Error, Limits};

/// Reads every document of `text` and writes them as kyaml would: order and styles kept, aliases
/// replaced by what they stand for, anchors dropped, documents joined by `---`. Comments are lost.
///
/// # Errors
/// As [`documents`](crate::documents); also for a document that is not a mapping.
pub fn kyaml_roundtrip(text: &str) -> Result<String, Error> {
    let limits = Limits::default();
    let mut written = Vec::new();
    for node in nodes(text, &limits)? {
        let node = without_aliases(&node, &limits)?;
        let yaml = node_to_yaml(&node).map_err(|error| Error::Stream {
            problem: error.problem().to_owned(),
        })?;
        if node.kind != Kind::Mapping {
            let kind = if node.kind == Kind::Sequence {
                "Sequence"
            } else {
                "Scalar"
            };
            return Err(Error::Stream {
                problem: format!(
                    "wrong node kind: expected MappingNode but got {kind}Node: node contents:\n{yaml}"
                ),
            });
        }
        written.push(yaml);
    }
    Ok(written.join("---\n"))
}

/// A copy of the tree with every alias replaced and every anchor dropped.
fn without_aliases(root: &Node, limits: &Limits) -> Result<Node, Error> {
    let mut anchors = HashMap::new();
    let mut pending = vec![root];
    while let Some(node) = pending.pop() {
        if let (true, Some(id)) = (node.kind != Kind::Alias, node.anchor_id) {
            anchors.insert(id, node);
        }
        pending.extend(&node.children);
    }
    Expansion {
        anchors,
        limits,
        made: 0,
        open: Vec::new(),
    }
    .copy(root, 0)
}

struct Expansion<'n> {
    /// Anchored nodes by number.
    anchors: HashMap<usize, &'n Node>,
    limits: &'n Limits,
    /// Nodes copied through aliases so far.
    made: usize,
    /// Numbers of the anchors being expanded, innermost last.
    open: Vec<usize>,
}

impl<'n> Expansion<'n> {
    fn copy(&mut self, node: &'n Node, depth: usize) -> Result<Node, Error> {
        if depth > self.limits.max_depth {
            return Err(depth_error(self.limits.max_depth));
        }
        if !self.open.is_empty() {
            self.made += 1;
            if self.made > self.limits.max_nodes {
                return Err(excessive_aliasing());
            }
        }
        if node.kind == Kind::Alias {
            let found = node
                .anchor_id
                .and_then(|id| Some((id, *self.anchors.get(&id)?)));
            let Some((id, target)) = found else {
                return Err(unknown_anchor(&node.value, node.line));
            };
            if self.open.contains(&id) {
                return Err(contains_itself(node));
            }
            self.open.push(id);
            let copied = self.copy(target, depth);
            self.open.pop();
            return copied;
        }
        let mut children = Vec::with_capacity(node.children.len());
        for child in &node.children {
            children.push(self.copy(child, depth + 1)?);
        }
        Ok(Node {
            kind: node.kind,
            tag: node.tag.clone(),
            value: node.value.clone(),
            style: node.style,
            anchor: None,
            comments: node.comments.clone(),
            line: node.line,
            column: node.column,
            children,
            implicit: node.implicit,
            anchor_id: None,
        })
    }
}
