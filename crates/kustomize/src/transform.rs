//! The transformers: what a kustomization does to the resources accumulated so far.

pub(crate) mod images;
pub(crate) mod metadata;
pub(crate) mod namespace;
pub(crate) mod patches;
pub(crate) mod rename;
pub(crate) mod replacement;
pub(crate) mod replicas;
