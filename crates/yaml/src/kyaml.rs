//! Reading and writing documents the way kyaml does, styles and comments kept.

mod anchors;
mod pairs;

pub(crate) use self::anchors::without_aliases;
use crate::documents::{Stream, read_stream};
use crate::emit::TreeWriter;
use crate::node::{Kind, Node, Style};
use crate::parse::Document;
use crate::{Error, Limits};

/// Reads every document of `text` and writes them as kyaml would: order, styles and comments
/// kept, aliases replaced by what they stand for, anchors dropped, documents joined by `---`, a
/// single list taken apart.
///
/// # Errors
/// As [`documents`](crate::documents); also for a document that is not a mapping.
pub fn kyaml_roundtrip(text: &str) -> Result<String, Error> {
    let limits = Limits::default();
    let Stream {
        mut documents,
        parts,
    } = read_stream(text, &limits)?;
    for document in &mut documents {
        without_aliases(&mut document.root, &limits)?;
    }
    if parts == 1
        && let [Document { root, .. }] = &mut documents[..]
        && let Some(items) = take_items(root)
    {
        documents = items;
    }
    let mut wide = Vec::with_capacity(documents.len());
    for Document { root, .. } in &mut documents {
        wide.push(is_wide(root));
        forget_records(root)?;
    }
    let mut writer = TreeWriter::new(text.len());
    for (document, wide) in documents.iter().zip(wide) {
        writer.set_compact(!wide);
        writer.document(document);
    }
    Ok(writer.into_text())
}

/// The items of a list as documents of their own.
fn take_items(root: &mut Node) -> Option<Vec<Document>> {
    let kind = root.get("kind").filter(|kind| kind.kind == Kind::Scalar)?;
    if !matches!(kind.value.as_str(), "List" | "ResourceList") {
        return None;
    }
    let Some(at) = position(root, "items") else {
        return root.get("functionConfig").map(|_| Vec::new());
    };
    let items = std::mem::take(&mut root.children[at + 1].children);
    let bare = |root| Document {
        root,
        head: String::new(),
        foot: String::new(),
    };
    Some(items.into_iter().map(bare).collect())
}

const SEQUENCE_INDENT: &str = "internal.config.kubernetes.io/seqindent";

/// kyaml's records of where a resource was read, not part of it.
const RECORDS: [&str; 3] = [
    "internal.config.kubernetes.io/index",
    "config.kubernetes.io/index",
    SEQUENCE_INDENT,
];

/// Whether the resource asks for dashes further in than their key.
fn is_wide(root: &Node) -> bool {
    root.get("metadata")
        .and_then(|metadata| metadata.get("annotations"))
        .and_then(|annotations| annotations.get(SEQUENCE_INDENT))
        .is_some_and(|style| style.value == "wide")
}

/// Drops kyaml's own annotations, and then empty annotations and metadata.
fn forget_records(root: &mut Node) -> Result<(), Error> {
    expect_mapping(root)?;
    if let Some(metadata) = value_of(root, "metadata") {
        expect_mapping(metadata)?;
        if let Some(annotations) = value_of(metadata, "annotations") {
            expect_mapping(annotations)?;
            for record in RECORDS {
                remove(annotations, record, |_| true);
            }
        }
        remove(metadata, "annotations", |value| value.children.is_empty());
    }
    remove(root, "metadata", |value| value.children.is_empty());
    Ok(())
}

/// The value of a key, unless it is null.
fn value_of<'n>(node: &'n mut Node, key: &str) -> Option<&'n mut Node> {
    let at = position(node, key)?;
    node.children
        .get_mut(at + 1)
        .filter(|value| !value.is_null())
}

fn position(node: &Node, key: &str) -> Option<usize> {
    if node.kind != Kind::Mapping {
        return None;
    }
    let found = node.pairs().position(|(name, _)| name.value == key)?;
    Some(found * 2)
}

/// Removes the first pair with this key whose value fits.
pub(crate) fn remove(node: &mut Node, key: &str, fits: impl Fn(&Node) -> bool) {
    let found = node
        .pairs()
        .position(|(name, value)| name.value == key && fits(value));
    if let Some(at) = found {
        node.children.drain(at * 2..at * 2 + 2);
    }
}

fn expect_mapping(node: &Node) -> Result<(), Error> {
    if node.kind == Kind::Mapping || node.is_null() {
        return Ok(());
    }
    let kind = if node.kind == Kind::Sequence {
        "Sequence"
    } else {
        "Scalar"
    };
    let mut writer = TreeWriter::new(64);
    writer.bare(node);
    let contents = writer.into_text();
    Err(Error::Stream {
        problem: format!(
            "wrong node kind: expected MappingNode but got {kind}Node: node contents:\n{contents}"
        ),
    })
}

impl Node {
    /// Whether go-yaml v3 tags the node as null.
    pub(crate) fn is_null(&self) -> bool {
        use crate::resolve::{Scalar, untagged};
        match self.short_tag() {
            Some("!") | None => {
                self.kind == Kind::Scalar
                    && self.style == Style::Plain
                    && untagged(crate::Dialect::V3, &self.value, false) == Scalar::Null
            }
            tag => tag == Some("null"),
        }
    }
}
