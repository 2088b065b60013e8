//! Streams of documents as kyaml's reader, and so kustomize, splits and loads them.

use crate::decode::Decoder;
use crate::emit::TreeWriter;
use crate::kyaml::without_aliases;
use crate::node::Kind;
use crate::parse::{Document, first_document};
use crate::rewriting::survives;
use crate::{Dialect, Error, Limits, Value};

/// Most documents of a stream: each separator costs a reader of its own.
const MAX_DOCUMENTS: usize = 100_000;

/// The value of every document of a stream, by go-yaml v3's rules. Documents that are empty or
/// null are left out. Lists are returned as they are, not unwrapped.
///
/// kyaml decodes not what it has read, but what it writes of it, which is not always the same.
///
/// # Errors
/// [`Error::Stream`] for text after a separator and for merges of what is no mapping,
/// [`Error::Malformed`] for a document that is not YAML, and the decoding errors of
/// [`Node::to_value`](crate::Node::to_value), with the lines of the document as kyaml writes it.
pub fn documents(text: &str) -> Result<Vec<Value>, Error> {
    let limits = Limits::default();
    let documents = read_stream(text, &limits)?.documents;
    let mut prepared = Vec::with_capacity(documents.len());
    for mut document in documents {
        let survives = survives(&document.root);
        if !survives {
            without_aliases(&mut document.root, &limits)?;
        }
        prepared.push((document, survives));
    }
    prepared
        .iter()
        .map(|(document, survives)| value(document, *survives, &limits))
        .collect()
}

/// The value of a document. One that `survives` being written need not be written.
fn value(document: &Document, survives: bool, limits: &Limits) -> Result<Value, Error> {
    let root = &document.root;
    if survives || root.kind == Kind::Scalar {
        let value = Decoder::new(root, Dialect::V3, limits).decode_string_map(root);
        if value.is_ok() || root.kind == Kind::Scalar {
            return value;
        }
    }
    let mut writer = TreeWriter::new(256);
    writer.document(document);
    match first_document(&writer.into_text(), limits, Dialect::V3)? {
        Some(Document { root, .. }) => {
            Decoder::new(&root, Dialect::V3, limits).decode_string_map(&root)
        }
        None => Ok(Value::Null),
    }
}

/// A stream as kyaml reads it.
pub(crate) struct Stream {
    /// The documents that are not empty.
    pub(crate) documents: Vec<Document>,
    /// How many parts the separators cut the text into.
    pub(crate) parts: usize,
}

/// The trees of a stream's documents.
pub(crate) fn read_stream(text: &str, limits: &Limits) -> Result<Stream, Error> {
    let text = if text.contains("\r\n") {
        &text.replace("\r\n", "\n")
    } else {
        text
    };
    let parts = split(text)?;
    let mut documents = Vec::new();
    for part in &parts {
        let document = first_document(part, limits, Dialect::V3)
            .map_err(|error| Error::Malformed(Box::new(error)))?;
        if let Some(document) = document
            && !document.root.is_null()
        {
            documents.push(document);
        }
    }
    Ok(Stream {
        documents,
        parts: parts.len(),
    })
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
        // The separator's own line break belongs to the document before it.
        parts.push(&text[start..=begin]);
        start = end + 1;
        from = start;
    }
    if !text.is_empty() {
        parts.push(&text[start..]);
    }
    Ok(parts)
}
