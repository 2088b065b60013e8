//! Builds compared with what kustomize 5.8.1 gives.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "these are tests, helper functions included"
)]

mod conformance;
mod differential;
mod documents_in_texts;
mod endless;
mod fixtures;
mod flux;
mod hostile;
mod random;
mod remote;
mod remote_bases;
mod scale;
mod settings;
mod traces;

use windlass_archive::Tree;

/// A tree of the given files; leading slashes are dropped.
fn tree<'f>(files: impl IntoIterator<Item = (&'f str, &'f [u8])>) -> Tree {
    let mut builder = Tree::builder(windlass_archive::Limits::default());
    for (path, bytes) in files {
        builder
            .file(path.trim_start_matches('/'), bytes.to_vec(), false)
            .unwrap_or_else(|error| panic!("{path}: {error}"));
    }
    builder.build()
}
