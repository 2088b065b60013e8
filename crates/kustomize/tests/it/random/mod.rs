//! Random trees, compared with the original.

mod objects;
mod patches;
mod rng;
pub(crate) mod tree;
mod yaml;
