//! Where a build finds its files.

use bytes::Bytes;
use windlass_archive::Tree;

/// Files under relative paths without `.` and `..`, `""` being the root.
///
/// A [`Tree`] is the usual one. Others may fetch what is asked for, as long as they answer the same
/// throughout a build.
pub trait Files {
    /// The bytes of a file; none if there is no such file.
    fn file(&self, path: &str) -> Option<Bytes>;

    /// Whether there is such a directory.
    fn is_dir(&self, path: &str) -> bool;

    /// The path with links followed; the same path where there are none.
    fn resolved(&self, path: &str) -> String {
        path.to_owned()
    }
}

impl Files for Tree {
    fn file(&self, path: &str) -> Option<Bytes> {
        self.get(path).map(|file| file.bytes.clone())
    }

    fn is_dir(&self, path: &str) -> bool {
        Tree::is_dir(self, path)
    }
}
