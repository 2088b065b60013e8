//! From text to tokens, as go-yaml's scanners of both generations cut it.
//!
//! Two things make a YAML scanner more than a lexer: block collections begin and end by
//! indentation ([`indent`]), and a key is known to be one only when its colon is reached, so that
//! tokens wait in a queue until it is clear whether a key begins there ([`keys`]). The v3
//! generation also collects comments and looks two tokens further for their sake ([`comments`]).

mod block;
mod comments;
mod cursor;
mod directive;
mod fetch;
mod indent;
mod keys;
mod plain;
mod quoted;
mod tag;
mod token;

use std::borrow::Cow;

pub(crate) use self::comments::{Comment, Place};
use self::cursor::Cursor;
pub(crate) use self::cursor::break_length;
use self::keys::Keys;
pub(crate) use self::token::{Lexeme, Mark, Tag, Token};
use crate::Dialect;

/// Which part of the reader objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    Reader,
    Scanner,
    Grammar,
}

/// Why the text is not YAML. Lines count from zero; zero also stands for none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault(Box<Details>);

/// What a [`Fault`] says; apart, as results with faults are moved around a lot.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Details {
    kind: FaultKind,
    context: u32,
    at: u32,
    problem: Cow<'static, str>,
}

impl Fault {
    pub(crate) fn new(
        kind: FaultKind,
        context: u32,
        at: u32,
        problem: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self(Box::new(Details {
            kind,
            context,
            at,
            problem: problem.into(),
        }))
    }

    pub(crate) fn kind(&self) -> FaultKind {
        self.0.kind
    }

    /// The line where the construct begins that is at fault.
    pub(crate) fn context(&self) -> usize {
        self.0.context as usize
    }

    /// The line of the fault itself.
    pub(crate) fn at(&self) -> usize {
        self.0.at as usize
    }

    pub(crate) fn into_problem(self) -> String {
        self.0.problem.into_owned()
    }
}

/// Cuts one text into tokens.
pub(crate) struct Scanner<'t> {
    cursor: Cursor<'t>,
    dialect: Dialect,
    /// Tokens in order; those before `head` are handed out.
    tokens: Vec<Token<'t>>,
    head: usize,
    /// How many tokens were handed out.
    handed_out: usize,
    /// Whether the head of the queue is final.
    ready: bool,
    started: bool,
    /// Column of the innermost block collection, -1 outside of all.
    indent: isize,
    indents: Vec<isize>,
    flow_level: usize,
    /// Whether a key without `?` may begin here.
    key_allowed: bool,
    keys: Keys,
    comments: Vec<Comment>,
    /// How many comments were handed out.
    comments_head: usize,
}

/// Handed-out tokens that stay in the queue, as comments look back at them.
const KEPT: usize = 2;
/// How long the handed-out part may grow before it is dropped.
const SLACK: usize = 64;

impl<'t> Scanner<'t> {
    pub(crate) fn new(text: &'t str, dialect: Dialect) -> Self {
        Self {
            cursor: Cursor::new(text),
            dialect,
            tokens: Vec::new(),
            head: 0,
            handed_out: 0,
            ready: false,
            started: false,
            indent: -1,
            indents: Vec::new(),
            flow_level: 0,
            key_allowed: false,
            keys: Keys::default(),
            comments: Vec::new(),
            comments_head: 0,
        }
    }

    /// Whether the next token is known.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready
    }

    /// Makes the next token known.
    pub(crate) fn make_ready(&mut self) -> Result<(), Fault> {
        self.fill()?;
        self.ready = true;
        Ok(())
    }

    /// The next token, once it is known.
    pub(crate) fn head(&self) -> &Token<'t> {
        &self.tokens[self.head]
    }

    /// Passes the next token.
    pub(crate) fn pass(&mut self) {
        self.ready = false;
        self.head += 1;
        self.handed_out += 1;
    }

    /// The text of the next token if it is a scalar. Its kind and place are looked at again, its
    /// text is not.
    pub(crate) fn take_text(&mut self) -> Cow<'t, str> {
        match &mut self.tokens[self.head].lexeme {
            Lexeme::Scalar { text, .. } => std::mem::take(text),
            _ => Cow::Borrowed(""),
        }
    }

    /// The next comment due at or before byte `index`. A head comment is kept back while
    /// `heads_wait`.
    pub(crate) fn comment_until(&mut self, index: usize, heads_wait: bool) -> Option<Comment> {
        let comment = self.comments.get_mut(self.comments_head)?;
        if index < comment.token.index || (heads_wait && comment.place == Place::Head) {
            return None;
        }
        self.comments_head += 1;
        Some(std::mem::take(comment))
    }

    /// Fetches until the head of the queue is final: it cannot turn out to begin a key any more.
    fn fill(&mut self) -> Result<(), Fault> {
        let wanted = match self.dialect {
            Dialect::V2 => 1,
            Dialect::V3 => 3,
        };
        loop {
            if self.tokens.len() >= self.head + wanted && !self.head_may_be_key()? {
                return Ok(());
            }
            self.fetch_next()?;
        }
    }

    fn push(&mut self, lexeme: Lexeme<'t>, start: Mark) {
        self.push_wide(lexeme, start, 0);
    }

    fn push_wide(&mut self, lexeme: Lexeme<'t>, start: Mark, width: u8) {
        if self.head > SLACK {
            let dropped = self.head - KEPT;
            self.tokens.drain(..dropped);
            self.head = KEPT;
        }
        self.tokens.push(Token {
            lexeme,
            start,
            width,
        });
    }

    /// Puts a token before the one with the number `number`; a number that was handed out already
    /// puts it last, as in go-yaml.
    fn insert(&mut self, number: usize, lexeme: Lexeme<'t>, at: Mark) {
        let token = Token {
            lexeme,
            start: at,
            width: 0,
        };
        match number.checked_sub(self.handed_out) {
            Some(ahead) if self.head + ahead < self.tokens.len() => {
                self.tokens.insert(self.head + ahead, token);
            }
            _ => self.tokens.push(token),
        }
    }

    /// The number the next token gets.
    fn next_number(&self) -> usize {
        self.handed_out + self.tokens.len() - self.head
    }

    fn fault(&self, context: Mark, problem: impl Into<Cow<'static, str>>) -> Fault {
        Fault::new(
            FaultKind::Scanner,
            context.line,
            self.cursor.line(),
            problem,
        )
    }

    /// Whether `column` is left of, or at, what an indentation reaches.
    fn column(&self) -> isize {
        isize::try_from(self.cursor.column()).unwrap_or(isize::MAX)
    }
}
