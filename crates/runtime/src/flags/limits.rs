//! How much a tree of files may hold: a commit that is fetched, an artifact that is unpacked.

use clap::Args;
use windlass_archive::Limits;

/// The flags that bound a tree of files. Flatten it into a controller's own flags.
#[derive(Clone, Debug, Args)]
pub struct TreeLimitFlags {
    /// Most files and directories of an artifact
    #[arg(long, default_value_t = Limits::default().max_entries)]
    pub max_artifact_files: usize,

    /// Largest file of an artifact, in bytes
    #[arg(long, default_value_t = Limits::default().max_file_bytes)]
    pub max_artifact_file_size: u64,

    /// Largest sum of all files of an artifact, in bytes
    #[arg(long, default_value_t = Limits::default().max_total_bytes)]
    pub max_artifact_size: u64,
}

impl TreeLimitFlags {
    /// The limits that the flags ask for.
    pub fn limits(&self) -> Limits {
        Limits {
            max_entries: self.max_artifact_files,
            max_file_bytes: self.max_artifact_file_size,
            max_total_bytes: self.max_artifact_size,
            ..Limits::default()
        }
    }
}
