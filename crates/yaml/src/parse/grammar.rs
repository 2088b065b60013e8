//! The grammar of YAML over the scanner's tokens: a stack of states, one event at a time.

use std::borrow::Cow;

use super::event::{Event, Step};
use crate::Dialect;
use crate::node::{Comments, Kind, STANDARD_TAG, Style};
use crate::scan::{Fault, FaultKind, Lexeme, Mark, Place, Scanner, Token};

/// What the grammar expects next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    StreamStart,
    /// A document without `---` may follow.
    BareDocument,
    DocumentStart,
    DocumentContent,
    DocumentEnd,
    BlockNode,
    BlockSequence {
        first: bool,
    },
    /// A sequence in a mapping whose dashes stand in the column of the key.
    IndentlessSequence,
    BlockKey {
        first: bool,
    },
    BlockValue,
    FlowSequence {
        first: bool,
    },
    /// A pair in a flow sequence is a mapping of its own.
    PairKey,
    PairValue,
    PairEnd,
    FlowKey {
        first: bool,
    },
    FlowValue,
    /// A key without a colon.
    FlowNoValue,
    End,
}

/// Turns tokens into events.
pub(super) struct Grammar<'t> {
    pub(super) scanner: Scanner<'t>,
    pub(super) state: State,
    /// States to return to.
    pub(super) states: Vec<State>,
    /// Where the open collections begin, for error texts.
    pub(super) marks: Vec<Mark>,
    /// Handles and what they stand for.
    pub(super) tags: Vec<(Cow<'t, str>, Cow<'t, str>)>,
    /// Comments that wait for the event they belong to.
    pub(super) waiting: Comments,
    /// A head comment for the collection that begins behind a dash.
    pub(super) stem: String,
    /// A fault that go-yaml overlooks at first: it reports what it stumbles over next, if
    /// anything.
    pub(super) overlooked: Option<Fault>,
}

pub(super) fn fault(context: Mark, at: Mark, problem: &'static str) -> Fault {
    Fault::new(FaultKind::Grammar, context.line, at.line, problem)
}

/// An event without comments.
pub(super) fn event(step: Step<'_>, start: Mark) -> Event<'_> {
    Event {
        step,
        start,
        comments: None,
    }
}

/// A node that is not there.
pub(super) fn empty_scalar<'t>(start: Mark) -> Event<'t> {
    event(
        Step::Node {
            kind: Kind::Scalar,
            style: Style::Plain,
            text: Cow::Borrowed(""),
            properties: None,
        },
        start,
    )
}

impl<'t> Grammar<'t> {
    pub(super) fn new(text: &'t str, dialect: Dialect) -> Self {
        Self {
            scanner: Scanner::new(text, dialect),
            state: State::StreamStart,
            states: Vec::new(),
            marks: Vec::new(),
            tags: Vec::new(),
            waiting: Comments::default(),
            stem: String::new(),
            overlooked: None,
        }
    }

    pub(super) fn next(&mut self) -> Result<Event<'t>, Fault> {
        let event = self.step()?;
        match self.overlooked.take() {
            Some(fault) => Err(fault),
            None => Ok(event),
        }
    }

    fn step(&mut self) -> Result<Event<'t>, Fault> {
        match self.state {
            State::StreamStart => {
                let start = self.peek()?.start;
                self.pass();
                self.state = State::BareDocument;
                Ok(event(Step::StreamStart, start))
            }
            State::BareDocument => self.document_start(true),
            State::DocumentStart => self.document_start(false),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::BlockNode => self.node(true, false),
            State::BlockSequence { first } => self.block_sequence(first),
            State::IndentlessSequence => self.indentless_sequence(),
            State::BlockKey { first } => self.block_key(first),
            State::BlockValue => self.block_value(),
            State::FlowSequence { first } => self.flow_sequence(first),
            State::PairKey => self.pair_key(),
            State::PairValue => self.pair_value(),
            State::PairEnd => {
                let start = self.peek()?.start;
                self.state = State::FlowSequence { first: false };
                Ok(event(Step::CollectionEnd, start))
            }
            State::FlowKey { first } => self.flow_key(first),
            State::FlowValue => self.flow_value(),
            State::FlowNoValue => {
                let start = self.peek()?.start;
                self.state = State::FlowKey { first: false };
                Ok(empty_scalar(start))
            }
            State::End => Ok(event(Step::StreamEnd, Mark::default())),
        }
    }

    /// The next token; comments due with it are waiting from now on.
    pub(super) fn peek(&mut self) -> Result<&Token<'t>, Fault> {
        if !self.scanner.is_ready() {
            self.scanner.make_ready()?;
            self.gather_comments();
        }
        Ok(self.scanner.head())
    }

    fn gather_comments(&mut self) {
        let token = self.scanner.head();
        let (index, ends) = (token.start.index, token.lexeme == Lexeme::BlockEnd);
        while let Some(comment) = self.scanner.comment_until(index, ends) {
            let waiting = match comment.place {
                Place::Head => &mut self.waiting.head,
                Place::Line => &mut self.waiting.line,
                Place::Foot => &mut self.waiting.foot,
            };
            if !waiting.is_empty() {
                waiting.push('\n');
            }
            waiting.push_str(&comment.text);
        }
    }

    /// Passes the token last peeked at.
    pub(super) fn pass(&mut self) {
        self.scanner.pass();
    }

    pub(super) fn leave(&mut self) {
        self.state = self.states.pop().unwrap_or(State::End);
    }

    pub(super) fn take_comments(&mut self) -> Option<Box<Comments>> {
        self.stem.clear();
        if self.waiting == Comments::default() {
            return None;
        }
        Some(Box::new(std::mem::take(&mut self.waiting)))
    }

    fn document_start(&mut self, bare: bool) -> Result<Event<'t>, Fault> {
        if !bare {
            while self.peek()?.lexeme == Lexeme::DocumentEnd {
                self.pass();
            }
        }
        let token = self.peek()?;
        let start = token.start;
        let explicit = matches!(
            token.lexeme,
            Lexeme::Version { .. } | Lexeme::TagDirective(_) | Lexeme::DocumentStart
        );
        if token.lexeme == Lexeme::StreamEnd {
            self.pass();
            self.state = State::End;
            return Ok(event(Step::StreamEnd, start));
        }
        self.directives()?;
        if bare && !explicit {
            self.states.push(State::DocumentEnd);
            self.state = State::BlockNode;
            let head = self.split_document_head();
            let mut begun = event(Step::DocumentStart, start);
            if !head.is_empty() {
                begun.comments = Some(Box::new(Comments {
                    head,
                    ..Comments::default()
                }));
            }
            return Ok(begun);
        }
        let token = self.peek()?;
        if token.lexeme != Lexeme::DocumentStart {
            let at = token.start;
            return Err(fault(
                Mark::default(),
                at,
                "did not find expected <document start>",
            ));
        }
        self.pass();
        self.states.push(State::DocumentEnd);
        self.state = State::DocumentContent;
        Ok(event(Step::DocumentStart, start))
    }

    /// Of a comment above the first node, what stands above its last empty line belongs to the
    /// document.
    fn split_document_head(&mut self) -> String {
        let head = &self.waiting.head;
        let (of_document, of_node) = if let Some(above) = head.strip_suffix('\n')
            && !above.is_empty()
        {
            (above.len(), head.len())
        } else if let Some(at) = head.rfind("\n\n") {
            (at, at + 2)
        } else {
            return String::new();
        };
        let rest = self.waiting.head.split_off(of_node);
        let mut above = std::mem::replace(&mut self.waiting.head, rest);
        above.truncate(of_document);
        above
    }

    fn directives(&mut self) -> Result<(), Fault> {
        let mut version = false;
        loop {
            let at = self.peek()?.start;
            match &self.peek()?.lexeme {
                Lexeme::Version { major, minor } => {
                    let supported = (*major, *minor) == (1, 1);
                    if version {
                        return Err(fault(
                            Mark::default(),
                            at,
                            "found duplicate %YAML directive",
                        ));
                    }
                    if !supported {
                        return Err(fault(
                            Mark::default(),
                            at,
                            "found incompatible YAML document",
                        ));
                    }
                    version = true;
                }
                Lexeme::TagDirective(tag) => {
                    let (handle, prefix) = (Cow::Borrowed(tag.handle), tag.suffix.clone());
                    if self.tags.iter().any(|(known, _)| *known == handle) {
                        return Err(fault(Mark::default(), at, "found duplicate %TAG directive"));
                    }
                    self.tags.push((handle, prefix));
                }
                _ => break,
            }
            self.pass();
        }
        for (handle, prefix) in [("!", "!"), ("!!", STANDARD_TAG)] {
            if !self.tags.iter().any(|(known, _)| known == handle) {
                self.tags
                    .push((Cow::Borrowed(handle), Cow::Borrowed(prefix)));
            }
        }
        Ok(())
    }

    fn document_content(&mut self) -> Result<Event<'t>, Fault> {
        let token = self.peek()?;
        let start = token.start;
        match token.lexeme {
            Lexeme::Version { .. }
            | Lexeme::TagDirective(_)
            | Lexeme::DocumentStart
            | Lexeme::DocumentEnd
            | Lexeme::StreamEnd => {
                self.leave();
                Ok(empty_scalar(start))
            }
            _ => self.node(true, false),
        }
    }

    fn document_end(&mut self) -> Result<Event<'t>, Fault> {
        let token = self.peek()?;
        let start = token.start;
        if token.lexeme == Lexeme::DocumentEnd {
            self.pass();
        }
        self.tags.clear();
        self.state = State::DocumentStart;
        let mut ended = event(Step::DocumentEnd, start);
        ended.comments = self.take_comments();
        if let Some(comments) = &mut ended.comments
            && comments.foot.is_empty()
        {
            comments.foot = std::mem::take(&mut comments.head);
        }
        Ok(ended)
    }
}
