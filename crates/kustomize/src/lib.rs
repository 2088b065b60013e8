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
mod files;
pub mod flux;
mod generate;
mod go_text;
mod id;
mod kustomization;
mod load;
mod loader;
mod manifest;
mod namereference;
mod node;
mod options;
mod order;
mod origin;
mod patch;
mod path;
mod repo;
mod resmap;
mod schema;
mod selector;
mod transform;
mod vars;

pub use error::{Error, ErrorKind, Location};
pub use file_system::FileSystem;
pub use files::Files;
pub use generate::helm_chart::ChartRenderer;
pub use kustomization::Chart;
pub use options::{
    BuildOptions, Limits, LoadRestrictor, RemoteError, RemoteLoader, Reorder, RepoSpec,
};

use std::collections::BTreeSet;
use windlass_yaml::Value;

/// One built resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// The Kubernetes object.
    pub object: Value,
}

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

/// Builds the kustomization in directory `path` of `files` (`""` or `"."` for its root), mostly a
/// [`Tree`](windlass_archive::Tree).
///
/// # Errors
/// [`Error`] with the text kustomize gives.
pub fn build(files: &dyn Files, path: &str, options: &BuildOptions<'_>) -> Result<Build, Error> {
    build::run(files, path, options)
}
