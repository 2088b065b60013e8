//! What stands around a node in its text and is no part of what it says.

use windlass_yaml::{Comments, Kind, Node as Tree};

use super::{Tag, read::standard};

/// Comments, tags outside of YAML's own and, in documents within texts, anchors. Nodes that differ in
/// nothing else are equal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Around(Option<Box<Parts>>);

#[derive(Debug, Clone, Default)]
struct Parts {
    comments: Option<Box<Comments>>,
    anchor: Option<String>,
    tag: Option<String>,
    /// Above and below the document whose root this is.
    document: (String, String),
}

impl PartialEq for Around {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Around {
    /// Takes what stands around a node of the parser's.
    pub(super) fn take(node: &mut Tree, anchor: bool) -> Self {
        let comments = node.comments.take();
        let anchor = node.anchor.take().filter(|_| anchor);
        let scalar = node.kind == Kind::Scalar;
        let known = |tag: &str| scalar && standard(tag) != Tag::Other || tag == "!";
        let tag = node.tag.clone().filter(|tag| !known(tag));
        let any = comments.is_some() || anchor.is_some() || tag.is_some();
        let parts = || Parts {
            comments,
            anchor,
            tag,
            ..Parts::default()
        };
        Self(any.then(parts).map(Box::new))
    }

    /// Puts it around a node to write.
    pub(super) fn put(&self, node: &mut Tree) {
        if let Some(parts) = &self.0 {
            node.comments.clone_from(&parts.comments);
            node.anchor.clone_from(&parts.anchor);
            if parts.tag.is_some() {
                node.tag.clone_from(&parts.tag);
            }
        }
    }

    /// Notes the comments above and below a document, which belong to none of its nodes.
    pub(super) fn set_document(&mut self, head: String, foot: String) {
        if !head.is_empty() || !foot.is_empty() {
            self.0.get_or_insert_default().document = (head, foot);
        }
    }

    pub(super) fn document(&self) -> (String, String) {
        let parts = self.0.as_ref();
        parts
            .map(|parts| parts.document.clone())
            .unwrap_or_default()
    }
}
