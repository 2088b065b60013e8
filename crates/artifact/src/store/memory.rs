//! Which files have been hashed already.

use std::collections::HashMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;

use crate::digest::{Digest, DigestAlgorithm};

/// Device and inode: the file itself, whatever its names are.
type FileId = (u64, u64);

/// A change this soon after another may leave the modification time as it is, on file systems that only
/// move it with the kernel's tick.
const TICK: Duration = Duration::from_millis(50);

/// Digests of files that have not changed since they were hashed, so that the artifact of every source is
/// not read again at every interval.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    records: Mutex<HashMap<FileId, Record>>,
}

#[derive(Debug)]
struct Record {
    size: u64,
    modified: (i64, i64),
    /// When hashing began.
    since: SystemTime,
    digest: Digest,
}

impl Memory {
    /// The digest of the file with this metadata, if it is known and the file has not changed.
    pub(crate) fn recall(&self, file: &Metadata, algorithm: DigestAlgorithm) -> Option<Digest> {
        let records = self.records.lock();
        let record = records.get(&id(file))?;
        let settled = file.modified().ok()?.checked_add(TICK)? <= record.since;
        let same = record.size == file.size() && record.modified == modified(file);
        (settled && same && record.digest.algorithm() == algorithm).then(|| record.digest.clone())
    }

    /// Notes the digest of a file whose metadata was read at `since`, before it was hashed.
    pub(crate) fn remember(&self, file: &Metadata, since: SystemTime, digest: Digest) {
        let record = Record {
            size: file.size(),
            modified: modified(file),
            since,
            digest,
        };
        self.records.lock().insert(id(file), record);
    }

    /// Drops what is known of a file, and returns its digest as of then.
    pub(crate) fn forget(&self, file: &Metadata) -> Option<Digest> {
        self.records
            .lock()
            .remove(&id(file))
            .map(|record| record.digest)
    }
}

fn id(file: &Metadata) -> FileId {
    (file.dev(), file.ino())
}

fn modified(file: &Metadata) -> (i64, i64) {
    (file.mtime(), file.mtime_nsec())
}
