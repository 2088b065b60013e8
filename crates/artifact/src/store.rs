//! One volume of artifacts.

mod check;
mod error;
mod garbage;
mod memory;
mod path;
mod staging;

use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, Seek, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use jiff::{Timestamp, Unit};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use windlass_api::source::Artifact;
use windlass_archive::{Limits, Tree, read_tar_gz, write_tar_gz};

use crate::digest::{Digest, DigestAlgorithm, Hasher};
use memory::Memory;
use staging::{Staging, Temporary, make_dir, remove, sync_dir};

pub use error::Error;
pub use path::ArtifactPath;

/// How often a file may be replaced while it is being opened; each time costs a handful of system calls.
const OPEN_ATTEMPTS: usize = 16;

/// How a store behaves.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Host, with or without port, under which [`crate::serve`] is reached; `http://` goes before it
    /// unless it begins with a scheme itself.
    pub advertise: String,
    /// How long an artifact that is no longer current is kept at least.
    pub retention_ttl: Duration,
    /// How many files are kept for an object at most, the current one included.
    pub retention_records: usize,
    /// Algorithm of the digests of new artifacts.
    pub algo: DigestAlgorithm,
}

impl Default for StoreOptions {
    /// The defaults of Flux: one minute, two records, SHA-256.
    fn default() -> Self {
        Self {
            advertise: "localhost".to_owned(),
            retention_ttl: Duration::from_mins(1),
            retention_records: 2,
            algo: DigestAlgorithm::default(),
        }
    }
}

/// Proof that an artifact's file is what its digest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The digest that it was found to have.
    pub digest: Digest,
    /// Size of the file in bytes.
    pub size: u64,
}

/// The artifacts on one volume. All methods block on the disk.
///
/// A file is written under a temporary name, synced, read back, and only then given the name of its
/// digest and that of the artifact, which are links to one file: the path where Flux looks for it is a
/// regular file, and two objects with equal content share one. A crash leaves the old name or the new one.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    options: StoreOptions,
    staging: Staging,
    memory: Memory,
    hashed: AtomicU64,
}

/// An artifact's file, open.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) file: File,
    pub(crate) metadata: Metadata,
}

impl Store {
    /// Opens the volume mounted at `root`, which must be a directory, and removes what a crash left behind.
    pub fn open(root: impl Into<PathBuf>, options: StoreOptions) -> Result<Store, Error> {
        let root = root.into();
        let metadata = fs::metadata(&root).map_err(Error::io("open storage root", &root))?;
        if !metadata.is_dir() {
            let error = io::ErrorKind::NotADirectory.into();
            return Err(Error::io("open storage root", &root)(error));
        }
        let staging = Staging::open(&root)?;
        Ok(Store {
            root,
            options,
            staging,
            memory: Memory::default(),
            hashed: AtomicU64::new(0),
        })
    }

    /// Stores `tree` as tar.gz at `at` and returns the artifact for it, with `revision` as it is given.
    /// What was there before is replaced in one step, or left as it is when this fails.
    pub fn put_tree(
        &self,
        at: &ArtifactPath,
        revision: &str,
        tree: &Tree,
    ) -> Result<Artifact, Error> {
        let path = at.relative()?;
        let (temporary, verified) = self.stage(&path, |file| write_tar_gz(tree, file))?;
        self.name(&temporary, &verified.digest, &path)?;
        let now = Timestamp::now();
        Ok(Artifact {
            digest: verified.digest.to_string(),
            // A status holds whole seconds.
            last_update_time: Time(now.round(Unit::Second).unwrap_or(now)),
            metadata: None,
            revision: revision.to_owned(),
            size: i64::try_from(verified.size).ok(),
            url: self.url(&path),
            path,
        })
    }

    /// The address at which the file at `path` is served now.
    pub fn url(&self, path: &str) -> String {
        let host = self.options.advertise.trim_end_matches('/');
        let path = path.trim_start_matches('/');
        if host.starts_with("http://") || host.starts_with("https://") {
            format!("{host}/{path}")
        } else {
            format!("http://{host}/{path}")
        }
    }

    /// Checks that the artifact's file is there, regular, and has its digest; the file is only read when
    /// it changed since it was last read. One that does not match is removed.
    pub fn verify(&self, artifact: &Artifact) -> Result<Verified, Error> {
        self.open_verified(artifact).map(|(_, verified)| verified)
    }

    /// The content of the artifact, which is verified first.
    pub fn read_tree(&self, artifact: &Artifact, limits: &Limits) -> Result<Tree, Error> {
        let (opened, _) = self.open_verified(artifact)?;
        read_tar_gz(io::BufReader::new(opened.file), limits).map_err(|source| Error::Extract {
            path: artifact.path.clone(),
            source,
        })
    }

    /// How many files have been read to compute their digest since the store was opened.
    pub fn hashed_files(&self) -> u64 {
        self.hashed.load(Ordering::Relaxed)
    }

    fn open_verified(&self, artifact: &Artifact) -> Result<(Opened, Verified), Error> {
        let expected: Digest = artifact.digest.parse().map_err(|source| Error::Digest {
            digest: artifact.digest.clone(),
            source,
        })?;
        let mut opened = self.open_file(&artifact.path)?;
        let digest = self.digest(&mut opened, &artifact.path, expected.algorithm())?;
        if digest != expected {
            tracing::warn!(path = artifact.path, %digest, %expected, "removing altered artifact");
            // It may have been replaced by a sound one while it was read.
            let current = fs::symlink_metadata(self.root.join(&artifact.path));
            if current.is_ok_and(|current| current.ino() == opened.metadata.ino()) {
                self.discard(&artifact.path, &opened.metadata)?;
            }
            return Err(Error::Mismatch(artifact.digest.clone()));
        }
        let size = opened.metadata.size();
        Ok((opened, Verified { digest, size }))
    }

    /// Opens the regular file at `path`. Links are not followed, neither at the end nor on the way.
    pub(crate) fn open_file(&self, path: &str) -> Result<Opened, Error> {
        path::check(path)?;
        for _ in 0..OPEN_ATTEMPTS {
            if let Some(opened) = self.try_open_file(path)? {
                return Ok(opened);
            }
        }
        Err(Error::Missing(path.to_owned()))
    }

    /// One attempt at [`Store::open_file`]; `None` when the file was replaced between the look at what it
    /// is and opening it.
    fn try_open_file(&self, path: &str) -> Result<Option<Opened>, Error> {
        let mut full = self.root.clone();
        let mut parts = path.split('/').peekable();
        let mut seen = None;
        while let Some(part) = parts.next() {
            full.push(part);
            let metadata = fs::symlink_metadata(&full).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                    Error::Missing(path.to_owned())
                }
                _ => Error::io("inspect", &full)(error),
            })?;
            let last = parts.peek().is_none();
            if last && !metadata.is_file() || !last && !metadata.is_dir() {
                return Err(Error::NotRegular(path.to_owned()));
            }
            seen = Some((metadata.dev(), metadata.ino()));
        }
        let opened = File::open(&full).and_then(|file| {
            let metadata = file.metadata()?;
            Ok(Opened { file, metadata })
        });
        let opened = opened.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::Missing(path.to_owned()),
            _ => Error::io("open", &full)(error),
        })?;
        // What is open may be what a link led to, or a newer artifact.
        let same = seen == Some((opened.metadata.dev(), opened.metadata.ino()));
        Ok(same.then_some(opened))
    }

    /// The digest of an open file, from memory when it has not changed; leaves it at its beginning.
    pub(crate) fn digest(
        &self,
        opened: &mut Opened,
        path: &str,
        algorithm: DigestAlgorithm,
    ) -> Result<Digest, Error> {
        if let Some(digest) = self.memory.recall(&opened.metadata, algorithm) {
            return Ok(digest);
        }
        let since = SystemTime::now();
        let digest = self.hash(&mut opened.file, algorithm);
        let digest = digest.map_err(Error::io("read", Path::new(path)))?;
        self.memory
            .remember(&opened.metadata, since, digest.clone());
        Ok(digest)
    }

    /// Algorithm of new digests.
    pub(crate) fn algorithm(&self) -> DigestAlgorithm {
        self.options.algo
    }

    fn hash(&self, file: &mut File, algorithm: DigestAlgorithm) -> io::Result<Digest> {
        self.hashed.fetch_add(1, Ordering::Relaxed);
        file.rewind()?;
        let digest = Digest::of_reader(algorithm, &mut *file)?;
        file.rewind()?;
        Ok(digest)
    }

    /// Writes a temporary file that is on the disk, and reads back as it was written, when this returns.
    fn stage(
        &self,
        path: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(Temporary, Verified), Error> {
        let temporary = self.staging.temporary()?;
        let failed = || Error::io("write", Path::new(path));
        let file = temporary.create().map_err(failed())?;
        let mut writer = HashingWriter {
            file: &file,
            hasher: Hasher::new(self.options.algo),
            size: 0,
        };
        let mut buffered = BufWriter::with_capacity(64 * 1024, &mut writer);
        write(&mut buffered)
            .and_then(|()| buffered.flush())
            .map_err(failed())?;
        drop(buffered);
        let (size, written) = (writer.size, writer.hasher.finish());
        file.sync_all().map_err(failed())?;

        let read = File::open(&temporary.path)
            .and_then(|mut file| self.hash(&mut file, self.options.algo))
            .map_err(Error::io("read back", Path::new(path)))?;
        if read != written {
            return Err(Error::ReadBack(path.to_owned()));
        }
        Ok((
            temporary,
            Verified {
                digest: written,
                size,
            },
        ))
    }

    /// Makes the staged file the blob of its digest and the artifact at `path`.
    fn name(&self, staged: &Temporary, digest: &Digest, path: &str) -> Result<(), Error> {
        let blob = self.staging.blob(digest);
        let target = self.root.join(path);
        let failed = || Error::io("name", &target);
        let directory = target.parent().unwrap_or(&self.root);
        let blob_dir = blob.parent().unwrap_or(&self.root);
        let first = !directory.exists();
        make_dir(blob_dir)?;
        make_dir(directory)?;

        let naming = self.staging.exclusive();
        let kept = self.adopt(&blob, digest);
        if !kept {
            fs::rename(&staged.path, &blob).map_err(failed())?;
        }
        let link = self.staging.temporary()?;
        if fs::hard_link(&blob, &link.path).is_ok() {
            // Both may be the same file already, in which case nothing is renamed.
            fs::rename(&link.path, &target).map_err(failed())?;
        } else {
            // No links on this file system, or too many on this file: the artifact gets its own.
            let own = if kept { &staged.path } else { &blob };
            fs::rename(own, &target).map_err(failed())?;
        }
        drop(naming);
        sync_dir(blob_dir)?;
        sync_dir(directory)?;
        if first {
            let above = directory.ancestors().skip(1);
            above
                .take_while(|dir| dir.starts_with(&self.root))
                .try_for_each(sync_dir)?;
        }
        Ok(())
    }

    /// Whether there is a sound blob with this digest already; it then counts as written now.
    fn adopt(&self, blob: &Path, digest: &Digest) -> bool {
        let adopt = || -> io::Result<bool> {
            if !fs::symlink_metadata(blob)?.is_file() {
                return Ok(false);
            }
            let mut file = File::options().read(true).write(true).open(blob)?;
            if self.hash(&mut file, digest.algorithm())? != *digest {
                return Ok(false);
            }
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
            file.set_modified(SystemTime::now())?;
            file.sync_all()?;
            Ok(true)
        };
        // An unreadable blob is as good as none: it gets replaced.
        adopt().unwrap_or(false)
    }

    /// Removes a file by its path relative to the root, and its blob when that was the last name.
    fn discard(&self, path: &str, metadata: &Metadata) -> Result<(), Error> {
        let full = self.root.join(path);
        remove(&full)?;
        remove(&self.root.join(format!("{path}{}", path::LOCK_SUFFIX)))?;
        let known = self.memory.forget(metadata);
        match known {
            // A third name remains.
            _ if metadata.nlink() > 2 => Ok(()),
            // The name was the only one: a file that Flux wrote.
            _ if metadata.nlink() < 2 => Ok(()),
            Some(digest) if self.is_blob(&digest, metadata) => self.staging.release(&digest),
            _ => self.staging.sweep(),
        }
    }

    fn is_blob(&self, digest: &Digest, metadata: &Metadata) -> bool {
        fs::symlink_metadata(self.staging.blob(digest))
            .is_ok_and(|blob| (blob.dev(), blob.ino()) == (metadata.dev(), metadata.ino()))
    }
}

/// Hashes what it writes.
struct HashingWriter<'a> {
    file: &'a File,
    hasher: Hasher,
    size: u64,
}

impl Write for HashingWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests;
