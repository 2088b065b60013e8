//! The grammar of nodes: properties, block and flow collections.

use std::borrow::Cow;

use super::event::{Event, Properties, Step};
use super::grammar::{Grammar, State, empty_scalar, event, fault};
use crate::node::{Kind, Style};
use crate::scan::{Fault, Lexeme, Mark, Tag};

impl<'t> Grammar<'t> {
    /// A node with its properties; `block` where block collections may stand, `indentless` where
    /// a sequence may begin without indentation.
    pub(super) fn node(&mut self, block: bool, indentless: bool) -> Result<Event<'t>, Fault> {
        let token = self.peek()?;
        let start = token.start;
        if let Lexeme::Alias(name) = token.lexeme {
            self.leave();
            let mut found = event(Step::Alias(name), start);
            found.comments = self.take_comments();
            self.pass();
            return Ok(found);
        }
        let properties = self.properties(start)?;
        let token = self.peek()?;
        let at = token.start;
        let (kind, style, next) = match &token.lexeme {
            Lexeme::BlockEntry if indentless => {
                (Kind::Sequence, Style::Block, State::IndentlessSequence)
            }
            Lexeme::Scalar { style, .. } => {
                let style = *style;
                let found = self.scalar(style, properties, start);
                return Ok(found);
            }
            Lexeme::FlowSequenceStart => (
                Kind::Sequence,
                Style::Flow,
                State::FlowSequence { first: true },
            ),
            Lexeme::FlowMappingStart => {
                (Kind::Mapping, Style::Flow, State::FlowKey { first: true })
            }
            Lexeme::BlockSequenceStart if block => (
                Kind::Sequence,
                Style::Block,
                State::BlockSequence { first: true },
            ),
            Lexeme::BlockMappingStart if block => {
                (Kind::Mapping, Style::Block, State::BlockKey { first: true })
            }
            _ if properties.is_some() => {
                self.leave();
                return Ok(node(Kind::Scalar, Style::Plain, properties, start));
            }
            _ => return Err(fault(start, at, "did not find expected node content")),
        };
        self.state = next;
        let mut found = node(kind, style, properties, start);
        if style == Style::Flow {
            found.comments = self.take_comments();
        } else if next != State::IndentlessSequence && !self.stem.is_empty() {
            found.comments = Some(Box::new(crate::node::Comments {
                head: std::mem::take(&mut self.stem),
                ..Default::default()
            }));
        }
        Ok(found)
    }

    fn scalar(
        &mut self,
        style: Style,
        properties: Option<Box<Properties<'t>>>,
        start: Mark,
    ) -> Event<'t> {
        self.leave();
        let comments = self.take_comments();
        let text = self.scanner.take_text();
        self.pass();
        Event {
            step: Step::Node {
                kind: Kind::Scalar,
                style,
                text,
                properties,
            },
            start,
            comments,
        }
    }

    /// An anchor and a tag, in any order.
    fn properties(&mut self, start: Mark) -> Result<Option<Box<Properties<'t>>>, Fault> {
        let mut found = Properties::default();
        let mut written = None;
        loop {
            let token = self.peek()?;
            match &token.lexeme {
                Lexeme::Anchor(name) if found.anchor.is_none() => found.anchor = Some(name),
                Lexeme::Tag(tag) if written.is_none() => written = Some((tag.clone(), token.start)),
                _ => break,
            }
            self.pass();
        }
        if let Some((tag, at)) = written {
            found.tag = self.long_tag(*tag, start, at)?;
        }
        let any = found.anchor.is_some() || found.tag.is_some();
        Ok(any.then(|| Box::new(found)))
    }

    fn long_tag(&self, tag: Tag<'t>, start: Mark, at: Mark) -> Result<Option<String>, Fault> {
        let Tag { handle, suffix } = tag;
        if handle.is_empty() {
            return Ok(Some(suffix.into_owned()).filter(|tag| !tag.is_empty()));
        }
        let known = self.tags.iter().find(|(known, _)| known == handle);
        match known {
            Some((_, prefix)) if !(prefix.is_empty() && suffix.is_empty()) => {
                Ok(Some(format!("{prefix}{suffix}")))
            }
            _ => Err(fault(start, at, "found undefined tag handle")),
        }
    }

    /// Passes the token that begins a collection.
    fn begin(&mut self) -> Result<(), Fault> {
        let mark = self.peek()?.start;
        self.marks.push(mark);
        self.pass();
        Ok(())
    }

    /// Ends a collection at the next token.
    fn end(&mut self, with_comments: bool) -> Result<Event<'t>, Fault> {
        let start = self.peek()?.start;
        self.leave();
        self.marks.pop();
        let mut ended = event(Step::CollectionEnd, start);
        if with_comments {
            ended.comments = self.take_comments();
        }
        self.pass();
        Ok(ended)
    }

    fn unexpected(&mut self, problem: &'static str) -> Result<Event<'t>, Fault> {
        let at = self.peek()?.start;
        let context = self.marks.pop().unwrap_or_default();
        Err(fault(context, at, problem))
    }

    /// A child node, after which the grammar is in `state` again, or an empty one if the next
    /// token is none that begins a node.
    fn child(
        &mut self,
        present: bool,
        state: State,
        empty_at: Mark,
        block: bool,
        indentless: bool,
    ) -> Result<Event<'t>, Fault> {
        if present {
            self.states.push(state);
            self.node(block, indentless)
        } else {
            self.state = state;
            Ok(empty_scalar(empty_at))
        }
    }

    pub(super) fn block_sequence(&mut self, first: bool) -> Result<Event<'t>, Fault> {
        if first {
            self.begin()?;
        }
        let token = self.peek()?;
        match token.lexeme {
            Lexeme::BlockEntry => {
                let end = token.end();
                self.pass_dash();
                let next = &self.peek()?.lexeme;
                let present = !matches!(next, Lexeme::BlockEntry | Lexeme::BlockEnd);
                let state = State::BlockSequence { first: false };
                self.child(present, state, end, true, false)
            }
            Lexeme::BlockEnd => self.end(false),
            _ => self.unexpected("did not find expected '-' indicator"),
        }
    }

    pub(super) fn indentless_sequence(&mut self) -> Result<Event<'t>, Fault> {
        let token = self.peek()?;
        let (start, end) = (token.start, token.end());
        if token.lexeme != Lexeme::BlockEntry {
            self.leave();
            return Ok(event(Step::CollectionEnd, start));
        }
        self.pass_dash();
        let next = &self.peek()?.lexeme;
        let present = !matches!(
            next,
            Lexeme::BlockEntry | Lexeme::Key | Lexeme::Value | Lexeme::BlockEnd
        );
        self.child(present, State::IndentlessSequence, end, true, false)
    }

    /// A comment above the dash belongs to the collection behind it, one behind the dash to that
    /// collection's first entry.
    fn pass_dash(&mut self) {
        let above = self.waiting.head.len();
        self.pass();
        if above == 0 {
            return;
        }
        let begins = match self.peek() {
            Ok(token) => matches!(
                token.lexeme,
                Lexeme::BlockSequenceStart | Lexeme::BlockMappingStart
            ),
            Err(fault) => {
                self.overlooked.get_or_insert(fault);
                false
            }
        };
        if begins {
            let head = std::mem::take(&mut self.waiting.head);
            head.get(above + 1..)
                .unwrap_or_default()
                .clone_into(&mut self.waiting.head);
            head[..above].clone_into(&mut self.stem);
        }
    }

    pub(super) fn block_key(&mut self, first: bool) -> Result<Event<'t>, Fault> {
        if first {
            self.begin()?;
        }
        let token = self.peek()?;
        match token.lexeme {
            Lexeme::Key => {
                let end = token.end();
                self.pass();
                self.block_pair_part(State::BlockValue, end)
            }
            Lexeme::BlockEnd => self.end(true),
            _ => self.unexpected("did not find expected key"),
        }
    }

    pub(super) fn block_value(&mut self) -> Result<Event<'t>, Fault> {
        let token = self.peek()?;
        let (start, end) = (token.start, token.end());
        let state = State::BlockKey { first: false };
        if token.lexeme != Lexeme::Value {
            self.state = state;
            return Ok(empty_scalar(start));
        }
        self.pass();
        self.block_pair_part(state, end)
    }

    fn block_pair_part(&mut self, state: State, empty_at: Mark) -> Result<Event<'t>, Fault> {
        let next = &self.peek()?.lexeme;
        let present = !matches!(next, Lexeme::Key | Lexeme::Value | Lexeme::BlockEnd);
        self.child(present, state, empty_at, true, true)
    }

    pub(super) fn flow_sequence(&mut self, first: bool) -> Result<Event<'t>, Fault> {
        if first {
            self.begin()?;
        }
        if self.peek()?.lexeme != Lexeme::FlowSequenceEnd {
            if !first {
                if self.peek()?.lexeme != Lexeme::FlowEntry {
                    return self.unexpected("did not find expected ',' or ']'");
                }
                self.pass();
            }
            let token = self.peek()?;
            let start = token.start;
            match token.lexeme {
                Lexeme::Key => {
                    self.pass();
                    self.state = State::PairKey;
                    return Ok(node(Kind::Mapping, Style::Flow, None, start));
                }
                Lexeme::FlowSequenceEnd => {}
                _ => {
                    self.states.push(State::FlowSequence { first: false });
                    return self.node(false, false);
                }
            }
        }
        self.end(true)
    }

    pub(super) fn pair_key(&mut self) -> Result<Event<'t>, Fault> {
        let token = self.peek()?;
        let end = token.end();
        let present = !matches!(
            token.lexeme,
            Lexeme::Value | Lexeme::FlowEntry | Lexeme::FlowSequenceEnd
        );
        if !present {
            // go-yaml loses the token here, so that `[? : a]` is an error.
            self.pass();
        }
        self.child(present, State::PairValue, end, false, false)
    }

    pub(super) fn pair_value(&mut self) -> Result<Event<'t>, Fault> {
        let token = self.peek()?;
        let start = token.start;
        let mut present = false;
        if token.lexeme == Lexeme::Value {
            self.pass();
            let next = self.peek()?;
            present = !matches!(next.lexeme, Lexeme::FlowEntry | Lexeme::FlowSequenceEnd);
        }
        self.child(present, State::PairEnd, start, false, false)
    }

    pub(super) fn flow_key(&mut self, first: bool) -> Result<Event<'t>, Fault> {
        if first {
            self.begin()?;
        }
        if self.peek()?.lexeme != Lexeme::FlowMappingEnd {
            if !first {
                if self.peek()?.lexeme != Lexeme::FlowEntry {
                    return self.unexpected("did not find expected ',' or '}'");
                }
                self.pass();
            }
            match self.peek()?.lexeme {
                Lexeme::Key => {
                    self.pass();
                    return self.flow_pair_part(State::FlowValue);
                }
                Lexeme::FlowMappingEnd => {}
                _ => {
                    self.states.push(State::FlowNoValue);
                    return self.node(false, false);
                }
            }
        }
        self.end(true)
    }

    pub(super) fn flow_value(&mut self) -> Result<Event<'t>, Fault> {
        let token = self.peek()?;
        let start = token.start;
        let state = State::FlowKey { first: false };
        if token.lexeme != Lexeme::Value {
            self.state = state;
            return Ok(empty_scalar(start));
        }
        self.pass();
        let next = self.peek()?;
        let start = next.start;
        let present = !matches!(next.lexeme, Lexeme::FlowEntry | Lexeme::FlowMappingEnd);
        self.child(present, state, start, false, false)
    }

    fn flow_pair_part(&mut self, state: State) -> Result<Event<'t>, Fault> {
        let next = self.peek()?;
        let start = next.start;
        let present = !matches!(
            next.lexeme,
            Lexeme::Value | Lexeme::FlowEntry | Lexeme::FlowMappingEnd
        );
        self.child(present, state, start, false, false)
    }
}

fn node(
    kind: Kind,
    style: Style,
    properties: Option<Box<Properties<'_>>>,
    start: Mark,
) -> Event<'_> {
    event(
        Step::Node {
            kind,
            style,
            text: Cow::Borrowed(""),
            properties,
        },
        start,
    )
}
