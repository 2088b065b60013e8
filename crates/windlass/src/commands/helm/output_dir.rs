//! `--output-dir`: rendered files on disk.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Writes documents into files named after their templates.
pub(super) struct OutputDir {
    root: PathBuf,
    written: BTreeSet<PathBuf>,
    log: Vec<u8>,
}

impl OutputDir {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            written: BTreeSet::new(),
            log: Vec::new(),
        }
    }

    /// Writes a document; a second one of the same template is appended.
    pub(super) fn write(&mut self, below: &str, name: &str, content: &str) -> anyhow::Result<()> {
        let mut path = self.root.clone();
        path.extend([below, name].iter().filter(|part| !part.is_empty()));
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let append = !self.written.insert(path.clone());
        let mut file = fs::OpenOptions::new()
            .create(true)
            .write(true)
            .append(append)
            .truncate(!append)
            .open(&path)?;
        write!(file, "---\n# Source: {name}\n{content}\n")?;
        writeln!(self.log, "wrote {}", path.display())?;
        Ok(())
    }

    /// What was written, for standard output.
    pub(super) fn into_log(self) -> Vec<u8> {
        self.log
    }
}
