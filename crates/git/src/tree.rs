//! From tree objects to a [`Tree`]: what a checkout would have written, minus what no artifact holds.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use gix::bstr::{BStr, ByteSlice};
use gix::hash::{Kind, ObjectId};
use gix::objs::tree::EntryKind;
use gix::objs::{Kind as ObjectKind, TreeRefIter};
use gix::validate::path::component;
use windlass_archive::{Error as ArchiveError, Limits, Tree, TreeBuilder};

use crate::budget::Budget;
use crate::error::{Failure, tame};
use crate::objects::{MAX_META, Objects};

/// The directories of `spec.sparseCheckout`.
///
/// A path is kept when it *starts with* one of them, as text: `app` keeps `app/x` and `apple.yaml`
/// alike. That is what Flux's Git library does, and manifests may have come to rely on it.
#[derive(Debug, Default)]
pub(crate) struct Sparse(Vec<String>);

impl Sparse {
    pub(crate) fn new(directories: &[String]) -> Self {
        let mut prefixes = Vec::new();
        for directory in directories {
            let mut prefix = directory.as_str();
            while let Some(rest) = prefix.strip_prefix("./") {
                prefix = rest;
            }
            if prefix.is_empty() || prefix == "." {
                return Self::default();
            }
            prefixes.push(prefix.to_owned());
        }
        Self(prefixes)
    }

    fn keeps(&self, path: &str) -> bool {
        self.0.is_empty()
            || self
                .0
                .iter()
                .any(|prefix| path.starts_with(prefix.as_str()))
    }

    /// Whether anything below the directory `path` can be kept.
    fn enters(&self, path: &str) -> bool {
        let below = format!("{path}/");
        self.0.is_empty()
            || self
                .0
                .iter()
                .any(|p| below.starts_with(p.as_str()) || p.starts_with(&below))
    }
}

/// A commit of another repository, mounted at `path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gitlink {
    pub(crate) path: String,
    pub(crate) id: ObjectId,
}

/// Gathers the files of a commit and its submodules within one set of limits.
pub(crate) struct Gatherer<'a> {
    builder: TreeBuilder,
    limits: &'a Limits,
    sparse: &'a Sparse,
    budget: &'a Budget,
    /// Entries looked at, dropped ones included: a small pack can describe more than anyone can list.
    seen: usize,
}

impl<'a> Gatherer<'a> {
    pub(crate) fn new(limits: &'a Limits, sparse: &'a Sparse, budget: &'a Budget) -> Self {
        Self {
            builder: Tree::builder(limits.clone()),
            limits,
            sparse,
            budget,
            seen: 0,
        }
    }

    pub(crate) fn finish(self) -> Tree {
        self.builder.build()
    }

    /// Adds the tree object `tree` at `path` (empty for the root); returns the submodules found in it.
    pub(crate) fn add(
        &mut self,
        objects: &Objects,
        tree: &ObjectId,
        path: &str,
    ) -> Result<Vec<Gitlink>, Failure> {
        let mut walk = Walk {
            gatherer: self,
            objects,
            blobs: HashMap::new(),
            links: Vec::new(),
        };
        walk.directory(tree, path)?;
        Ok(walk.links)
    }
}

struct Walk<'w, 'a> {
    gatherer: &'w mut Gatherer<'a>,
    objects: &'w Objects,
    /// Equal files share their bytes.
    blobs: HashMap<ObjectId, Bytes>,
    links: Vec<Gitlink>,
}

impl Walk<'_, '_> {
    fn directory(&mut self, tree: &ObjectId, path: &str) -> Result<(), Failure> {
        let limits = self.gatherer.limits;
        let data = self.objects.read(tree, ObjectKind::Tree, MAX_META)?;
        let mut names: HashSet<&BStr> = HashSet::new();
        for entry in TreeRefIter::from_bytes(&data, Kind::Sha1) {
            self.gatherer.budget.check()?;
            let entry = entry.map_err(|error| crate::objects::damaged(tree, &error.to_string()))?;
            let kind = entry.mode.kind();
            let name = checked(entry.filename, kind, path)?;
            if !names.insert(entry.filename) {
                return Err(bad_name(path, entry.filename, "listed twice"));
            }
            let below = if path.is_empty() {
                name.to_owned()
            } else {
                format!("{path}/{name}")
            };
            let sparse = self.gatherer.sparse;
            let wanted = if kind == EntryKind::Tree {
                sparse.enters(&below)
            } else {
                sparse.keeps(&below)
            };
            let holds_wanted = kind == EntryKind::Commit && sparse.enters(&below);
            if !wanted && !holds_wanted {
                continue;
            }
            self.gatherer.seen += 1;
            if self.gatherer.seen > limits.max_entries {
                return Err(ArchiveError::TooManyEntries(limits.max_entries).into());
            }
            let id = entry.oid.to_owned();
            match kind {
                EntryKind::Tree => {
                    // Which refuses what is too deep, before anybody goes there.
                    self.gatherer.builder.dir(&below)?;
                    self.directory(&id, &below)?;
                }
                EntryKind::Blob | EntryKind::BlobExecutable => {
                    let bytes = self.blob(&id, &below)?;
                    self.gatherer
                        .builder
                        .file(&below, bytes, kind == EntryKind::BlobExecutable)?;
                }
                // No artifact holds links; a consumer following one would leave its tree.
                EntryKind::Link => {}
                // Without its files a submodule is an empty directory, as after a plain clone.
                EntryKind::Commit => {
                    self.gatherer.builder.dir(&below)?;
                    self.links.push(Gitlink { path: below, id });
                }
            }
        }
        Ok(())
    }

    fn blob(&mut self, id: &ObjectId, path: &str) -> Result<Bytes, Failure> {
        if let Some(bytes) = self.blobs.get(id) {
            return Ok(bytes.clone());
        }
        let limit = self.gatherer.limits.max_file_bytes;
        // Before unpacking: the size may be a lie of a few bytes that unpacks to gigabytes.
        if self.objects.header(id)?.1 > limit {
            return Err(ArchiveError::FileTooLarge {
                path: tame(path),
                limit,
            }
            .into());
        }
        let bytes = Bytes::from(self.objects.read(id, ObjectKind::Blob, limit)?);
        self.blobs.insert(*id, bytes.clone());
        Ok(bytes)
    }
}

/// The name of an entry, if it is one that git itself would write to a disk.
fn checked<'n>(name: &'n BStr, kind: EntryKind, dir: &str) -> Result<&'n str, Failure> {
    let mode = (kind == EntryKind::Link).then_some(component::Mode::Symlink);
    let options = component::Options {
        protect_windows: false,
        protect_hfs: true,
        protect_ntfs: true,
    };
    gix::validate::path::component(name, mode, options)
        .map_err(|error| bad_name(dir, name, &error.to_string()))?;
    name.to_str()
        .map_err(|_| bad_name(dir, name, "not valid UTF-8"))
}

fn bad_name(dir: &str, name: &BStr, reason: &str) -> Failure {
    let name = name.to_str_lossy();
    let path = if dir.is_empty() {
        name.into_owned()
    } else {
        format!("{dir}/{name}")
    };
    Failure::Name {
        path: tame(&path),
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sparse_directories_are_prefixes() {
        let sparse = Sparse::new(&["./app".to_owned(), "deep/er".to_owned()]);
        for (path, kept) in [
            ("app/x", true),
            ("apple.yaml", true),
            ("deep/er/x", true),
            ("deep/x", false),
            ("x", false),
        ] {
            assert_eq!(sparse.keeps(path), kept, "{path}");
        }
        for (path, entered) in [
            ("app", true),
            ("apple", true),
            ("deep", true),
            ("deep/er", true),
            ("deeper", false),
        ] {
            assert_eq!(sparse.enters(path), entered, "{path}");
        }
        assert!(Sparse::new(&["./".to_owned()]).keeps("anything"));
        assert!(Sparse::new(&[]).enters("anything"));
    }

    #[test]
    fn names_that_mean_something_to_git_or_a_disk_are_refused() {
        for name in [
            ".git",
            ".GIT",
            "git~1",
            ".g\u{200c}it",
            "..",
            ".",
            "",
            "a/b",
        ] {
            assert!(
                checked(name.into(), EntryKind::Blob, "").is_err(),
                "{name:?}"
            );
        }
        assert!(checked(BStr::new(b"\xff"), EntryKind::Blob, "").is_err());
        assert!(checked(".gitmodules".into(), EntryKind::Link, "").is_err());
        for name in [".gitmodules", ".gitignore", "con", "a b", "git"] {
            assert!(
                checked(name.into(), EntryKind::Blob, "").is_ok(),
                "{name:?}"
            );
        }
    }
}
