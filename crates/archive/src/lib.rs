//! The in-memory [`Tree`] through which everything read from a source is seen, its tar.gz form and the
//! rules by which a source leaves files out.
//!
//! The crate owns path safety: a [`Tree`] holds regular files and directories only, under normalised
//! relative paths, within [`Limits`]. A path that escapes its root, a link or a device cannot be
//! expressed in it, so nothing built on it needs to look out for them.
//!
//! It must not know where trees come from or go to: no network, no storage layout, no cluster. It never
//! opens a file by name.

mod error;
pub mod ignore;
mod limits;
mod path;
mod read;
mod tree;
mod write;

pub use error::Error;
pub use limits::Limits;
pub use path::{join, normalise};
pub use read::read_tar_gz;
pub use tree::{Entry, File, Tree, TreeBuilder};
pub use write::write_tar_gz;
