//! Streams of documents as kyaml's reader, and so kustomize, splits and loads them.

use crate::decode::Decoder;
use crate::node::{Kind, Node};
use crate::parse::first_document;
use crate::resolve::{Scalar, resolve_node};
use crate::{Dialect, Error, Limits, Value};

/// Most documents of a stream: each separator costs a reader of its own.
const MAX_DOCUMENTS: usize = 100_000;

/// The value of every document of a stream, by go-yaml v3's rules. Documents that are empty or
/// null are left out. Lists are returned as they are, not unwrapped.
///
/// # Errors
/// [`Error::Stream`] for text after a separator, [`Error::Malformed`] for a document that is not
/// YAML, and the decoding errors of [`Node::to_value`].
pub fn documents(text: &str) -> Result<Vec<Value>, Error> {
    let limits = Limits::default();
    let mut values = Vec::new();
    for node in nodes(text, &limits)? {
        values.push(Decoder::new(&node, Dialect::V3, &limits).decode_string_map(&node)?);
    }
    Ok(values)
}

/// The trees of a stream's documents, empty ones left out.
pub(crate) fn nodes(text: &str, limits: &Limits) -> Result<Vec<Node>, Error> {
    let text = if text.contains("\r\n") {
        &text.replace("\r\n", "\n")
    } else {
        text
    };
    let parts = split(text)?;
    let last = parts.len().saturating_sub(1);
    let mut nodes = Vec::new();
    for (index, part) in parts.into_iter().enumerate() {
        // The separator's own line break belongs to the document before it.
        let whole = if index == last {
            part.to_owned()
        } else {
            format!("{part}\n")
        };
        let node = first_document(&whole, limits, Dialect::V3)
            .map_err(|error| Error::Malformed(Box::new(error)))?;
        if let Some(node) = node
            && !is_null(&node)
        {
            nodes.push(node);
        }
    }
    Ok(nodes)
}

fn is_null(node: &Node) -> bool {
    node.kind == Kind::Scalar && matches!(resolve_node(Dialect::V3, node), Ok(Scalar::Null))
}

/// Cuts a stream at lines that start with `---`, before any YAML is looked at: kyaml does so to
/// keep the comments above a document with it.
fn split(text: &str) -> Result<Vec<&str>, Error> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut from = 0;
    while let Some(found) = text[from..].find("\n---") {
        let begin = from + found;
        let Some(length) = text[begin + 1..].find('\n') else {
            break;
        };
        let end = begin + 1 + length;
        let line = &text[begin + 1..end];
        let content = line[3..].trim();
        if !content.is_empty() && !content.starts_with('#') {
            return Err(Error::Stream {
                problem: format!("invalid document separator: {}", line.trim()),
            });
        }
        if parts.len() >= MAX_DOCUMENTS {
            return Err(Error::limit(format!(
                "more than {MAX_DOCUMENTS} documents in one text"
            )));
        }
        parts.push(&text[start..begin]);
        start = end + 1;
        from = start;
    }
    if !text.is_empty() {
        parts.push(&text[start..]);
    }
    Ok(parts)
}
