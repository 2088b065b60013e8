//! The private corner of the volume: blobs by digest, and files on their way to becoming one.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, MutexGuard};

use crate::digest::Digest;
use crate::store::Error;

/// Everything of ours that is not an artifact's name; hidden, so that it is neither served nor taken for
/// a kind.
const PRIVATE: &str = ".windlass";

/// Blobs and temporary files.
///
/// Temporary files lie in a directory of this process, locked for as long as it lives: whoever opens the
/// volume next can tell leftovers of the dead from the work of the living (a standby replica opens the
/// same volume).
#[derive(Debug)]
pub(crate) struct Staging {
    blobs: PathBuf,
    all_temporary: PathBuf,
    /// `None` for as long as the volume has had no room for it: what is stored can be served.
    own: Mutex<Option<Own>>,
    counter: AtomicU64,
    naming: Mutex<File>,
}

/// The directory of this process.
#[derive(Debug)]
struct Own {
    temporary: PathBuf,
    /// Holds the lock of `temporary`.
    _alive: File,
}

impl Own {
    fn create(all_temporary: &Path) -> Result<Own, Error> {
        let own = uuid::Uuid::new_v4().simple().to_string();
        let alive_path = all_temporary.join(format!("{own}.alive"));
        let alive = lock_file(&alive_path)?;
        lock(&alive, &alive_path)?;
        let temporary = all_temporary.join(&own);
        if let Err(error) = make_dir(&temporary) {
            let _ = fs::remove_file(&alive_path);
            return Err(error);
        }
        Ok(Own {
            temporary,
            _alive: alive,
        })
    }
}

impl Staging {
    /// Prepares the corner below `root` and removes what dead processes left there.
    pub(crate) fn open(root: &Path) -> Result<Staging, Error> {
        let private = root.join(PRIVATE);
        let blobs = private.join("blobs");
        let all_temporary = private.join("tmp");
        make_dir(&blobs)?;
        make_dir(&all_temporary)?;

        let naming_path = private.join("naming.lock");
        let naming = lock_file(&naming_path)?;

        // Two processes that start at once must not take each other for dead.
        let starting = naming.lock().is_ok();
        remove_dead(&all_temporary)?;
        let own = match Own::create(&all_temporary) {
            Ok(own) => Some(own),
            Err(error @ Error::Full { .. }) => {
                tracing::warn!(%error, "nothing can be stored yet");
                None
            }
            Err(error) => return Err(error),
        };
        let staging = Staging {
            blobs,
            all_temporary,
            own: Mutex::new(own),
            counter: AtomicU64::new(0),
            naming: Mutex::new(naming),
        };
        drop(Naming {
            file: staging.naming.lock(),
            locked: starting,
        });
        staging.sweep()?;
        Ok(staging)
    }

    /// A name for a temporary file, not used before. The first one must not be asked for with
    /// [`Staging::exclusive`] held.
    pub(crate) fn temporary(&self) -> Result<Temporary, Error> {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let mut own = self.own.lock();
        let own = match &mut *own {
            Some(own) => own,
            none => {
                let _naming = self.exclusive();
                none.insert(Own::create(&self.all_temporary)?)
            }
        };
        Ok(Temporary {
            path: own.temporary.join(number.to_string()),
        })
    }

    /// Where the blob with this digest lies.
    pub(crate) fn blob(&self, digest: &Digest) -> PathBuf {
        self.blobs
            .join(digest.algorithm().name())
            .join(digest.hex())
    }

    /// Keeps every other thread and process from naming or sweeping blobs.
    pub(crate) fn exclusive(&self) -> Naming<'_> {
        let file = self.naming.lock();
        // Where the file system has no locks, the mutex has to do.
        let locked = file.lock().is_ok();
        Naming { file, locked }
    }

    /// Removes all blobs that no name leads to.
    pub(crate) fn sweep(&self) -> Result<(), Error> {
        let _naming = self.exclusive();
        for directory in entries(&self.blobs)? {
            for blob in entries(&directory)? {
                remove_unnamed(&blob)?;
            }
        }
        Ok(())
    }

    /// Removes the blob with this digest, if no name leads to it.
    pub(crate) fn release(&self, digest: &Digest) -> Result<(), Error> {
        let _naming = self.exclusive();
        remove_unnamed(&self.blob(digest))
    }
}

/// A temporary file: removed when dropped, unless it was renamed by then.
#[derive(Debug)]
pub(crate) struct Temporary {
    pub(crate) path: PathBuf,
}

impl Temporary {
    /// Creates the file, for the owner's eyes only.
    pub(crate) fn create(&self) -> io::Result<File> {
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// The right to name blobs; see [`Staging::exclusive`].
pub(crate) struct Naming<'a> {
    file: MutexGuard<'a, File>,
    locked: bool,
}

impl Drop for Naming<'_> {
    fn drop(&mut self) {
        if self.locked {
            let _ = self.file.unlock();
        }
    }
}

/// Makes a directory and its parents, for the owner only.
pub(crate) fn make_dir(path: &Path) -> Result<(), Error> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(Error::io("create directory", path))
}

/// Makes what happened to the names in a directory survive a crash.
pub(crate) fn sync_dir(path: &Path) -> Result<(), Error> {
    let synced = File::open(path).and_then(|directory| directory.sync_all());
    synced.map_err(Error::io("sync directory", path))
}

/// What is in a directory; nothing when there is none.
pub(crate) fn entries(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let read = fs::read_dir(path).and_then(|entries| {
        entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<Vec<_>>>()
    });
    match read {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read.map_err(Error::io("list", path)),
    }
}

/// Removes a file; fine when it is gone already.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(Error::io("remove", path)),
    }
}

fn remove_unnamed(blob: &Path) -> Result<(), Error> {
    match fs::symlink_metadata(blob) {
        Ok(metadata) if metadata.is_file() && metadata.nlink() == 1 => remove(blob),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::io("inspect", blob)(error)),
    }
}

fn lock_file(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600);
    options.open(path).map_err(Error::io("open", path))
}

fn lock(file: &File, path: &Path) -> Result<(), Error> {
    match file.try_lock() {
        Err(fs::TryLockError::WouldBlock) => {
            Err(Error::io("lock", path)(io::ErrorKind::WouldBlock.into()))
        }
        // Where the file system has no locks, all leftovers are taken for those of the living.
        Ok(()) | Err(fs::TryLockError::Error(_)) => Ok(()),
    }
}

/// Removes temporary files of processes that are gone.
fn remove_dead(all_temporary: &Path) -> Result<(), Error> {
    for path in entries(all_temporary)? {
        let alive = path.with_extension("alive");
        if path == alive && path.with_extension("").exists() {
            continue;
        }
        let dead = match File::open(&alive) {
            Ok(file) => file.try_lock().is_ok(),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        if !dead {
            continue;
        }
        if path.is_dir() {
            fs::remove_dir_all(&path).map_err(Error::io("remove", &path))?;
        } else {
            remove(&path)?;
        }
        remove(&alive)?;
    }
    Ok(())
}
