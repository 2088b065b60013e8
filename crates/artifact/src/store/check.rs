//! When the upstream of an object was last checked.
//!
//! It is the time of the object's directory: it costs no file, survives the process, and is lost with
//! the artifacts, without which there is a check anyway.

use std::fs::{self, File};
use std::time::SystemTime;

use super::{ArtifactPath, Error, Store};

impl Store {
    /// When the object was last marked as checked, or else got an artifact. `None` when nothing of it
    /// is on the volume. Of `at` the file does not matter.
    pub fn checked(&self, at: &ArtifactPath) -> Result<Option<SystemTime>, Error> {
        let full = self.root.join(at.directory()?);
        match fs::symlink_metadata(&full).and_then(|metadata| metadata.modified()) {
            Ok(time) => Ok(Some(time)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("inspect", &full)(error)),
        }
    }

    /// Marks the object, which has artifacts, as checked at this time. Of `at` the file does not matter.
    pub fn mark_checked(&self, at: &ArtifactPath, time: SystemTime) -> Result<(), Error> {
        let full = self.root.join(at.directory()?);
        File::open(&full)
            .and_then(|directory| directory.set_modified(time))
            .map_err(Error::io("mark as checked", &full))
    }
}
