//! The objects of received packs, in a directory that goes away with the value.

use std::path::{Path, PathBuf};

use gix::hash::{Kind, ObjectId};
use gix::objs::{Find as _, FindHeader as _, Kind as ObjectKind};
use tempfile::TempDir;

use crate::error::{Failure, tame};

/// Largest commit, tag or tree object we look into. A directory of 100,000 files takes about 5 MiB.
pub(crate) const MAX_META: u64 = 64 << 20;

/// A bare object store, filled by fetching into [`Objects::packs`].
pub(crate) struct Objects {
    handle: gix::odb::Handle,
    dir: TempDir,
}

impl Objects {
    /// An empty store in a directory of its own in `scratch`.
    pub(crate) fn create(scratch: &Path) -> Result<Self, Failure> {
        let dir = tempfile::Builder::new()
            .prefix("checkout-")
            .tempdir_in(scratch)
            .map_err(Failure::Scratch)?;
        std::fs::create_dir_all(dir.path().join("objects/pack")).map_err(Failure::Scratch)?;
        let handle =
            gix::odb::at(dir.path().join("objects"), Kind::Sha1).map_err(Failure::Scratch)?;
        Ok(Self { handle, dir })
    }

    /// Where packs belong.
    pub(crate) fn packs(&self) -> PathBuf {
        self.dir.path().join("objects/pack")
    }

    /// A file name for the list of commits without parents, new for every fetch: what an earlier fetch
    /// left out must not be announced to the server of another repository.
    pub(crate) fn shallow_file(&self) -> PathBuf {
        let mut number = 0;
        loop {
            let path = self.dir.path().join(format!("shallow-{number}"));
            if !path.exists() {
                return path;
            }
            number += 1;
        }
    }

    pub(crate) fn contains(&self, id: &ObjectId) -> bool {
        matches!(self.handle.try_header(id), Ok(Some(_)))
    }

    /// Kind and size of the object.
    pub(crate) fn header(&self, id: &ObjectId) -> Result<(ObjectKind, u64), Failure> {
        match self.handle.try_header(id) {
            Ok(Some(header)) => Ok((header.kind, header.size)),
            Ok(None) => Err(damaged(id, "not found")),
            Err(error) => Err(damaged(id, &error.to_string())),
        }
    }

    /// The object, which must be of kind `kind`. Its size is looked at before it is unpacked.
    pub(crate) fn read(
        &self,
        id: &ObjectId,
        kind: ObjectKind,
        most: u64,
    ) -> Result<Vec<u8>, Failure> {
        let (found, size) = self.header(id)?;
        if found != kind {
            return Err(damaged(id, &format!("is a {found}, not a {kind}")));
        }
        if size > most {
            return Err(damaged(id, &format!("is larger than {most} bytes")));
        }
        let mut data = Vec::new();
        match self.handle.try_find(id, &mut data) {
            Ok(Some(_)) => Ok(data),
            Ok(None) => Err(damaged(id, "not found")),
            Err(error) => Err(damaged(id, &error.to_string())),
        }
    }
}

pub(crate) fn damaged(id: &ObjectId, reason: &str) -> Failure {
    Failure::Object {
        id: id.to_string(),
        reason: tame(reason),
    }
}
