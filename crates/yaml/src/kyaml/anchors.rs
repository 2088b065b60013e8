//! Aliases replaced by what they stand for, merges carried out: what kyaml does to a document
//! before anything else looks at it.

use std::collections::{BTreeSet, HashMap};

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
    limits: &'n Limits,
    /// Nodes copied through aliases so far.
    made: usize,
    /// Numbers of the anchors being expanded, innermost last.
    open: Vec<usize>,
}

impl<'n> Expansion<'n> {
    fn expand(&mut self, node: &mut Node, depth: usize) -> Result<(), Error> {
        if depth > self.limits.max_depth {
            return Err(depth_error(self.limits.max_depth));
        }
        if !self.open.is_empty() {
            self.made += 1;
            if self.made > self.limits.max_nodes {
                return Err(excessive_aliasing());
            }
        }
        node.anchor = None;
        node.anchor_id = node.anchor_id.filter(|_| node.kind == Kind::Alias);
        match node.kind {
            Kind::Scalar => return Ok(()),
            Kind::Alias => return self.replace(node, depth),
            Kind::Sequence => {}
            Kind::Mapping => self.merge(node)?,
        }
        for child in &mut node.children {
            self.expand(child, depth + 1)?;
        }
        Ok(())
    }

    fn replace(&mut self, alias: &mut Node, depth: usize) -> Result<(), Error> {
        let (id, target) = self.target(alias)?;
        if self.open.contains(&id) {
            return Err(contains_itself(alias));
        }
        self.open.push(id);
        let mut copy = target.clone();
        self.expand(&mut copy, depth)?;
        self.open.pop();
        *alias = copy;
        Ok(())
    }

    fn target(&self, alias: &Node) -> Result<(usize, &'n Node), Error> {
        alias
            .anchor_id
            .and_then(|id| Some((id, *self.anchors.get(&id)?)))
            .ok_or_else(|| unknown_anchor(&alias.value, alias.line))
    }

    /// Takes in the mappings that a merge key names; what the mapping says itself stays.
    fn merge(&mut self, node: &mut Node) -> Result<(), Error> {
        let sources = {
            let mut merges = node.pairs().filter(|(key, _)| key.is_kyaml_merge());
            let merge = merges.next();
            if merges.next().is_some() {
                return Err(stream("duplicate merge key"));
            }
            match merge {
                Some((_, value)) => self.sources(value)?,
                None => Vec::new(),
            }
        };
        // The quoted key goes as well.
        remove(node, "<<", |_| true);
        if sources.is_empty() && !node.pairs().any(|(key, _)| key.is_null()) {
            return Ok(());
        }
        let own = node.clone();
        for source in sources.iter().chain([&own]) {
            self.set_all(node, source)?;
        }
        Ok(())
    }

    /// The mappings to take in, the last to win last.
    fn sources(&self, value: &Node) -> Result<Vec<Node>, Error> {
        match value.kind {
            Kind::Mapping => Ok(vec![value.clone()]),
            Kind::Alias => {
                let (_, target) = self.target(value)?;
                if target.kind != Kind::Mapping {
                    return Err(stream(
                        "invalid map merge: received alias for a non-map value",
                    ));
                }
                Ok(vec![target.clone()])
            }
            Kind::Sequence => {
                let mut sources = Vec::new();
                for item in &value.children {
                    if item.kind == Kind::Sequence {
                        return Err(stream("invalid map merge: received a nested sequence"));
                    }
                    sources.extend(self.sources(item)?);
                }
                sources.reverse();
                Ok(sources)
            }
            Kind::Scalar => Err(stream(
                "map merge requires map or sequence of maps as the value",
            )),
        }
    }

    /// Sets every pair of `source` in `node`: in place where there is one of that name.
    fn set_all(&mut self, node: &mut Node, source: &Node) -> Result<(), Error> {
        let mut places: HashMap<String, BTreeSet<usize>> = HashMap::new();
        for (at, (key, _)) in node.pairs().enumerate() {
            places.entry(key.value.clone()).or_default().insert(at * 2);
        }
        let mut firsts: HashMap<&str, (&Node, &Node)> = HashMap::new();
        for (key, value) in source.pairs() {
            firsts.entry(&key.value).or_insert((key, value));
        }
        for (key, _) in source.pairs() {
            let (key, value) = firsts[key.value.as_str()];
            self.made += 1;
            if self.made > self.limits.max_nodes {
                return Err(excessive_aliasing());
            }
            // A null key has no name to kyaml, and so is not found again.
            let name = if key.is_null() { "" } else { &key.value };
            let place = places.get_mut(name).and_then(BTreeSet::pop_first);
            let at = place.unwrap_or(node.children.len());
            if place.is_some() {
                node.children[at] = key.clone();
                node.children[at + 1] = value.clone();
            } else {
                node.children.extend([key.clone(), value.clone()]);
            }
            places.entry(key.value.clone()).or_default().insert(at);
        }
        Ok(())
    }
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
