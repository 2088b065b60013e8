//! From text to [`Node`] trees.

mod content;
mod event;
mod grammar;

use std::collections::HashMap;

use self::event::{Event, Properties, Step};
use self::grammar::Grammar;
use crate::node::{Comments, Kind, Node, Style};
use crate::scan::{Fault, FaultKind};
use crate::{Dialect, Error};

/// Bounds on what a text may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest text accepted, and the most text that may come into being through aliases, in bytes.
    pub max_bytes: usize,
    /// Deepest nesting of collections, aliases expanded.
    pub max_depth: usize,
    /// Most nodes that may come into being through aliases; long scalars count for several.
    pub max_nodes: usize,
}

impl Default for Limits {
    /// 64 MiB of text, 1000 levels, one million nodes through aliases.
    fn default() -> Self {
        Self {
            max_bytes: 64 << 20,
            max_depth: 1000,
            max_nodes: 1_000_000,
        }
    }
}

/// A document: its tree, and the comments that belong to none of its nodes.
#[derive(Debug)]
pub struct Document {
    /// Its one node.
    pub root: Node,
    /// The comment above the first node, set off by an empty line.
    pub head: String,
    /// The comment below the last node.
    pub foot: String,
}

/// Reads every document of `text`.
///
/// # Errors
/// [`Error::Syntax`] with go-yaml v3's line numbers, [`Error::Decode`] for an alias without an
/// anchor, [`Error::Limit`] when a bound of `limits` is exceeded.
pub fn parse(text: &str, limits: &Limits) -> Result<Vec<Node>, Error> {
    let mut reader = Reader::new(text, limits, Dialect::V3)?;
    let mut documents = Vec::new();
    while let Some(document) = reader.next_document()? {
        documents.push(document.root);
    }
    Ok(documents)
}

/// Reads the first document only; what follows it is not checked. `dialect` decides how go-yaml
/// counts the line of an error, and whether comments are kept. None for a stream without
/// documents.
///
/// # Errors
/// As [`parse`].
pub fn first_document(
    text: &str,
    limits: &Limits,
    dialect: Dialect,
) -> Result<Option<Document>, Error> {
    Reader::new(text, limits, dialect)?.next_document()
}

/// Builds trees from the grammar's events.
struct Reader<'t> {
    grammar: Grammar<'t>,
    max_depth: usize,
    dialect: Dialect,
    /// Anchors defined so far in the document, by name, and their numbers.
    anchors: HashMap<&'t str, usize>,
    anchor_count: usize,
    /// Collections that are not complete, innermost last.
    open: Vec<Node>,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, limits: &Limits, dialect: Dialect) -> Result<Self, Error> {
        // Lines and columns are counted in 32 bits.
        let max_bytes = limits.max_bytes.min(u32::MAX as usize);
        if text.len() > max_bytes {
            return Err(Error::limit(format!(
                "text of {} bytes exceeds the limit of {max_bytes}",
                text.len(),
            )));
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Ok(Self {
            grammar: Grammar::new(text, dialect),
            max_depth: limits.max_depth,
            dialect,
            anchors: HashMap::new(),
            anchor_count: 0,
            open: Vec::new(),
        })
    }

    fn give(&mut self, node: &mut Node, properties: Properties<'t>) {
        if let Some(tag) = &properties.tag {
            node.implicit = tag == "!";
        }
        node.tag = properties.tag;
        if let Some(name) = properties.anchor {
            node.anchor_id = Some(self.anchor_count);
            self.anchors.insert(name, self.anchor_count);
            self.anchor_count += 1;
            node.anchor = Some(name.to_owned());
        }
    }

    fn next_document(&mut self) -> Result<Option<Document>, Error> {
        self.anchors.clear();
        self.anchor_count = 0;
        let mut head = String::new();
        let mut root = None;
        loop {
            let Event {
                step,
                start,
                comments,
            } = self
                .grammar
                .next()
                .map_err(|fault| syntax_error(fault, self.dialect))?;
            let (line, column) = (start.line as usize + 1, start.column as usize + 1);
            let node = match step {
                Step::StreamStart => continue,
                Step::StreamEnd => return Ok(None),
                Step::DocumentStart => {
                    head = comments.map(|comments| comments.head).unwrap_or_default();
                    continue;
                }
                Step::DocumentEnd => {
                    let foot = comments.map(|comments| comments.foot).unwrap_or_default();
                    return Ok(root.map(|root| Document { root, head, foot }));
                }
                Step::CollectionEnd => match self.open.pop() {
                    Some(node) => finish(node, comments),
                    None => continue,
                },
                Step::Alias(name) => {
                    let Some(id) = self.anchors.get(name) else {
                        return Err(unknown_anchor(name, line));
                    };
                    let mut node = Node::new(Kind::Alias, Style::Plain, line, column);
                    node.anchor_id = Some(*id);
                    name.clone_into(&mut node.value);
                    node.comments = comments;
                    node
                }
                Step::Node {
                    kind,
                    style,
                    text,
                    properties,
                } => {
                    let mut node = Node::new(kind, style, line, column);
                    node.value = text.into_owned();
                    node.comments = comments;
                    node.implicit = style == Style::Plain;
                    if let Some(properties) = properties {
                        self.give(&mut node, *properties);
                    }
                    if kind != Kind::Scalar {
                        if self.open.len() >= self.max_depth {
                            return Err(depth_error(self.max_depth, &node));
                        }
                        self.open.push(node);
                        continue;
                    }
                    node
                }
            };
            match self.open.last_mut() {
                Some(parent) => adopt(parent, node),
                None => root = Some(node),
            }
        }
    }
}

/// Gives a complete collection the comments that come with its end.
fn finish(mut node: Node, comments: Option<Box<Comments>>) -> Node {
    let Comments { line, foot, .. } = comments.map(|boxed| *boxed).unwrap_or_default();
    if let Some(comments) = &mut node.comments {
        comments.line = line;
        comments.foot.clear();
    } else if !line.is_empty() {
        node.comments_mut().line = line;
    }
    if foot.is_empty() {
        return node;
    }
    // Below a block mapping the comment is about the last key.
    let last_key = node.children.len().checked_sub(2);
    match last_key.and_then(|at| node.children.get_mut(at)) {
        Some(key) if node.kind == Kind::Mapping && node.style != Style::Flow => {
            key.comments_mut().foot = foot;
        }
        _ => node.comments_mut().foot = foot,
    }
    node
}

/// Adds a node to a collection. In mappings the comment below a value belongs to its key, and the
/// one below a key to the key before.
fn adopt(parent: &mut Node, mut node: Node) {
    if parent.kind != Kind::Mapping || node.foot().is_empty() {
        parent.children.push(node);
        return;
    }
    let count = parent.children.len();
    if count.is_multiple_of(2) {
        if parent.style != Style::Flow && count >= 2 {
            let foot = node.take_foot();
            parent.children[count - 2].comments_mut().foot = foot;
        }
    } else if parent.children[count - 1].foot().is_empty() {
        let foot = node.take_foot();
        parent.children[count - 1].comments_mut().foot = foot;
    }
    parent.children.push(node);
}

pub(crate) fn unknown_anchor(name: &str, line: usize) -> Error {
    Error::decode(format!("unknown anchor '{name}' referenced"), line)
}

/// A node that lies too deep.
pub(crate) fn depth_error(max_depth: usize, node: &Node) -> Error {
    let Node { line, column, .. } = *node;
    Error::limit_at(
        format!("line {line}, column {column}: exceeded max depth of {max_depth}"),
        line,
        column,
    )
}

/// go-yaml's line of an error: it prints the line counted from zero for the grammar's errors and
/// from one for the scanner's, and nothing for line zero. v2 prefers where the problem is, v3
/// where the surrounding construct began.
fn syntax_error(fault: Fault, dialect: Dialect) -> Error {
    let step = usize::from(fault.kind() == FaultKind::Scanner);
    let line = match dialect {
        Dialect::V2 if fault.at() != 0 => fault.at() + step,
        Dialect::V2 => fault.context(),
        Dialect::V3 if fault.context() != 0 => fault.context() + step,
        Dialect::V3 if fault.at() != 0 => fault.at() + step,
        Dialect::V3 => 0,
    };
    Error::Syntax {
        line: (line != 0).then_some(line),
        problem: fault.into_problem(),
    }
}
