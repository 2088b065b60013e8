//! The tree of one document, as written: order, styles, tags, anchors and positions kept.

use crate::decode::Decoder;
use crate::{Dialect, Error, Limits, Value};

/// What a [`Node`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A leaf; its text is [`Node::value`].
    Scalar,
    /// A list; its items are [`Node::children`].
    Sequence,
    /// A map; [`Node::children`] alternates keys and values.
    Mapping,
    /// A reference to the anchor named by [`Node::value`].
    Alias,
}

/// How a node was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// An unquoted scalar, or an alias.
    Plain,
    /// A scalar in single quotes.
    SingleQuoted,
    /// A scalar in double quotes.
    DoubleQuoted,
    /// A block scalar introduced by `|`.
    Literal,
    /// A block scalar introduced by `>`.
    Folded,
    /// A collection in indentation style.
    Block,
    /// A collection in brackets.
    Flow,
}

/// The comments that belong to a node, each with its `#` and without the final line break.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comments {
    /// Lines directly above.
    pub head: String,
    /// At the end of the node's own line.
    pub line: String,
    /// Lines below, up to an empty line.
    pub foot: String,
}

/// One node of a document tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What the node is.
    pub kind: Kind,
    /// The tag written in the text, in long form (`tag:yaml.org,2002:str`), if any.
    pub tag: Option<String>,
    /// A scalar's text after unquoting and folding, or an alias's anchor name.
    pub value: String,
    /// How the node was written.
    pub style: Style,
    /// The anchor name given to the node (`&name`), if any.
    pub anchor: Option<String>,
    /// The comments around the node, if any, placed as go-yaml v3 places them.
    pub comments: Option<Box<Comments>>,
    /// 1-based line of the node's start.
    pub line: usize,
    /// 1-based column, in characters, of the node's start.
    pub column: usize,
    /// Items of a sequence, or alternating keys and values of a mapping.
    pub children: Vec<Node>,
    /// Whether the parser takes the tag to be implied by a plain scalar (go-yaml's `implicit`).
    pub(crate) implicit: bool,
    /// For an anchored node its number within the document; for an alias the number of the node
    /// it refers to. Names may be redefined, numbers not.
    pub(crate) anchor_id: Option<usize>,
}

impl Node {
    /// Resolves the tree to a JSON value by the rules of `dialect`, expanding aliases within the
    /// budget of `limits`.
    ///
    /// # Errors
    /// The Go texts for undecodable tags, keys and merges, duplicate keys (v3), and values JSON
    /// cannot hold; [`Error::Limit`] for excessive aliasing or depth.
    pub fn to_value(&self, dialect: Dialect, limits: &Limits) -> Result<Value, Error> {
        Decoder::new(self, dialect, limits).decode(self)
    }

    /// The pairs of a mapping, in order; empty for other kinds.
    pub fn pairs(&self) -> impl Iterator<Item = (&Node, &Node)> {
        let children: &[Node] = if self.kind == Kind::Mapping {
            &self.children
        } else {
            &[]
        };
        children.chunks_exact(2).map(|pair| (&pair[0], &pair[1]))
    }

    /// The first value stored under the scalar key `key` of a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.pairs()
            .find(|(name, _)| name.kind == Kind::Scalar && name.value == key)
            .map(|(_, value)| value)
    }

    /// A node without content.
    pub(crate) fn new(kind: Kind, style: Style, line: usize, column: usize) -> Self {
        Self {
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

    /// What a copy of the node itself counts for: one, and more for a long text.
    pub(crate) fn weight(&self) -> usize {
        1 + self.value.len() / 64
    }

    /// The comment below the node.
    pub(crate) fn foot(&self) -> &str {
        self.comments
            .as_deref()
            .map_or("", |comments| comments.foot.as_str())
    }

    pub(crate) fn take_foot(&mut self) -> String {
        self.comments
            .as_deref_mut()
            .map(|comments| std::mem::take(&mut comments.foot))
            .unwrap_or_default()
    }

    pub(crate) fn comments_mut(&mut self) -> &mut Comments {
        self.comments.get_or_insert_default()
    }

    /// The explicit tag without the standard prefix (`str`, `int` …); a private tag unchanged.
    pub(crate) fn short_tag(&self) -> Option<&str> {
        self.tag
            .as_deref()
            .map(|tag| tag.strip_prefix(STANDARD_TAG).unwrap_or(tag))
    }

    /// Whether the node is a merge key (`<<`, unquoted).
    pub(crate) fn is_merge_key(&self) -> bool {
        self.kind == Kind::Scalar
            && self.value == "<<"
            && (self.implicit || self.short_tag() == Some("merge"))
    }
}

/// What `!!` stands for.
pub(crate) const STANDARD_TAG: &str = "tag:yaml.org,2002:";
