//! What the scanner hands to the grammar.

use std::borrow::Cow;

use crate::node::Style;

/// A place in the text. `index` counts bytes, `line` and `column` count from zero, columns in
/// characters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) index: usize,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// One token and where it begins.
#[derive(Debug, Clone)]
pub(crate) struct Token<'t> {
    pub(crate) lexeme: Lexeme<'t>,
    pub(crate) start: Mark,
    /// How many columns an indicator takes; zero for other tokens, and for keys without a
    /// question mark.
    pub(crate) width: u8,
}

impl Token<'_> {
    /// Where an indicator ends.
    pub(crate) fn end(&self) -> Mark {
        Mark {
            index: self.start.index + usize::from(self.width),
            column: self.start.column + u32::from(self.width),
            ..self.start
        }
    }
}

/// The kinds of tokens. Block collections have tokens of their own that stand for a change of the
/// indentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lexeme<'t> {
    StreamStart,
    StreamEnd,
    /// `%YAML`.
    Version {
        major: u8,
        minor: u8,
    },
    /// `%TAG`.
    TagDirective(Box<Tag<'t>>),
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(&'t str),
    Anchor(&'t str),
    Tag(Box<Tag<'t>>),
    Scalar {
        text: Cow<'t, str>,
        style: Style,
    },
}

/// A tag, or what one begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag<'t> {
    /// `!`, `!!` or `!name!`; empty for a verbatim tag.
    pub(crate) handle: &'t str,
    /// The rest of a tag, or what a directive says the handle stands for.
    pub(crate) suffix: Cow<'t, str>,
}
