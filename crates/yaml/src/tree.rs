//! For callers that keep documents as trees of their own: reading them as kyaml does, making
//! nodes to write, and asking what a plain scalar means.

use serde_json::Number;

use crate::decode::json_number;
use crate::documents::read_stream;
use crate::emit::TreeWriter;
use crate::node::{Kind, Node, STANDARD_TAG, Style};
use crate::parse::Document;
use crate::resolve::{Scalar, untagged};
use crate::{Dialect, Error, Limits, Value};

/// The trees of a stream's documents as kyaml's reader splits it, empty documents left out.
///
/// # Errors
/// [`Error::Stream`] for text after a separator, [`Error::Malformed`] for a document that is not
/// YAML.
pub fn document_trees(text: &str, limits: &Limits) -> Result<Vec<Node>, Error> {
    let documents = read_stream(text, limits)?.documents;
    Ok(documents
        .into_iter()
        .map(|document| document.root)
        .collect())
}

/// The text of a tree as go-yaml v3 writes it: order, styles, tags and anchors kept.
pub fn tree_to_yaml(node: &Node) -> String {
    let mut writer = TreeWriter::new(256);
    writer.bare(node);
    writer.into_text()
}

/// The text of a document as go-yaml v3 writes it, with the comments around it.
pub fn document_to_yaml(document: &Document) -> String {
    let mut writer = TreeWriter::new(256);
    writer.document(document);
    writer.into_text()
}

impl Node {
    /// A scalar to write. `tag` is the short name of a standard tag (`int`), or none to leave the
    /// type to text and style.
    pub fn scalar(text: &str, style: Style, tag: Option<&str>) -> Self {
        Self {
            tag: tag.map(|tag| format!("{STANDARD_TAG}{tag}")),
            value: text.to_owned(),
            style,
            ..Self::collection(Kind::Scalar, false, Vec::new())
        }
    }

    /// A sequence, or a mapping whose `children` alternate keys and values, to write in block or
    /// flow style.
    pub fn collection(kind: Kind, flow: bool, children: Vec<Node>) -> Self {
        let style = if flow { Style::Flow } else { Style::Block };
        Self {
            children,
            implicit: true,
            ..Self::new(kind, style, 0, 0)
        }
    }
}

/// The type of a plain scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PlainKind {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`; in v2 also `yes`, `on` and the like.
    Bool,
    /// An integer of up to 64 bits.
    Int,
    /// Any other number.
    Float,
    /// A date or time.
    Timestamp,
    /// Anything else.
    Text,
}

/// The type a plain scalar without a tag has by the rules of `dialect`.
pub fn plain_kind(text: &str, dialect: Dialect) -> PlainKind {
    match untagged(dialect, text, true) {
        Scalar::Null => PlainKind::Null,
        Scalar::Bool(_) => PlainKind::Bool,
        Scalar::Int(_) | Scalar::Uint(_) => PlainKind::Int,
        Scalar::Float(_) => PlainKind::Float,
        Scalar::Timestamp(_) => PlainKind::Timestamp,
        Scalar::Str => PlainKind::Text,
    }
}

/// The value of a plain scalar without a tag by the rules of `dialect`; none where JSON has no
/// form for it (`.nan`, `.inf`).
pub fn plain_value(text: &str, dialect: Dialect) -> Option<Value> {
    Some(match untagged(dialect, text, true) {
        Scalar::Null => Value::Null,
        Scalar::Bool(value) => Value::Bool(value),
        Scalar::Int(value) => Value::Number(Number::from(value)),
        Scalar::Uint(value) => Value::Number(Number::from(value)),
        Scalar::Float(value) => Value::Number(json_number(value)?),
        Scalar::Timestamp(time) if dialect == Dialect::V3 => Value::String(time.rfc3339()),
        Scalar::Timestamp(_) | Scalar::Str => Value::String(text.to_owned()),
    })
}

/// The text of a number as go-yaml writes a float: `1e+06`, `0.5`.
pub fn float_text(value: f64) -> String {
    crate::number::yaml_float(value)
}
