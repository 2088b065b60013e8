//! How much a tree may hold.

/// Bounds of one tree, applied while it is being built or read, never afterwards.
///
/// The originals extract without any bound; an archive bomb then takes the whole controller down, and
/// every tenant with it. The defaults are far above what a repository of manifests holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Most files and directories. Default 100,000.
    pub max_entries: usize,
    /// Largest single file, in bytes. Default 100 MiB.
    pub max_file_bytes: u64,
    /// Largest sum of all files, in bytes. Default 512 MiB.
    pub max_total_bytes: u64,
    /// Most components of a path. Default 100.
    pub max_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            max_entries: 100_000,
            max_file_bytes: 100 * MIB,
            max_total_bytes: 512 * MIB,
            max_depth: 100,
        }
    }
}

impl Limits {
    /// For a tree made of parts of one that was within its limits.
    pub(crate) fn unbounded() -> Self {
        Self {
            max_entries: usize::MAX,
            max_file_bytes: u64::MAX,
            max_total_bytes: u64::MAX,
            max_depth: usize::MAX,
        }
    }
}
