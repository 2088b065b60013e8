//! What the scanner hands to the grammar.

use std::borrow::Cow;

use crate::node::Style;

/// A place in the text. `index` counts bytes, `line` and `column` count from zero, columns in
/// characters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) index: usize,
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// One token and where it begins and ends.
#[derive(Debug, Clone)]
pub(crate) struct Token<'t> {
    pub(crate) lexeme: Lexeme<'t>,
    pub(crate) start: Mark,
    pub(crate) end: Mark,
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
    TagDirective {
        handle: &'t str,
        prefix: Cow<'t, str>,
    },
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
    /// A tag; a verbatim one has an empty handle.
    Tag {
        handle: &'t str,
        suffix: Cow<'t, str>,
    },
    Scalar {
        text: Cow<'t, str>,
        style: Style,
    },
}
