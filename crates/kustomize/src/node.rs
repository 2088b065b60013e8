//! The tree a resource is while a build works on it: scalars keep their text, type and style.
//!
//! A value alone would not do. What a scalar means is decided when the result is printed, after
//! transformers have changed texts under types that stay (a string copied over a number is a
//! number again), and names are compared by their text, whatever their type.

mod alias;
mod around;
mod go_syntax;
mod read;
mod text;
mod value;

pub(crate) use alias::{follow, write_alike};
pub(crate) use around::Around;
pub(crate) use read::{Reader, from_json, from_value};
pub(crate) use value::{Valueless, is_non_string};

use compact_str::CompactString;

use crate::Error;

/// One node.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Scalar(Scalar),
    Mapping(Mapping),
    Sequence(Sequence),
}

/// A leaf.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scalar {
    pub(crate) text: CompactString,
    pub(crate) tag: Tag,
    pub(crate) style: Style,
    /// Whether the type was written out (`!!int "3"`), which then counts more than quotes.
    pub(crate) tagged: bool,
    /// Not zero for scalars that change together within a resource.
    pub(crate) alias: u32,
    pub(crate) touched: bool,
    pub(crate) around: Around,
}

/// The type of a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
    /// Made by a transformer: text and style decide when it is printed.
    None,
    Null,
    Bool,
    Int,
    Float,
    Timestamp,
    Str,
    Binary,
    /// `<<`.
    Merge,
    /// A tag outside of YAML's own, which comes to nothing.
    Other,
    /// No scalar but an alias, of the anchor that is the text; only in documents within texts.
    Alias,
}

impl Tag {
    /// The tag as YAML has it.
    pub(crate) fn long_name(self) -> &'static str {
        match self {
            Self::None | Self::Other | Self::Alias => "",
            Self::Null => "!!null",
            Self::Bool => "!!bool",
            Self::Int => "!!int",
            Self::Float => "!!float",
            Self::Timestamp => "!!timestamp",
            Self::Str => "!!str",
            Self::Binary => "!!binary",
            Self::Merge => "!!merge",
        }
    }
}

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
    Folded,
}

/// Pairs in the order written. Keys may repeat: the first one counts, until the result is printed.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Mapping {
    pub(crate) flow: bool,
    pub(crate) entries: Vec<Entry>,
    pub(crate) around: Around,
}

/// A pair of a mapping.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: Scalar,
    pub(crate) value: Node,
}

/// A list.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Sequence {
    pub(crate) flow: bool,
    pub(crate) items: Vec<Node>,
    pub(crate) around: Around,
}

impl Scalar {
    /// A string, whatever it looks like.
    pub(crate) fn string(text: impl Into<CompactString>) -> Self {
        Self::new(text, Tag::Str)
    }

    /// A scalar that means what its text looks like.
    pub(crate) fn untyped(text: impl Into<CompactString>) -> Self {
        Self::new(text, Tag::None)
    }

    pub(crate) fn new(text: impl Into<CompactString>, tag: Tag) -> Self {
        Self {
            text: text.into(),
            tag,
            style: Style::Plain,
            tagged: false,
            alias: 0,
            touched: false,
            around: Around::default(),
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        self.tag == Tag::Null
    }

    /// Whenever the original puts a text without type in its place, it quotes what would be read as
    /// something else.
    pub(crate) fn quote_if_ambiguous(&mut self) {
        let bare = self.style == Style::Plain && !self.tagged;
        if self.is_string() && bare && is_non_string(&self.text) {
            self.style = Style::DoubleQuoted;
        }
    }

    /// Whether it counts as a string before it is printed.
    pub(crate) fn is_string(&self) -> bool {
        matches!(self.tag, Tag::Str | Tag::None)
    }
}

impl Node {
    pub(crate) fn string(text: impl Into<CompactString>) -> Self {
        Self::Scalar(Scalar::string(text))
    }

    pub(crate) fn untyped(text: impl Into<CompactString>) -> Self {
        Self::Scalar(Scalar::untyped(text))
    }

    pub(crate) fn mapping() -> Self {
        Self::Mapping(Mapping::default())
    }

    pub(crate) fn sequence() -> Self {
        Self::Sequence(Sequence::default())
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Scalar(scalar) if scalar.is_null())
    }

    /// Null, or a collection without content.
    pub(crate) fn is_blank(&self) -> bool {
        match self {
            Self::Scalar(scalar) => scalar.is_null(),
            Self::Mapping(mapping) => mapping.entries.is_empty(),
            Self::Sequence(sequence) => sequence.items.is_empty(),
        }
    }

    pub(crate) fn is_empty_map(&self) -> bool {
        matches!(self, Self::Mapping(mapping) if mapping.entries.is_empty())
    }

    pub(crate) fn around_mut(&mut self) -> &mut Around {
        match self {
            Self::Scalar(scalar) => &mut scalar.around,
            Self::Mapping(mapping) => &mut mapping.around,
            Self::Sequence(sequence) => &mut sequence.around,
        }
    }

    pub(crate) fn around(&self) -> &Around {
        match self {
            Self::Scalar(scalar) => &scalar.around,
            Self::Mapping(mapping) => &mapping.around,
            Self::Sequence(sequence) => &sequence.around,
        }
    }

    pub(crate) fn as_mapping(&self) -> Option<&Mapping> {
        match self {
            Self::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    pub(crate) fn as_mapping_mut(&mut self) -> Option<&mut Mapping> {
        match self {
            Self::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    pub(crate) fn as_sequence(&self) -> Option<&Sequence> {
        match self {
            Self::Sequence(sequence) => Some(sequence),
            _ => None,
        }
    }

    pub(crate) fn as_scalar(&self) -> Option<&Scalar> {
        match self {
            Self::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// A scalar's text, of nulls as well; nothing for collections.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Scalar(scalar) => &scalar.text,
            _ => "",
        }
    }

    /// The value under a key of a mapping.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.as_mapping()?.get(key)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        self.as_mapping_mut()?.get_mut(key)
    }

    /// What the Go library calls the kind of node.
    pub(crate) fn kind_name(&self) -> &'static str {
        match self {
            Self::Scalar(scalar) if scalar.tag == Tag::Alias => "AliasNode",
            Self::Scalar(_) => "ScalarNode",
            Self::Mapping(_) => "MappingNode",
            Self::Sequence(_) => "SequenceNode",
        }
    }

    /// The error of a node that is not of the kind it must be.
    pub(crate) fn wrong_kind(&self, expected: &str) -> Error {
        Error::invalid(format!(
            "wrong node kind: expected {expected} but got {}: node contents:\n{}",
            self.kind_name(),
            self.to_text()
        ))
    }

    /// Sets a scalar in place. Nulls become scalars of the new type; the style stays.
    ///
    /// # Errors
    /// When the node is a collection.
    pub(crate) fn set_scalar(&mut self, text: &str, tag: Tag) -> Result<(), Error> {
        match self {
            Self::Scalar(scalar) => {
                scalar.text = text.into();
                scalar.tag = tag;
                scalar.touch();
                Ok(())
            }
            _ => Err(self.wrong_kind("ScalarNode")),
        }
    }
}

impl Mapping {
    fn position(&self, key: &str) -> Option<usize> {
        self.entries.iter().position(|entry| entry.key.text == key)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.position(key).map(|at| &self.entries[at].value)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.position(key).map(|at| &mut self.entries[at].value)
    }

    pub(crate) fn contains(&self, key: &str) -> bool {
        self.position(key).is_some()
    }

    /// Sets a scalar under a key. It takes over the style of the one it replaces, as the Go library
    /// has it, so that a quoted scalar stays a string.
    pub(crate) fn set(&mut self, key: &str, mut new: Scalar) {
        match self.get_mut(key) {
            Some(Node::Scalar(old)) => {
                new.style = old.style;
                new.tagged = old.tagged;
                old.become_like(new);
            }
            Some(other) => *other = Node::Scalar(new),
            None => {
                new.quote_if_ambiguous();
                self.push(key, Node::Scalar(new));
            }
        }
    }

    pub(crate) fn push(&mut self, key: &str, value: Node) {
        self.entries.push(Entry {
            key: Scalar::untyped(key),
            value,
        });
    }

    /// Takes the first pair of a key out.
    pub(crate) fn remove(&mut self, key: &str) -> Option<Node> {
        let at = self.position(key)?;
        Some(self.entries.remove(at).value)
    }

    /// The value under a key, made from `make` if there is none.
    pub(crate) fn entry(&mut self, key: &str, make: impl FnOnce() -> Node) -> &mut Node {
        let at = self.position(key).unwrap_or_else(|| {
            self.push(key, make());
            self.entries.len() - 1
        });
        &mut self.entries[at].value
    }
}
