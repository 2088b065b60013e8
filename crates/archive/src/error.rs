//! What can be wrong with a path, a tree or an archive.

use std::io;
use std::time::Duration;

/// Why a path, a tree or an archive was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The path is not one that a tree may hold.
    #[error("invalid path {path:?}: {reason}")]
    Path {
        /// The path as it was given, shortened when it is very long.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The name of a tar entry is empty, absolute, climbs with `..`, or holds a backslash or NUL.
    #[error("tar contained invalid name error {0:?}")]
    Name(String),
    /// A tar entry is a device, a fifo, a sparse file or of a kind unknown to us.
    #[error("tar file entry {name} contained unsupported file type {kind:?}")]
    Kind {
        /// Name of the entry.
        name: String,
        /// The type flag of its header.
        kind: char,
    },
    /// The archive breaks the tar format.
    #[error("malformed tar archive: {0}")]
    Malformed(String),
    /// A component of the path is a file where a directory is needed.
    #[error("{0:?} is not a directory")]
    NotADirectory(String),
    /// The path is a directory where a file is to be put.
    #[error("{0:?} is a directory")]
    IsADirectory(String),
    /// The place is taken.
    #[error("{0:?} already exists")]
    Exists(String),
    /// More files and directories than allowed.
    #[error("more than {0} files and directories")]
    TooManyEntries(usize),
    /// A file is larger than allowed.
    #[error("file {path:?} is larger than {limit} bytes")]
    FileTooLarge {
        /// The file.
        path: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// The files together are larger than allowed.
    #[error("files are larger than {0} bytes in total")]
    TooLarge(u64),
    /// The patterns that say what is left out are longer than allowed.
    #[error("patterns of ignored files are larger than {0} bytes in total")]
    TooManyPatterns(usize),
    /// The patterns say too slowly what is left out.
    #[error("leaving out ignored files took longer than {0:?}")]
    TooSlow(Duration),
    /// A directory is nested deeper than allowed.
    #[error("{path:?} is nested deeper than {limit} levels")]
    TooDeep {
        /// The path, shortened when it is very long.
        path: String,
        /// The limit in path components.
        limit: usize,
    },
    /// Reading the archive failed: cut short, or not gzip at all.
    #[error("failed to read archive: {0}")]
    Read(#[from] io::Error),
}

/// At most the first 256 bytes of `text`, so that a hostile name does not flood a status message.
pub(crate) fn shorten(text: &str) -> String {
    const MOST: usize = 256;
    if text.len() <= MOST {
        return text.to_owned();
    }
    let mut end = MOST;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}...", &text[..end])
}
