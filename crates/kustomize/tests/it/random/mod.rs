//! Random trees, compared with the original.

pub(crate) mod objects;
pub(crate) mod rng;
pub(crate) mod tree;
pub(crate) mod yaml;
