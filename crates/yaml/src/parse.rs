//! From text to [`Node`] trees, over libyaml's event stream.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;

use libyaml_safer as libyaml;
use libyaml_safer::{Encoding, ErrorKind, EventData, MappingStyle, ScalarStyle, SequenceStyle};

use crate::node::{Kind, Node, Style};
use crate::source::{Fault, Source};
use crate::{Dialect, Error};

/// Bounds on what a text may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest text accepted, in bytes.
    pub max_bytes: usize,
    /// Deepest nesting of collections, aliases expanded.
    pub max_depth: usize,
    /// Most nodes that may come into being through aliases.
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

/// Reads every document of `text`.
///
/// # Errors
/// [`Error::Syntax`] with go-yaml v3's line numbers, [`Error::Decode`] for an alias without an
/// anchor, [`Error::Limit`] when a bound of `limits` is exceeded.
pub fn parse(text: &str, limits: &Limits) -> Result<Vec<Node>, Error> {
    read(text, limits, Dialect::V3, |reader| {
        let mut documents = Vec::new();
        while let Some(node) = reader.next_document()? {
            documents.push(node);
        }
        Ok(documents)
    })
}

/// Reads the first document only; what follows it is not checked. `dialect` decides how go-yaml
/// counts the line of an error. None for a stream without documents.
pub(crate) fn first_document(
    text: &str,
    limits: &Limits,
    dialect: Dialect,
) -> Result<Option<Node>, Error> {
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the path has one lifetime only"
    )]
    read(text, limits, dialect, |reader| reader.only_document())
}

/// Runs `work` over the text, again after every fault of the scanner that a go-yaml scanner would
/// not find and that [`Source`] can write around.
fn read<T>(
    text: &str,
    limits: &Limits,
    dialect: Dialect,
    work: impl Fn(&mut Reader<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut source = Source::new(text, limits)?;
    if let Some(line) = source.incompatible_version() {
        return Err(incompatible(line));
    }
    loop {
        let mut reader = Reader::new(&source, limits, dialect);
        match work(&mut reader) {
            Ok(result) => return Ok(result),
            Err(error) => {
                let fault = reader.fault;
                if !fault.is_some_and(|fault| source.write_around(fault)) {
                    return Err(error);
                }
            }
        }
    }
}

/// `line` counts from zero, as go-yaml prints it for parser errors.
fn incompatible(line: usize) -> Error {
    Error::Syntax {
        line: (line != 0).then_some(line),
        problem: "found incompatible YAML document".to_owned(),
    }
}

struct Reader<'t> {
    source: &'t Source<'t>,
    parser: libyaml::Parser<&'t [u8]>,
    max_depth: usize,
    dialect: Dialect,
    anchors: HashMap<String, usize>,
    anchor_count: usize,
    /// Byte position behind the last event.
    reached: usize,
    fault: Option<Fault>,
    scanner_failed: bool,
}

impl<'t> Reader<'t> {
    fn new(source: &'t Source<'t>, limits: &Limits, dialect: Dialect) -> Self {
        let mut parser = libyaml::Parser::new();
        parser.set_encoding(Encoding::Utf8);
        parser.set_input(source.bytes());
        Self {
            source,
            parser,
            max_depth: limits.max_depth,
            dialect,
            anchors: HashMap::new(),
            anchor_count: 0,
            reached: 0,
            fault: None,
            scanner_failed: false,
        }
    }

    /// The first document. go-yaml v3 looks at the token behind it, in search of comments, and so
    /// finds faults of the scanner there.
    fn only_document(&mut self) -> Result<Option<Node>, Error> {
        let document = self.next_document()?;
        if document.is_some() && self.dialect == Dialect::V3 {
            let next = self.next_event();
            if self.scanner_failed {
                next?;
            }
        }
        Ok(document)
    }

    fn next_document(&mut self) -> Result<Option<Node>, Error> {
        self.anchors.clear();
        self.anchor_count = 0;
        let mut open: Vec<Node> = Vec::new();
        let mut root = None;
        loop {
            let event = self.next_event()?;
            let line = position(event.start_mark.line);
            let column = position(event.start_mark.column);
            let node = match event.data {
                EventData::StreamStart { .. } => continue,
                EventData::DocumentStart {
                    version_directive, ..
                } => {
                    if version_directive
                        .is_some_and(|version| (version.major, version.minor) != (1, 1))
                    {
                        return Err(incompatible(line - 1));
                    }
                    continue;
                }
                EventData::StreamEnd => return Ok(None),
                EventData::DocumentEnd { .. } => return Ok(root),
                EventData::SequenceEnd | EventData::MappingEnd => match open.pop() {
                    Some(node) => node,
                    None => continue,
                },
                EventData::Alias { anchor } => self.alias(anchor, line, column)?,
                EventData::Scalar {
                    anchor,
                    tag,
                    value,
                    plain_implicit,
                    style,
                    ..
                } => {
                    let mut node = leaf(Kind::Scalar, scalar_style(style), line, column);
                    node.value = value;
                    self.source.restore(&mut node.value);
                    self.source
                        .mend_block_scalar(&mut node, event.end_mark.index);
                    self.check_escapes(&node, &event.start_mark, &event.end_mark)?;
                    node.tag = tag;
                    node.implicit = plain_implicit;
                    self.define(&mut node, anchor);
                    node
                }
                EventData::SequenceStart {
                    anchor, tag, style, ..
                } => {
                    let style = match style {
                        SequenceStyle::Flow => Style::Flow,
                        _ => Style::Block,
                    };
                    let mut node = leaf(Kind::Sequence, style, line, column);
                    node.tag = tag;
                    self.define(&mut node, anchor);
                    self.enter(&mut open, node)?;
                    continue;
                }
                EventData::MappingStart {
                    anchor, tag, style, ..
                } => {
                    let style = match style {
                        MappingStyle::Flow => Style::Flow,
                        _ => Style::Block,
                    };
                    let mut node = leaf(Kind::Mapping, style, line, column);
                    node.tag = tag;
                    self.define(&mut node, anchor);
                    self.enter(&mut open, node)?;
                    continue;
                }
            };
            match open.last_mut() {
                Some(parent) => parent.children.push(node),
                None => root = Some(node),
            }
        }
    }

    /// The scanner panics on a tag followed by a comma in a flow collection, which go-yaml takes
    /// for part of the tag.
    fn next_event(&mut self) -> Result<libyaml::Event, Error> {
        match std::panic::catch_unwind(AssertUnwindSafe(|| self.parser.parse())) {
            Ok(Ok(event)) => {
                self.reached = offset(event.end_mark.index);
                Ok(event)
            }
            Ok(Err(error)) => {
                self.scanner_failed = error.kind() == ErrorKind::Scanner;
                self.fault = error
                    .problem_mark()
                    .and_then(|mark| Fault::of(error.problem(), offset(mark.index)));
                Err(syntax_error(&error, self.source, self.dialect))
            }
            Err(_) => {
                self.fault = Some(Fault::TagInFlow {
                    after: self.reached,
                });
                Err(Error::Syntax {
                    line: None,
                    problem: "did not find expected whitespace or line break".to_owned(),
                })
            }
        }
    }

    /// The scanner knows JSON's `\\/`, go-yaml does not.
    fn check_escapes(
        &self,
        node: &Node,
        start: &libyaml::Mark,
        end: &libyaml::Mark,
    ) -> Result<(), Error> {
        if node.style != Style::DoubleQuoted {
            return Ok(());
        }
        match self
            .source
            .slash_escape(offset(start.index), offset(end.index))
        {
            None => Ok(()),
            Some(breaks) => {
                let first = node.line - 1;
                let line = match self.dialect {
                    Dialect::V3 if first != 0 => first + 1,
                    _ if first + breaks != 0 => first + breaks + 1,
                    _ => 0,
                };
                Err(Error::Syntax {
                    line: (line != 0).then_some(line),
                    problem: "found unknown escape character".to_owned(),
                })
            }
        }
    }

    fn enter(&self, open: &mut Vec<Node>, node: Node) -> Result<(), Error> {
        if open.len() >= self.max_depth {
            return Err(depth_error(self.max_depth));
        }
        open.push(node);
        Ok(())
    }

    fn define(&mut self, node: &mut Node, anchor: Option<String>) {
        if let Some(name) = anchor {
            node.anchor_id = Some(self.anchor_count);
            self.anchors.insert(name.clone(), self.anchor_count);
            self.anchor_count += 1;
            node.anchor = Some(name);
        }
    }

    fn alias(&self, name: String, line: usize, column: usize) -> Result<Node, Error> {
        let Some(id) = self.anchors.get(&name) else {
            return Err(unknown_anchor(&name, line));
        };
        let mut node = leaf(Kind::Alias, Style::Plain, line, column);
        node.anchor_id = Some(*id);
        node.value = name;
        Ok(node)
    }
}

pub(crate) fn unknown_anchor(name: &str, line: usize) -> Error {
    Error::decode(format!("unknown anchor '{name}' referenced"), line)
}

pub(crate) fn depth_error(max_depth: usize) -> Error {
    Error::limit(format!("exceeded max depth of {max_depth}"))
}

fn leaf(kind: Kind, style: Style, line: usize, column: usize) -> Node {
    Node {
        kind,
        tag: None,
        value: String::new(),
        style,
        anchor: None,
        comments: None,
        line,
        column,
        children: Vec::new(),
        implicit: false,
        anchor_id: None,
    }
}

fn scalar_style(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::SingleQuoted => Style::SingleQuoted,
        ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
        _ => Style::Plain,
    }
}

fn offset(index: u64) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}

fn position(zero_based: u64) -> usize {
    usize::try_from(zero_based).unwrap_or(usize::MAX - 1) + 1
}

/// go-yaml's line of an error: it prints libyaml's 0-based line for parser errors and the 1-based
/// one for scanner errors, and nothing for line zero. v2 prefers where the problem is, v3 where
/// the surrounding construct began.
fn syntax_error(error: &libyaml::Error, source: &Source<'_>, dialect: Dialect) -> Error {
    // Only this error keeps the position itself; others at the end stand on a line of their own.
    let cut_short = error.problem() == "found unexpected end of stream";
    let line_of = |mark: Option<libyaml::Mark>| {
        mark.map_or(0, |mark| {
            let added = cut_short && source.is_past_end(offset(mark.index));
            offset(mark.line) - usize::from(added)
        })
    };
    let step = usize::from(error.kind() == ErrorKind::Scanner);
    let problem = line_of(error.problem_mark());
    let context = line_of(error.context_mark());
    let line = match dialect {
        Dialect::V2 if problem != 0 => problem + step,
        Dialect::V2 => context,
        Dialect::V3 if context != 0 => context + step,
        Dialect::V3 if problem != 0 => problem + step,
        Dialect::V3 => 0,
    };
    let problem = match error.problem() {
        _ if cut_short && source.ends_in_escape() => "found unknown escape character",
        problem => problem,
    };
    Error::Syntax {
        line: (line != 0).then_some(line),
        problem: problem.to_owned(),
    }
}
