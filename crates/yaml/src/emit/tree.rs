//! Trees in their own styles, comments kept: go-yaml v3's encoder as kyaml sets it up.
//!
//! Comments are not written with the node they hang on, but wait for the next place where one of
//! their kind may stand. What is still waiting when the next comment of its kind comes is lost, as
//! in go-yaml.

use std::borrow::Cow;

use super::Generation;
use super::printer::Printer;
use super::scalar::{MAX_SIMPLE_KEY, Spot};
use crate::node::{Kind, Node, STANDARD_TAG, Style};
use crate::parse::Document;

/// Writes documents one after the other.
pub(crate) struct TreeWriter<'n> {
    printer: Printer,
    /// Dashes in the column of the key, not two further in.
    compact: bool,
    begun: bool,
    frames: Vec<Frame<'n>>,
    waiting: Waiting<'n>,
}

/// Comments to be written.
#[derive(Default)]
struct Waiting<'n> {
    head: &'n str,
    line: &'n str,
    foot: &'n str,
    /// Below the pair before.
    tail: &'n str,
    /// Behind a key, until it is clear what its value is.
    key_line: &'n str,
}

impl Waiting<'_> {
    fn follows(&self) -> bool {
        !self.line.is_empty() || !self.foot.is_empty() || !self.tail.is_empty()
    }
}

/// A collection being written.
#[derive(Clone, Copy)]
struct Frame<'n> {
    node: &'n Node,
    place: Place,
    flow: bool,
    /// Index of the next child.
    next: usize,
    /// Whether the last key was written without a question mark.
    simple: bool,
    /// Whether a comment has taken the place behind the last comma.
    trail: bool,
}

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    BlockItem,
    FlowItem,
    Key { simple: bool },
    Value,
}

impl<'n> TreeWriter<'n> {
    /// A writer of documents of about `size` bytes.
    pub(crate) fn new(size: usize) -> Self {
        Self {
            printer: Printer::new(Generation::V3, usize::MAX, size),
            compact: true,
            begun: false,
            frames: Vec::new(),
            waiting: Waiting::default(),
        }
    }

    /// Whether dashes stand in the column of their key, from the next document on.
    pub(crate) fn set_compact(&mut self, compact: bool) {
        self.compact = compact;
    }

    pub(crate) fn into_text(self) -> String {
        self.printer.out
    }

    pub(crate) fn document(&mut self, document: &'n Document) {
        self.write(&document.root, &document.head, &document.foot);
    }

    /// A document that is `root` and nothing else.
    pub(crate) fn bare(&mut self, root: &'n Node) {
        self.write(root, "", "");
    }

    fn write(&mut self, root: &'n Node, head: &'n str, foot: &'n str) {
        if self.begun {
            self.printer.write_indent();
            self.printer.indicator("---", true);
            self.printer.write_indent();
        }
        self.begun = true;
        if !head.is_empty() {
            self.waiting.head = head;
        }
        if !self.waiting.head.is_empty() {
            self.head_comment();
            self.printer.put_break();
        }

        self.await_comments(root, true);
        self.head_comment();
        self.node(root, Place::Root);
        self.comments_behind();
        while let Some(frame) = self.frames.pop() {
            match (frame.flow, frame.node.kind) {
                (false, Kind::Mapping) => self.block_mapping(frame),
                (false, _) => self.block_sequence(frame),
                (true, Kind::Mapping) => self.flow_mapping(frame),
                (true, _) => self.flow_sequence(frame),
            }
        }

        if !foot.is_empty() {
            self.waiting.foot = foot;
        }
        self.printer.foot_indent = Some(0);
        self.foot_comment();
        self.printer.foot_indent = None;
        self.printer.write_indent();
    }

    /// Notes the comments that come with a node's beginning; a collection's others come with its
    /// end. The one below a key comes with the next key.
    fn await_comments(&mut self, node: &'n Node, with_foot: bool) {
        let Some(comments) = node.comments.as_deref() else {
            return;
        };
        let leaf = matches!(node.kind, Kind::Scalar | Kind::Alias);
        let waiting = &mut self.waiting;
        replace(&mut waiting.head, &comments.head);
        if leaf {
            replace(&mut waiting.line, &comments.line);
            if with_foot {
                replace(&mut waiting.foot, &comments.foot);
            }
        }
    }

    /// Notes the comments that come with a collection's end.
    fn await_end_comments(&mut self, frame: &Frame<'n>) {
        if let Some(comments) = frame.node.comments.as_deref() {
            replace(&mut self.waiting.line, &comments.line);
            if !matches!(frame.place, Place::Key { .. }) {
                replace(&mut self.waiting.foot, &comments.foot);
            }
        }
    }

    fn head_comment(&mut self) {
        if !self.waiting.tail.is_empty() {
            self.printer.write_indent();
            self.printer.comment(std::mem::take(&mut self.waiting.tail));
            self.printer.foot_indent = Some(self.printer.indent.unwrap_or(0));
        }
        if !self.waiting.head.is_empty() {
            self.printer.write_indent();
            self.printer.comment(std::mem::take(&mut self.waiting.head));
        }
    }

    fn line_comment(&mut self) {
        if !self.waiting.line.is_empty() {
            self.printer.space();
            self.printer.comment(std::mem::take(&mut self.waiting.line));
        }
    }

    fn foot_comment(&mut self) {
        if !self.waiting.foot.is_empty() {
            self.printer.write_indent();
            self.printer.comment(std::mem::take(&mut self.waiting.foot));
            self.printer.foot_indent = Some(self.printer.indent.unwrap_or(0));
        }
    }

    fn comments_behind(&mut self) {
        self.line_comment();
        self.foot_comment();
    }

    /// As [`comments_behind`](Self::comments_behind) in a flow collection, where the comma comes
    /// first.
    fn comma_and_comments(&mut self) {
        if self.waiting.follows() {
            self.printer.indicator(",", false);
        }
        self.comments_behind();
    }

    /// A scalar, or the beginning of a collection whose children are then to be written.
    fn node(&mut self, node: &'n Node, place: Place) {
        if let Some(anchor) = &node.anchor
            && node.kind != Kind::Alias
        {
            self.printer.indicator("&", true);
            self.printer.indicator(anchor, false);
        }
        if let Some(tag) = written_tag(node) {
            let (handle, suffix) = split_tag(tag);
            self.printer.tag(handle, &suffix);
        }
        match node.kind {
            Kind::Alias => {
                self.printer.indicator("*", true);
                self.printer.indicator(&node.value, false);
            }
            Kind::Scalar => self.scalar(node, place),
            Kind::Sequence | Kind::Mapping => self.begin(node, place),
        }
    }

    fn scalar(&mut self, node: &'n Node, place: Place) {
        let style = match node.style {
            Style::Plain if node.value.contains('\n') => Style::Literal,
            style => style,
        };
        let spot = Spot {
            simple_key: place == Place::Key { simple: true },
            in_item: place == Place::BlockItem,
        };
        let analysis = self.printer.analyze(&node.value);
        let line = self.waiting.line;
        if self
            .printer
            .scalar(&node.value, style, analysis, spot, line)
        {
            self.waiting.line = "";
        }
    }

    fn begin(&mut self, node: &'n Node, place: Place) {
        let flow =
            self.printer.flow_level > 0 || node.style == Style::Flow || node.children.is_empty();
        self.frames.push(Frame {
            node,
            place,
            flow,
            next: 0,
            simple: false,
            trail: false,
        });
    }

    /// Enters a collection before its first child.
    fn enter(&mut self, frame: &Frame<'n>) {
        if frame.next > 0 {
            return;
        }
        let in_item = frame.place == Place::BlockItem;
        if frame.flow {
            let bracket = if frame.node.kind == Kind::Mapping {
                "{"
            } else {
                "["
            };
            self.printer.opening(bracket);
            self.printer.enter(true, in_item, false);
            self.printer.flow_level += 1;
            return;
        }
        let level = frame.node.kind == Kind::Sequence
            && self.compact
            && matches!(frame.place, Place::Key { .. } | Place::Value)
            && (self.printer.column == 0 || !self.printer.indention);
        self.printer.enter(false, in_item, level);
    }

    fn block_sequence(&mut self, mut frame: Frame<'n>) {
        self.enter(&frame);
        let Some(child) = frame.node.children.get(frame.next) else {
            self.await_end_comments(&frame);
            self.printer.leave();
            return;
        };
        frame.next += 1;
        self.frames.push(frame);
        self.await_comments(child, true);
        self.head_comment();
        self.printer.write_indent();
        self.printer.indention_indicator("-");
        self.node(child, Place::BlockItem);
        self.comments_behind();
    }

    /// Notes the comments of the next key, and the one below the key before.
    fn await_key(&mut self, frame: &Frame<'n>, key: &'n Node) {
        self.await_comments(key, false);
        if frame.next >= 2 && matches!(key.kind, Kind::Scalar | Kind::Mapping) {
            replace(
                &mut self.waiting.tail,
                frame.node.children[frame.next - 2].foot(),
            );
        }
    }

    fn await_mapping_end(&mut self, frame: &Frame<'n>) {
        if frame.next >= 2 {
            replace(
                &mut self.waiting.tail,
                frame.node.children[frame.next - 2].foot(),
            );
        }
        self.await_end_comments(frame);
    }

    fn block_mapping(&mut self, mut frame: Frame<'n>) {
        self.enter(&frame);
        let Some(child) = frame.node.children.get(frame.next) else {
            self.await_mapping_end(&frame);
            self.head_comment();
            self.printer.leave();
            return;
        };
        let is_key = frame.next.is_multiple_of(2);
        if is_key {
            self.await_key(&frame, child);
            self.head_comment();
            self.printer.write_indent();
            if !self.waiting.line.is_empty() {
                self.waiting.key_line = std::mem::take(&mut self.waiting.line);
            }
            frame.simple = self.is_simple_key(child);
            if !frame.simple {
                self.printer.indention_indicator("?");
            }
            frame.next += 1;
            self.frames.push(frame);
            self.node(
                child,
                Place::Key {
                    simple: frame.simple,
                },
            );
            return;
        }
        frame.next += 1;
        self.frames.push(frame);
        self.await_comments(child, true);
        if frame.simple {
            self.printer.indicator(":", false);
        } else {
            self.printer.write_indent();
            self.printer.indention_indicator(":");
        }
        self.pass_key_comment(child);
        self.node(child, Place::Value);
        self.comments_behind();
    }

    /// The comment behind a key goes behind a scalar value, but before a block collection.
    fn pass_key_comment(&mut self, value: &'n Node) {
        if self.waiting.key_line.is_empty() {
            return;
        }
        match value.kind {
            Kind::Scalar if self.waiting.line.is_empty() => {
                self.waiting.line = std::mem::take(&mut self.waiting.key_line);
            }
            Kind::Sequence | Kind::Mapping if value.style != Style::Flow => {
                let line = self.waiting.line;
                self.waiting.line = std::mem::take(&mut self.waiting.key_line);
                self.line_comment();
                self.waiting.line = line;
            }
            _ => {}
        }
    }

    fn flow_sequence(&mut self, mut frame: Frame<'n>) {
        self.enter(&frame);
        let Some(child) = frame.node.children.get(frame.next) else {
            self.await_end_comments(&frame);
            self.printer.flow_level -= 1;
            self.printer.leave();
            if self.printer.column == 0 {
                self.printer.write_indent();
            }
            self.printer.indicator("]", false);
            self.comments_behind();
            return;
        };
        self.await_comments(child, true);
        if frame.next > 0 && !frame.trail {
            self.printer.indicator(",", false);
        }
        self.head_comment();
        if self.printer.column == 0 {
            self.printer.write_indent();
        }
        frame.trail = self.waiting.follows();
        frame.next += 1;
        self.frames.push(frame);
        self.node(child, Place::FlowItem);
        self.comma_and_comments();
    }

    fn flow_mapping(&mut self, mut frame: Frame<'n>) {
        self.enter(&frame);
        let Some(child) = frame.node.children.get(frame.next) else {
            self.end_flow_mapping(&frame);
            return;
        };
        if frame.next.is_multiple_of(2) {
            self.await_key(&frame, child);
            if frame.next > 0 && !frame.trail {
                self.printer.indicator(",", false);
            }
            self.head_comment();
            if self.printer.column == 0 {
                self.printer.write_indent();
            }
            frame.simple = self.is_simple_key(child);
            if !frame.simple {
                self.printer.indicator("?", true);
            }
            frame.next += 1;
            self.frames.push(frame);
            self.node(
                child,
                Place::Key {
                    simple: frame.simple,
                },
            );
            return;
        }
        self.await_comments(child, true);
        self.printer.indicator(":", !frame.simple);
        frame.trail = self.waiting.follows();
        frame.next += 1;
        self.frames.push(frame);
        self.node(child, Place::Value);
        self.comma_and_comments();
    }

    fn end_flow_mapping(&mut self, frame: &Frame<'n>) {
        self.await_mapping_end(frame);
        let waiting = &self.waiting;
        let comments =
            !waiting.head.is_empty() || !waiting.foot.is_empty() || !waiting.tail.is_empty();
        if comments && frame.next > 0 && !frame.trail {
            self.printer.indicator(",", false);
        }
        self.head_comment();
        self.printer.flow_level -= 1;
        self.printer.leave();
        self.printer.indicator("}", false);
        self.comments_behind();
    }

    /// Whether a key is short and takes one line.
    fn is_simple_key(&self, key: &Node) -> bool {
        let mut length = key.anchor.as_ref().map_or(0, String::len);
        if let Some(tag) = written_tag(key) {
            let (handle, suffix) = split_tag(tag);
            length += handle.len() + suffix.len();
        }
        match key.kind {
            Kind::Alias => length = key.value.len(),
            Kind::Scalar => {
                if self.printer.analyze(&key.value).multiline {
                    return false;
                }
                length += key.value.len();
            }
            Kind::Sequence | Kind::Mapping => {
                if !key.children.is_empty() {
                    return false;
                }
            }
        }
        length <= MAX_SIMPLE_KEY
    }
}

/// A comment replaces the one that waits.
fn replace<'n>(waiting: &mut &'n str, comment: &'n str) {
    if !comment.is_empty() {
        *waiting = comment;
    }
}

/// The tag to write: the one in the text, or the one that tells a merge key from a string, where
/// go-yaml does not see that it is one in any case.
fn written_tag(node: &Node) -> Option<&str> {
    let written = node.tag.as_deref().filter(|tag| *tag != "!");
    let merge = node.kind == Kind::Scalar && node.style == Style::Plain && node.value == "<<";
    written.or(merge.then_some("!!merge"))
}

/// A tag as handle and suffix; a verbatim one has no handle.
fn split_tag(tag: &str) -> (&'static str, Cow<'_, str>) {
    if let Some(suffix) = tag.strip_prefix("!!").or(tag.strip_prefix(STANDARD_TAG)) {
        ("!!", Cow::Borrowed(suffix))
    } else if let Some(suffix) = tag.strip_prefix('!') {
        ("!", Cow::Borrowed(suffix))
    } else {
        ("", Cow::Borrowed(tag))
    }
}
