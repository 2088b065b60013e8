//! The kustomize build engine: a pure function from a tree of files to resources.
//!
//! This crate owns the meaning of `kustomization.yaml`: loading and accumulating resources, the
//! generators, the transformers and patches, name references, and the order and text of the
//! result. It follows kustomize 5.8, error texts included.
//!
//! It must not know where the tree came from: no file system, no network, no clock, no global
//! state. Remote bases are reached through [`RemoteLoader`], which the caller supplies.
//! [`flux`] holds what Flux does to a kustomization before it is built; nothing here knows of
//! clusters or of the Kustomization API object.

mod build;
mod config;
mod decode;
mod error;
mod fieldspec;
mod file_system;
pub mod flux;
mod generator;
mod id;
mod kustomization;
mod load;
mod loader;
mod namereference;
mod options;
mod order;
mod origin;
mod patch;
mod resmap;
mod resource;
mod schema;
mod selector;
mod transform;

pub use error::{Error, ErrorKind};
pub use file_system::FileSystem;
pub use options::{BuildOptions, Limits, LoadRestrictor, RemoteLoader, Reorder, RepoSpec};
pub use resource::Resource;

use std::collections::BTreeSet;
use windlass_archive::Tree;

/// The result of a build.
#[derive(Debug, Clone, Default)]
pub struct Build {
    /// The resources in output order.
    pub resources: Vec<Resource>,
    /// Deprecation notices and the like, one line each.
    pub warnings: Vec<String>,
    /// Every path of the tree that was read or probed (whether or not it exists); directories
    /// that were listed end in `/`. A later tree that agrees on all of these builds the same.
    pub files_read: BTreeSet<String>,
}

impl Build {
    /// The resources as one YAML stream, as `kustomize build` prints them.
    pub fn to_yaml(&self) -> String {
        let documents: Vec<String> = self
            .resources
            .iter()
            .map(|r| windlass_yaml::json_to_yaml(&r.object))
            .collect();
        documents.join("---\n")
    }
}

/// Builds the kustomization in directory `path` of `tree` (`""` or `"."` for its root).
///
/// # Errors
/// [`Error`] with the text kustomize gives, or naming the file and field of a feature that is not
/// supported.
pub fn build(tree: &Tree, path: &str, options: &BuildOptions<'_>) -> Result<Build, Error> {
    build::run(tree, path, options)
}
