//! Which artifacts of an object may go.

use std::fs::{self, Metadata};
use std::time::SystemTime;

use windlass_api::source::Artifact;

use super::path::{LOCK_SUFFIX, object_directory};
use super::staging::entries;
use super::{ArtifactPath, Error, Store};

/// Most files of one object that are looked at in one go.
const MOST: usize = 1000;

impl Store {
    /// Removes the artifacts of an object that have outlived their use, and returns their paths: those
    /// older than the retention time, then the oldest beyond the number of records. `current` always
    /// stays (source-controller spec §5.6). Of `at` the file does not matter.
    pub fn collect_garbage(
        &self,
        at: &ArtifactPath,
        current: &Artifact,
    ) -> Result<Vec<String>, Error> {
        let now = SystemTime::now();
        let mut others: Vec<_> = self
            .artifacts(&at.directory()?)?
            .into_iter()
            .filter(|(path, _)| *path != current.path)
            .map(|(path, metadata)| {
                let written = metadata.modified().unwrap_or(now);
                (written, path, metadata)
            })
            .collect();
        others.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));

        let expired = others
            .iter()
            .take_while(|(written, ..)| {
                now.duration_since(*written)
                    .is_ok_and(|age| age > self.options.retention_ttl)
            })
            .count();
        let beyond = (others.len() + 1).saturating_sub(self.options.retention_records.max(1));
        let victims = others.into_iter().take(expired.max(beyond));
        victims
            .map(|(_, path, metadata)| self.discard(&path, &metadata).map(|()| path))
            .collect()
    }

    /// Removes everything of an object that was deleted; returns how many artifacts that were.
    pub fn remove_all(&self, kind: &str, namespace: &str, name: &str) -> Result<usize, Error> {
        let directory = object_directory(kind, namespace, name)?;
        let mut removed = 0;
        loop {
            let artifacts = self.artifacts(&directory)?;
            if artifacts.is_empty() {
                break;
            }
            for (path, metadata) in artifacts {
                self.discard(&path, &metadata)?;
                removed += 1;
            }
        }
        // Locks and links that Flux left; links are removed, not followed.
        let full = self.root.join(&directory);
        match fs::remove_dir_all(&full) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io("remove", &full)(error))
            }
            _ => Ok(removed),
        }
    }

    /// The regular files of an object with their paths relative to the root, without locks.
    fn artifacts(&self, directory: &str) -> Result<Vec<(String, Metadata)>, Error> {
        let mut artifacts = Vec::new();
        for full in entries(&self.root.join(directory))?.into_iter().take(MOST) {
            let Some(file) = full.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            match fs::symlink_metadata(&full) {
                Ok(metadata) if metadata.is_file() && !file.ends_with(LOCK_SUFFIX) => {
                    artifacts.push((format!("{directory}/{file}"), metadata));
                }
                // Gone in between, or nothing of ours.
                _ => {}
            }
        }
        Ok(artifacts)
    }
}
