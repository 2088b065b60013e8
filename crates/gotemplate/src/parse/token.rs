//! Tokens.

use crate::format;
use crate::strconv;
use crate::value::{Value, lossy};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Error,
    Bool,
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    // Keywords.
    Block,
    Break,
    Continue,
    Dot,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

impl Kind {
    /// The keyword a word is.
    pub(super) fn keyword(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"block" => Self::Block,
            b"break" => Self::Break,
            b"continue" => Self::Continue,
            b"define" => Self::Define,
            b"else" => Self::Else,
            b"end" => Self::End,
            b"if" => Self::If,
            b"nil" => Self::Nil,
            b"range" => Self::Range,
            b"template" => Self::Template,
            b"with" => Self::With,
            _ => return None,
        })
    }

    fn is_keyword(self) -> bool {
        matches!(
            self,
            Self::Block
                | Self::Break
                | Self::Continue
                | Self::Dot
                | Self::Define
                | Self::Else
                | Self::End
                | Self::If
                | Self::Nil
                | Self::Range
                | Self::Template
                | Self::With
        )
    }
}

/// A token: what it is, where it is, and what it says.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// The offset in the text.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) line: usize,
    /// What is wrong, for [`Kind::Error`].
    pub(super) message: Option<Box<str>>,
}

impl Token {
    /// What stands in a buffer before anything was read.
    pub(super) const fn none() -> Self {
        Self {
            kind: Kind::Error,
            start: 0,
            end: 0,
            line: 0,
            message: None,
        }
    }

    pub(super) fn text<'a>(&self, source: &'a [u8]) -> &'a [u8] {
        source.get(self.start..self.end).unwrap_or_default()
    }

    /// The token as error messages show it.
    pub(super) fn describe(&self, source: &[u8]) -> String {
        let text = self.text(source);
        match self.kind {
            Kind::Eof => "EOF".to_owned(),
            Kind::Error => self.message.as_deref().unwrap_or_default().to_owned(),
            kind if kind.is_keyword() => format!("<{}>", lossy(text)),
            _ if text.len() > 10 => {
                let short = format::sprintf(b"%.10q...", &[Value::string(text)], usize::MAX);
                lossy(&short.unwrap_or_default()).into_owned()
            }
            _ => strconv::quote(text),
        }
    }
}
