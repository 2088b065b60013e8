//! What can go wrong on the volume.

use std::io;
use std::path::Path;

use crate::digest::InvalidDigest;

/// Why the store could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The volume is full. What was stored before is untouched.
    #[error("no space left on the artifact volume, failed to {action} {path}: {source}")]
    Full {
        /// What was being done.
        action: &'static str,
        /// To which file.
        path: String,
        /// The system's error.
        source: io::Error,
    },
    /// The system refused an operation.
    #[error("failed to {action} {path}: {source}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// To which file.
        path: String,
        /// The system's error.
        source: io::Error,
    },
    /// The path is none that an artifact can have.
    #[error("invalid artifact path {0:?}")]
    Path(String),
    /// There is no such file.
    #[error("artifact '{0}' not found in storage")]
    Missing(String),
    /// There is something else than a regular file: a link, a directory.
    #[error("artifact '{0}' is not a regular file")]
    NotRegular(String),
    /// The artifact's digest is none.
    #[error("failed to parse artifact digest '{digest}': {source}")]
    Digest {
        /// The digest as the artifact states it.
        digest: String,
        /// What is wrong with it.
        source: InvalidDigest,
    },
    /// The file is not what was stored; it has been removed.
    #[error("computed digest doesn't match '{0}'")]
    Mismatch(String),
    /// The disk gives back something else than what was just written to it.
    #[error("artifact '{0}' read back differs from what was written")]
    ReadBack(String),
    /// The stored archive cannot be read.
    #[error("failed to extract artifact '{path}': {source}")]
    Extract {
        /// Path of the artifact.
        path: String,
        /// What is wrong with it.
        source: windlass_archive::Error,
    },
}

impl Error {
    /// For `map_err`: wraps the system's error.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
        let path = path.display().to_string();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::Full {
                action,
                path,
                source,
            },
            _ => Error::Io {
                action,
                path,
                source,
            },
        }
    }
}
