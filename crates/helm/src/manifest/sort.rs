//! Manifests and hooks of rendered files, in order.

use std::collections::BTreeMap;
use std::fmt;

use super::head::Head;
use super::heads::{documents, heads};
use super::hook::Hook;
use super::order::KindOrder;
use crate::hidden::Hidden;

/// A document that belongs to the release.
#[derive(Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The template it comes from.
    pub name: String,
    /// The document.
    pub content: String,
    /// What it is.
    pub head: Head,
}

impl fmt::Debug for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            content,
            head,
        } = self;
        f.debug_struct("Manifest")
            .field("name", name)
            .field("content", &Hidden(content.len()))
            .field("head", head)
            .finish()
    }
}

/// What rendered files amount to.
#[derive(Debug, Clone, Default)]
pub struct Sorted {
    /// Hooks by kind; not yet by weight.
    pub hooks: Vec<Hook>,
    /// Everything else by kind.
    pub manifests: Vec<Manifest>,
}

/// Splits rendered files, tells hooks from manifests and sorts both by kind, files and documents
/// of one kind staying in order.
///
/// # Errors
/// `YAML parse error on FILE: …` for the first document that is no YAML.
pub fn sort_manifests(
    files: &BTreeMap<String, String>,
    order: KindOrder,
) -> Result<Sorted, String> {
    let documents = documents(files);
    let heads = heads(&documents)?;
    let mut sorted = Sorted::default();
    for ((path, document), head) in documents.into_iter().zip(heads) {
        match Hook::from_manifest(path, document, &head) {
            None => sorted.manifests.push(Manifest {
                name: path.to_owned(),
                content: document.to_owned(),
                head,
            }),
            Some(hook) => sorted.hooks.extend(hook),
        }
    }
    sorted.hooks.sort_by(|a, b| order(&a.kind, &b.kind));
    sorted
        .manifests
        .sort_by(|a, b| order(&a.head.kind, &b.head.kind));
    Ok(sorted)
}
