//! What the grammar hands to the builder of trees.

use std::borrow::Cow;

use crate::node::{Comments, Kind, Style};
use crate::scan::Mark;

/// One step through a document's tree.
#[derive(Debug)]
pub(super) struct Event<'t> {
    pub(super) step: Step<'t>,
    pub(super) start: Mark,
    pub(super) comments: Option<Box<Comments>>,
}

/// The kinds of steps.
#[derive(Debug)]
pub(super) enum Step<'t> {
    StreamStart,
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    Alias(&'t str),
    /// A scalar, or the beginning of a collection.
    Node {
        kind: Kind,
        style: Style,
        text: Cow<'t, str>,
        properties: Option<Box<Properties<'t>>>,
    },
    CollectionEnd,
}

/// What may stand before a node.
#[derive(Debug, Default)]
pub(super) struct Properties<'t> {
    pub(super) anchor: Option<&'t str>,
    pub(super) tag: Option<String>,
}
