//! The kustomize build engine: a pure function from a tree of files to resources.
//!
//! This crate owns the meaning of `kustomization.yaml`: loading and accumulating resources, the
//! generators, the transformers and patches, name references, and the order and text of the
//! result. It follows kustomize 5.8, error texts included.
//!
//! It must not know where the files came from: no file system, no network, no state beyond a build,
//! and of the time only how much has passed. Remote bases and charts are reached through [`RemoteLoader`]
//! and [`ChartRenderer`], which the caller supplies.
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
mod growth;
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
mod output;
mod patch;
mod path;
mod pattern;
mod repo;
mod resmap;
mod schema;
mod selector;
mod time_limit;
mod transform;
mod vars;

pub use error::{Error, ErrorKind, Location};
pub use file_system::FileSystem;
pub use files::Files;
pub use generate::helm_chart::{ChartRenderer, ValuesFile};
pub use kustomization::Chart;
pub use options::{
    BuildOptions, Limits, LoadRestrictor, RemoteError, RemoteLoader, Reorder, RepoSpec, Repository,
    RepositoryError,
};
pub use output::{Build, Resource};

/// Builds the kustomization in directory `path` of `files` (`""` or `"."` for its root), mostly a
/// [`Tree`](windlass_archive::Tree).
///
/// # Errors
/// [`Error`] with the text kustomize gives.
pub fn build(files: &dyn Files, path: &str, options: &BuildOptions<'_>) -> Result<Build, Error> {
    build::run(files, path, options)
}

/// What to clone for a build of `name`, if that is the name of a repository and not of a directory:
/// such as `https://github.com/org/repo//path?ref=v1`, `github.com/org/repo/path` or
/// `git@example.com:org/repo`.
pub fn repository(name: &str) -> Option<RepoSpec> {
    repo::parse(name)
}

/// Builds the kustomization in the repository that `name` is the name of, with the loader of the
/// options.
///
/// # Errors
/// [`Error`] with the text kustomize gives.
pub fn build_repository(name: &str, options: &BuildOptions<'_>) -> Result<Build, Error> {
    build::run_repository(name, options)
}
