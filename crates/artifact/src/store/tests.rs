use std::fs::{self, FileTimes, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use windlass_archive::{Limits, Tree};

use super::{ArtifactPath, Error, Store, StoreOptions};
use crate::digest::DigestAlgorithm;

fn open(root: &TempDir) -> Store {
    Store::open(root.path(), StoreOptions::default()).unwrap()
}

fn at(file: &str) -> ArtifactPath {
    object("app", file)
}

fn object(name: &str, file: &str) -> ArtifactPath {
    ArtifactPath {
        kind: "gitrepository",
        namespace: "ns".to_owned(),
        name: name.to_owned(),
        file: file.to_owned(),
    }
}

fn tree(text: &str) -> Tree {
    let mut builder = Tree::builder(Limits::default());
    builder.file("a/b.yaml", text.to_owned(), false).unwrap();
    builder.build()
}

/// All files below the root but locks, with the private corner's depth of naming left out.
fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let extension = path.extension().and_then(|e| e.to_str());
            if path.is_dir() {
                open.push(path);
            } else if !matches!(extension, Some("alive" | "lock")) {
                found.push(path.strip_prefix(root).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

fn age(path: &Path, seconds: u64) {
    let time = SystemTime::now() - Duration::from_secs(seconds);
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_times(FileTimes::new().set_modified(time)).unwrap();
}

#[test]
fn what_is_stored_can_be_read_where_flux_looks_for_it() {
    let root = TempDir::new().unwrap();
    let store = open(&root);
    let artifact = store
        .put_tree(&at("0f.tar.gz"), "main@sha1:0f", &tree("x"))
        .unwrap();
    assert_eq!(artifact.path, "gitrepository/ns/app/0f.tar.gz");
    assert_eq!(
        artifact.url,
        "http://localhost/gitrepository/ns/app/0f.tar.gz"
    );
    assert_eq!(artifact.revision, "main@sha1:0f");
    assert!(artifact.digest.starts_with("sha256:"));
    assert_eq!(
        store.read_tree(&artifact, &Limits::default()).unwrap(),
        tree("x")
    );

    let full = root.path().join(&artifact.path);
    let metadata = fs::symlink_metadata(&full).unwrap();
    assert!(metadata.is_file());
    assert_eq!(metadata.nlink(), 2, "one file with the name of its digest");
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    assert_eq!(i64::try_from(metadata.len()).ok(), artifact.size);
    let dir = fs::metadata(full.parent().unwrap()).unwrap();
    assert_eq!(dir.permissions().mode() & 0o777, 0o700);
    assert_eq!(files(root.path()).len(), 2, "no temporary file stays");
}

#[test]
fn equal_content_is_stored_once() {
    let root = TempDir::new().unwrap();
    let store = open(&root);
    let one = store
        .put_tree(&object("one", "x.tar.gz"), "r", &tree("x"))
        .unwrap();
    let two = store
        .put_tree(&object("two", "x.tar.gz"), "r", &tree("x"))
        .unwrap();
    store
        .put_tree(&object("two", "x.tar.gz"), "r", &tree("x"))
        .unwrap();
    assert_eq!(one.digest, two.digest);
    let inode = |path: &str| fs::metadata(root.path().join(path)).unwrap().ino();
    assert_eq!(inode(&one.path), inode(&two.path));
    assert_eq!(files(root.path()).len(), 3);

    // A damaged blob is not handed on.
    fs::write(root.path().join(&one.path), "damaged").unwrap();
    let three = store
        .put_tree(&object("three", "x.tar.gz"), "r", &tree("x"))
        .unwrap();
    store.verify(&three).unwrap();
    assert!(matches!(store.verify(&one), Err(Error::Mismatch(_))));
}

#[test]
fn an_unchanged_file_is_read_once_and_a_changed_one_again() {
    let root = TempDir::new().unwrap();
    let store = open(&root);
    let artifact = store.put_tree(&at("x.tar.gz"), "r", &tree("x")).unwrap();
    let full = root.path().join(&artifact.path);
    age(&full, 10);
    store.verify(&artifact).unwrap();
    let before = store.hashed_files();
    for _ in 0..3 {
        store.verify(&artifact).unwrap();
    }
    assert_eq!(store.hashed_files(), before);

    age(&full, 5);
    store.verify(&artifact).unwrap();
    assert_eq!(store.hashed_files(), before + 1);

    // Same size, same inode; only the time tells.
    let mut content = fs::read(&full).unwrap();
    content[20] ^= 1;
    fs::write(&full, content).unwrap();
    let error = store.verify(&artifact).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("computed digest doesn't match '{}'", artifact.digest)
    );
    assert!(!full.exists(), "an altered artifact must not be served");
    assert!(matches!(store.verify(&artifact), Err(Error::Missing(_))));
    assert!(files(root.path()).is_empty(), "its blob is as bad");
}

#[test]
fn a_change_right_after_hashing_is_noticed() {
    let root = TempDir::new().unwrap();
    let store = open(&root);
    let artifact = store.put_tree(&at("x.tar.gz"), "r", &tree("x")).unwrap();
    let full = root.path().join(&artifact.path);
    // Written just now, however slow the machine is.
    let file = fs::File::options().write(true).open(&full).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_mins(1))
        .unwrap();
    store.verify(&artifact).unwrap();
    let metadata = fs::metadata(&full).unwrap();
    let mut content = fs::read(&full).unwrap();
    content[20] ^= 1;
    fs::write(&full, content).unwrap();
    // As if the clock of the file system had not ticked in between.
    file.set_modified(metadata.modified().unwrap()).unwrap();
    assert!(matches!(store.verify(&artifact), Err(Error::Mismatch(_))));
}

#[test]
fn files_that_flux_left_are_verified_and_collected() {
    let root = TempDir::new().unwrap();
    let store = open(&root);
    let mut artifact = store.put_tree(&at("new.tar.gz"), "r", &tree("x")).unwrap();
    let dir = root.path().join("gitrepository/ns/app");
    fs::copy(dir.join("new.tar.gz"), dir.join("old.tar.gz")).unwrap();
    fs::write(dir.join("old.tar.gz.lock"), "").unwrap();
    artifact.path = "gitrepository/ns/app/old.tar.gz".to_owned();
    // As old artifacts state it.
    artifact.digest = artifact.digest.replace("sha256:", "");
    store.verify(&artifact).unwrap();

    age(&dir.join("old.tar.gz"), 3600);
    artifact.path = "gitrepository/ns/app/new.tar.gz".to_owned();
    let removed = store.collect_garbage(&at(""), &artifact);
    assert!(removed.is_ok(), "{removed:?}");
    assert_eq!(removed.unwrap(), ["gitrepository/ns/app/old.tar.gz"]);
    assert!(!dir.join("old.tar.gz.lock").exists());
    store.verify(&artifact).unwrap();
}

#[test]
fn links_directories_and_odd_paths_are_no_artifacts() {
    let root = TempDir::new().unwrap();
    let store = open(&root);
    let good = store.put_tree(&at("x.tar.gz"), "r", &tree("x")).unwrap();
    let dir = root.path().join("gitrepository/ns");
    symlink(root.path().join(&good.path), dir.join("app/link.tar.gz")).unwrap();
    symlink(dir.join("app"), dir.join("linked")).unwrap();
    fs::create_dir(dir.join("app/dir.tar.gz")).unwrap();
    let verify = |path: &str| {
        let mut artifact = good.clone();
        artifact.path = path.to_owned();
        store.verify(&artifact).unwrap_err()
    };
    for path in ["app/link.tar.gz", "linked/x.tar.gz", "app/dir.tar.gz"] {
        let error = verify(&format!("gitrepository/ns/{path}"));
        assert!(matches!(error, Error::NotRegular(_)), "{path}: {error}");
    }
    assert!(
        dir.join("app/link.tar.gz").is_symlink(),
        "nothing is removed for it"
    );
    for path in [
        "../x",
        "/etc/passwd",
        "gitrepository/ns/app/../app/x.tar.gz",
        "",
    ] {
        assert!(matches!(verify(path), Error::Path(_)), "{path}");
    }
    assert!(matches!(
        verify("gitrepository/ns/app/none.tar.gz"),
        Error::Missing(_)
    ));
    assert!(matches!(
        verify("gitrepository/ns/app/x.tar.gz/y"),
        Error::Path(_)
    ));
    for bad in ["..", "a/b", ".x", "", "x.lock", "a\\b"] {
        assert!(
            store.put_tree(&at(bad), "r", &tree("x")).is_err(),
            "{bad:?}"
        );
        assert!(store.remove_all("gitrepository", bad, "app").is_err() || bad == "x.lock");
    }
    let mut digestless = good.clone();
    digestless.digest = "md5:0".to_owned();
    assert!(matches!(
        store.verify(&digestless),
        Err(Error::Digest { .. })
    ));
}

#[test]
fn r_12_a_full_disk_leaves_the_last_artifact() {
    let root = TempDir::new().unwrap();
    let store = open(&root);
    let artifact = store.put_tree(&at("x.tar.gz"), "r", &tree("x")).unwrap();
    let before = files(root.path());
    let error = store
        .stage("gitrepository/ns/app/y.tar.gz", |file| {
            file.write_all(&vec![0; 100_000])?;
            Err(io::ErrorKind::StorageFull.into())
        })
        .unwrap_err();
    assert!(matches!(error, Error::Full { .. }));
    assert!(error.to_string().starts_with(
        "no space left on the artifact volume, failed to write gitrepository/ns/app/y.tar.gz"
    ));
    assert_eq!(files(root.path()), before);
    store.verify(&artifact).unwrap();

    // The name cannot be given: what was there stays, what was written goes.
    let dir = root.path().join("gitrepository/ns/app");
    fs::create_dir(dir.join("y.tar.gz")).unwrap();
    assert!(matches!(
        store.put_tree(&at("y.tar.gz"), "r", &tree("y")),
        Err(Error::Io { .. })
    ));
    store.verify(&artifact).unwrap();
    store.staging.sweep().unwrap();
    assert_eq!(files(root.path()), before);
}

#[test]
fn leftovers_of_the_dead_go_and_work_of_the_living_stays() {
    let root = TempDir::new().unwrap();
    let living = open(&root);
    let staged = living.staging.temporary().unwrap();
    staged.create().unwrap().write_all(b"half").unwrap();
    let artifact = living.put_tree(&at("x.tar.gz"), "r", &tree("x")).unwrap();

    // Killed while writing, and after the blob was named but before the artifact was.
    let private = root.path().join(".windlass");
    fs::create_dir(private.join("tmp/dead")).unwrap();
    fs::write(private.join("tmp/dead/7"), "half").unwrap();
    fs::write(private.join("tmp/dead.alive"), "").unwrap();
    fs::write(private.join("tmp/gone.alive"), "").unwrap();
    fs::write(private.join("blobs/sha256/00"), "nobody's").unwrap();

    let second = open(&root);
    assert!(!private.join("tmp/dead").exists() && !private.join("tmp/dead.alive").exists());
    assert!(!private.join("tmp/gone.alive").exists());
    assert!(!private.join("blobs/sha256/00").exists());
    assert!(
        staged.path.exists(),
        "the first process is alive and writing"
    );
    second.verify(&artifact).unwrap();
    let dir = staged.path.parent().unwrap().to_owned();
    std::mem::forget(staged);
    drop(living);
    drop(second);
    open(&root);
    assert!(!dir.exists(), "now it is gone");
}

#[test]
fn retention_by_age_and_by_number() {
    let root = TempDir::new().unwrap();
    let options = StoreOptions {
        retention_ttl: Duration::from_mins(1),
        retention_records: 2,
        ..StoreOptions::default()
    };
    let store = Store::open(root.path(), options).unwrap();
    let put = |file: &str, seconds: u64| {
        let artifact = store.put_tree(&at(file), "r", &tree(file)).unwrap();
        age(&root.path().join(&artifact.path), seconds);
        artifact
    };
    let path = |file: &str| format!("gitrepository/ns/app/{file}");
    // The current one may be the oldest of all.
    let current = put("current", 1000);
    put("a", 30);
    assert_eq!(store.collect_garbage(&at(""), &current).unwrap(), [""; 0]);
    put("b", 20);
    put("c", 10);
    assert_eq!(
        store.collect_garbage(&at(""), &current).unwrap(),
        [path("a"), path("b")]
    );
    put("old", 61);
    assert_eq!(
        store.collect_garbage(&at(""), &current).unwrap(),
        [path("old")]
    );
    // Two names, two blobs.
    assert_eq!(files(root.path()).len(), 4);
    store.verify(&current).unwrap();
    assert_eq!(store.remove_all("gitrepository", "ns", "app").unwrap(), 2);
    assert!(files(root.path()).is_empty());
    assert_eq!(store.remove_all("gitrepository", "ns", "app").unwrap(), 0);
}

#[test]
fn the_time_of_a_check_outlives_the_store() {
    let root = TempDir::new().unwrap();
    let store = open(&root);
    assert_eq!(store.checked(&at("")).unwrap(), None);
    store.mark_checked(&at(""), SystemTime::now()).unwrap_err();
    store.put_tree(&at("a"), "r", &tree("a")).unwrap();
    let stored = store.checked(&at("")).unwrap().unwrap();
    assert!(stored.elapsed().unwrap() < Duration::from_mins(1));
    let before = stored - Duration::from_hours(1);
    store.mark_checked(&at(""), before).unwrap();
    drop(store);
    assert_eq!(open(&root).checked(&at("")).unwrap(), Some(before));
}

#[test]
fn a_shared_blob_lives_as_long_as_a_name() {
    let root = TempDir::new().unwrap();
    let store = open(&root);
    let kept = store
        .put_tree(&object("kept", "x"), "r", &tree("x"))
        .unwrap();
    store
        .put_tree(&object("gone", "x"), "r", &tree("x"))
        .unwrap();
    assert_eq!(store.remove_all("gitrepository", "ns", "gone").unwrap(), 1);
    store.verify(&kept).unwrap();
    assert_eq!(files(root.path()).len(), 2);
}

#[test]
fn many_threads_may_store_the_same_at_once() {
    let root = TempDir::new().unwrap();
    let store = open(&root);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let store = &store;
            scope.spawn(move || {
                for round in 0..8 {
                    let place = object(&format!("app{}", thread % 2), "x.tar.gz");
                    let text = format!("{}", round % 3);
                    let artifact = store.put_tree(&place, "r", &tree(&text)).unwrap();
                    // Another thread may have put something else there, never half of it.
                    let mut now = store.open_file(&artifact.path).unwrap();
                    let read = windlass_archive::read_tar_gz(&mut now.file, &Limits::default());
                    assert_eq!(read.unwrap().len(), 1);
                    store.staging.sweep().unwrap();
                }
            });
        }
    });
    assert_eq!(
        files(root.path())
            .iter()
            .filter(|path| path.starts_with("gitrepository"))
            .count(),
        2
    );
}

#[test]
fn addresses_and_algorithms() {
    let root = TempDir::new().unwrap();
    for (advertise, want) in [
        ("source.flux.svc", "http://source.flux.svc/a/b"),
        ("localhost:9090", "http://localhost:9090/a/b"),
        (
            "https://files.example.com/",
            "https://files.example.com/a/b",
        ),
    ] {
        let options = StoreOptions {
            advertise: advertise.to_owned(),
            algo: DigestAlgorithm::Blake3,
            ..StoreOptions::default()
        };
        let store = Store::open(root.path(), options).unwrap();
        assert_eq!(store.url("a/b"), want);
        let artifact = store.put_tree(&at("x"), "r", &tree("x")).unwrap();
        assert!(artifact.digest.starts_with("blake3:"));
        store.verify(&artifact).unwrap();
    }
    assert!(Store::open(root.path().join("none"), StoreOptions::default()).is_err());
    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    assert!(Store::open(file, StoreOptions::default()).is_err());
}
