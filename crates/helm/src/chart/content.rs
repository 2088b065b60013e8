//! What is in a file of a chart.

use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::archive::unpack_again;
use crate::hidden::Hidden;

/// The bytes of a file: at hand, or left in the archive until they are asked for. Large files
/// that are no templates, such as definitions of resources and notes on releases, are most of
/// what many charts weigh, and rendering needs none of them.
#[derive(Clone)]
pub(crate) enum Content {
    Here(Bytes),
    Packed {
        archive: Arc<Packed>,
        /// Which of the files that were left there.
        index: usize,
    },
}

/// An archive with files that were left in it.
pub(crate) struct Packed {
    archive: Bytes,
    /// Which entries of the archive they are, in order.
    entries: Vec<usize>,
    unpacked: OnceLock<Vec<Bytes>>,
}

impl Packed {
    pub(super) fn new(archive: Bytes, entries: Vec<usize>) -> Self {
        Self {
            archive,
            entries,
            unpacked: OnceLock::new(),
        }
    }

    /// The content of a file that was left; whoever asks for one gets all unpacked.
    fn get(&self, index: usize) -> Bytes {
        let unpacked = self
            .unpacked
            .get_or_init(|| unpack_again(&self.archive, &self.entries));
        unpacked.get(index).cloned().unwrap_or_default()
    }
}

impl Content {
    /// Without a byte order mark.
    pub(crate) fn bytes(&self) -> Bytes {
        match self {
            Self::Here(bytes) => bytes.clone(),
            Self::Packed { archive, index } => without_mark(archive.get(*index)),
        }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here(bytes) => Hidden(bytes.len()).fmt(f),
            Self::Packed { .. } => f.write_str("packed"),
        }
    }
}

impl From<Bytes> for Content {
    fn from(bytes: Bytes) -> Self {
        Self::Here(without_mark(bytes))
    }
}

fn without_mark(bytes: Bytes) -> Bytes {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.slice(3..)
    } else {
        bytes
    }
}
