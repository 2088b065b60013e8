//! Directives: what a map or list of a patch wants done with its counterpart.

use crate::Error;
use crate::node::{Mapping, Node, Sequence};

/// The key of a directive in a patch.
const KEY: &str = "$patch";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Directive {
    Merge,
    Replace,
    Delete,
}

impl Directive {
    fn parse(word: &str) -> Result<Self, Error> {
        match word {
            "merge" => Ok(Self::Merge),
            "replace" => Ok(Self::Replace),
            "delete" => Ok(Self::Delete),
            other => Err(Error::invalid(format!("unknown patch strategy '{other}'"))),
        }
    }

    pub(super) fn of_map(map: &Mapping) -> Result<Option<Self>, Error> {
        let word = map.get(KEY);
        word.map(|word| Self::parse(word.text())).transpose()
    }

    /// A list is governed by an element that holds nothing but a directive; with it comes the list
    /// without such elements.
    pub(super) fn of_list(list: &[Node]) -> Result<Option<(Self, Vec<Node>)>, Error> {
        let first = list
            .iter()
            .filter_map(Node::as_mapping)
            .find(|map| map.contains(KEY));
        let Some(word) = first
            .filter(|map| map.entries.len() == 1)
            .and_then(|map| map.get(KEY))
            .map(Node::text)
        else {
            return Ok(None);
        };
        let directive = Self::parse(word)?;
        let stays = |item: &&Node| match item {
            Node::Mapping(map) if map.entries.is_empty() => false,
            Node::Mapping(map) => map.get(KEY).is_none_or(|own| own.text() != word),
            other => !other.is_null(),
        };
        Ok(Some((
            directive,
            list.iter().filter(stays).cloned().collect(),
        )))
    }
}

/// Whether a patch for a resource or an element of a list replaces all of it. The original makes the
/// new content, but leaves it where nobody looks for it: the target stays as it is.
pub(super) fn keeps_target(patch: &Node) -> bool {
    patch.get(KEY).map(Node::text) == Some("replace")
}

/// What is new, as the target that the original merges it into: that is the patch itself, from which
/// it takes each directive when it comes to it.
pub(super) fn carried_out(map: &Mapping) -> Mapping {
    let mut rest = without(map);
    for entry in &mut rest.entries {
        carry_out(&mut entry.value);
    }
    rest
}

/// As [`carried_out`]; elements that hold nothing but a directive are the list's own.
pub(super) fn carried_out_list(list: &Sequence) -> Sequence {
    let mut rest = list.clone();
    let of_list = |item: &Node| matches!(item, Node::Mapping(map) if map.entries.len() == 1 && map.contains(KEY));
    for item in rest.items.iter_mut().filter(|item| !of_list(item)) {
        carry_out(item);
    }
    rest
}

fn carry_out(node: &mut Node) {
    match node {
        Node::Mapping(map) => *map = carried_out(map),
        Node::Sequence(list) => *list = carried_out_list(list),
        Node::Scalar(_) => {}
    }
}

/// The map without its directive.
pub(super) fn without(map: &Mapping) -> Mapping {
    let mut rest = map.clone();
    rest.remove(KEY);
    rest
}

/// Whether a patch takes away all annotations, and with them what the original remembers there.
pub(super) fn drops_annotations(patch: &Node) -> bool {
    if keeps_target(patch) {
        return false;
    }
    let mut node = patch;
    for key in ["metadata", "annotations"] {
        if replaces(node) {
            return true;
        }
        match node.get(key) {
            Some(next) => node = next,
            None => return false,
        }
    }
    node.is_null() || replaces(node)
}

/// Whether annotations of the patch get into the target.
pub(super) fn brings_annotations(patch: &Node) -> bool {
    let deletes =
        |node: Option<&Node>| node.and_then(|node| node.get(KEY)).map(Node::text) == Some("delete");
    let metadata = patch.get("metadata");
    let annotations = metadata.and_then(|metadata| metadata.get("annotations"));
    !keeps_target(patch) && !deletes(metadata) && !deletes(annotations)
}

fn replaces(node: &Node) -> bool {
    matches!(node.get(KEY).map(Node::text), Some("replace" | "delete"))
}
