//! The two kinds of patches: strategic merge and JSON6902.

mod directive;
mod elements;
pub(crate) mod json6902;
pub(crate) mod strategic;
