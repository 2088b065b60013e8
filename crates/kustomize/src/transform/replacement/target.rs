//! The places a target's path leads to. Conditions are patterns, and what is missing may be made.

use crate::Error;
use crate::growth::Growth;
use crate::node::{Mapping, Node, Scalar, Sequence, Tag};
use crate::path::{bracketed, condition, index};
use crate::selector;

/// What a missing field at the end of a path is made as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Make {
    Scalar,
    Mapping,
    Sequence,
}

impl Make {
    /// A field for this value.
    pub(super) fn like(value: &Node) -> Self {
        match value {
            Node::Scalar(_) => Self::Scalar,
            Node::Mapping(_) => Self::Mapping,
            Node::Sequence(_) => Self::Sequence,
        }
    }

    fn node(self) -> Node {
        match self {
            Self::Scalar => Node::untyped(""),
            Self::Mapping => Node::mapping(),
            Self::Sequence => Node::sequence(),
        }
    }

    /// What stands in front of the rest of a path.
    fn before(self, rest: &[String]) -> Node {
        match rest.first() {
            None => self.node(),
            Some(next) if is_of_list(next) => Node::sequence(),
            Some(next) if next.is_empty() => self.node(),
            Some(_) => Node::mapping(),
        }
    }
}

/// Whether a part of a path names an element of a list.
fn is_of_list(part: &str) -> bool {
    index(part).is_some() || bracketed(part).is_some()
}

/// How much memory a pattern in a path may take: it is compiled for every list on the way.
const MAX_PATTERN: u64 = 1 << 20;

/// Sets a place.
pub(super) type Set<'s> = &'s mut dyn FnMut(&mut Node) -> Result<(), Error>;

/// Calls `set` on everything the path leads to.
pub(super) fn visit(
    node: &mut Node,
    path: &[String],
    make: Option<Make>,
    set: Set<'_>,
) -> Result<(), Error> {
    let Some((part, rest)) = path.split_first() else {
        return set(node);
    };
    // What the original makes in a null is not part of the object.
    let mut new = Node::sequence();
    let list = if make.is_some() && is_of_list(part) && node.is_null() {
        &mut new
    } else {
        &mut *node
    };
    if let Some(at) = index(part) {
        return element(list, at, rest, make, set);
    }
    if let Some(inner) = bracketed(part) {
        return matching(list, inner, rest, make, set);
    }
    if part == "*" {
        for item in elements(node)? {
            visit(item, rest, make, set)?;
        }
        return Ok(());
    }
    field(node, part, rest, make, set)
}

fn elements(node: &mut Node) -> Result<&mut [Node], Error> {
    match node {
        Node::Sequence(sequence) => Ok(&mut sequence.items),
        node if node.is_null() => Ok(&mut []),
        node => Err(node.wrong_kind("SequenceNode")),
    }
}

fn field(
    node: &mut Node,
    key: &str,
    rest: &[String],
    make: Option<Make>,
    set: Set<'_>,
) -> Result<(), Error> {
    // To the original a field without a name is the scalar itself.
    if key.is_empty() && node.as_scalar().is_none() {
        return Err(node.wrong_kind("ScalarNode"));
    }
    if node.is_null() {
        // What the original makes here is not part of the object.
        return match make {
            Some(make) => visit(&mut make.before(rest), rest, Some(make), set),
            None => Ok(()),
        };
    }
    let Some(mapping) = node.as_mapping_mut() else {
        return Err(node.wrong_kind("MappingNode"));
    };
    if !mapping.contains(key) {
        match make {
            Some(make) => mapping.push(key, make.before(rest)),
            None => return Ok(()),
        }
    }
    match mapping.get_mut(key) {
        // A document within a text: what is found there is not part of the object.
        Some(Node::Scalar(scalar)) if !rest.is_empty() && scalar.tag != Tag::Alias => {
            match super::structured::parse(&scalar.text)? {
                Some(mut document) => visit(&mut document, rest, make, set),
                None => Err(nothing(rest)),
            }
        }
        Some(value) => visit(value, rest, make, set),
        None => Ok(()),
    }
}

/// What the original says of a document without a node, through which no path leads.
fn nothing(path: &[String]) -> Error {
    let in_list = |part: &String| part == "*" || is_of_list(part);
    let expected = if path.first().is_some_and(in_list) {
        "SequenceNode"
    } else {
        "MappingNode"
    };
    Error::invalid(format!(
        "wrong node kind: expected {expected} but got : node contents:\nnull"
    ))
}

fn element(
    node: &mut Node,
    at: usize,
    rest: &[String],
    make: Option<Make>,
    set: Set<'_>,
) -> Result<(), Error> {
    let length = elements(node)?.len();
    if let (Node::Sequence(Sequence { items, .. }), Some(make), true) =
        (&mut *node, make, at == length)
    {
        items.push(make.before(rest));
    }
    match elements(node)?.get_mut(at) {
        Some(item) => visit(item, rest, make, set),
        None => Err(Error::invalid(format!(
            "index {at} specified but only {length} elements found"
        ))),
    }
}

fn matching(
    node: &mut Node,
    inner: &str,
    rest: &[String],
    make: Option<Make>,
    set: Set<'_>,
) -> Result<(), Error> {
    let (key, value) = condition(inner)?;
    let items = elements(node)?;
    if !items.is_empty() || make.is_some() {
        let pattern = selector::pattern(value, &Growth::new(MAX_PATTERN))?;
        let mut found = false;
        for item in items {
            let text = if key.is_empty() {
                item.to_text()
            } else {
                match item.get(key) {
                    Some(value) => value.to_text(),
                    None => continue,
                }
            };
            if !pattern.is_match(text.trim()) {
                continue;
            }
            if key.is_empty() {
                // What follows in the path is of no importance.
                found = true;
                set(item)?;
                continue;
            }
            visit(item, rest, make, &mut |place| {
                found = true;
                set(place)
            })?;
        }
        if found {
            return Ok(());
        }
    }
    let (Some(_), Node::Sequence(list)) = (make, &mut *node) else {
        return Ok(());
    };
    let mut new_item = if key.is_empty() {
        Node::untyped(value)
    } else {
        let mut mapping = Mapping::default();
        mapping.push(key, Node::Scalar(Scalar::untyped(value)));
        Node::Mapping(mapping)
    };
    if key.is_empty() {
        set(&mut new_item)?;
    } else {
        visit(&mut new_item, rest, make, set)?;
    }
    list.items.push(new_item);
    Ok(())
}
