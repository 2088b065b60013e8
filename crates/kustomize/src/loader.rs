//! Reading files of the tree on behalf of one kustomization directory.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use windlass_archive::Tree;

use crate::{BuildOptions, Error, ErrorKind, FileSystem, LoadRestrictor};

/// What all parts of one build share.
pub(crate) struct Context<'a> {
    pub(crate) tree: &'a Tree,
    pub(crate) options: &'a BuildOptions<'a>,
    pub(crate) warnings: RefCell<Vec<String>>,
    files_read: RefCell<BTreeSet<String>>,
    bytes: Cell<u64>,
    added: Cell<u64>,
    visits: Cell<usize>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(tree: &'a Tree, options: &'a BuildOptions<'a>) -> Self {
        Self {
            tree,
            options,
            warnings: RefCell::default(),
            files_read: RefCell::default(),
            bytes: Cell::new(0),
            added: Cell::new(0),
            visits: Cell::new(0),
        }
    }

    pub(crate) fn into_files_read(self) -> BTreeSet<String> {
        self.files_read.into_inner()
    }

    pub(crate) fn note(&self, path: &str) {
        if !self.files_read.borrow().contains(path) {
            self.files_read.borrow_mut().insert(path.to_owned());
        }
    }

    /// A path of the tree as error texts show it.
    pub(crate) fn shown(&self, path: &str) -> String {
        self.options.files.shown(path)
    }

    /// Counts a visit of a kustomization directory.
    pub(crate) fn visit(&self, depth: usize) -> Result<(), Error> {
        self.options.check_cancelled()?;
        self.visits.set(self.visits.get() + 1);
        let limits = &self.options.limits;
        if depth > limits.max_depth || self.visits.get() > limits.max_visits {
            return Err(Error::new(
                ErrorKind::Limit,
                format!(
                    "more than {} kustomization directories, or nested deeper than {}",
                    limits.max_visits, limits.max_depth
                ),
            ));
        }
        Ok(())
    }

    /// Fails when the build holds too many resources.
    pub(crate) fn check_count(&self, resources: usize) -> Result<(), Error> {
        if resources > self.options.limits.max_resources {
            return Err(Error::new(
                ErrorKind::Limit,
                format!("more than {} resources", self.options.limits.max_resources),
            ));
        }
        self.options.check_cancelled()
    }

    /// Counts bytes that patches and the like add to resources: one patch may go to all of them,
    /// and a copy of a copy doubles with every line.
    pub(crate) fn count_added(&self, length: usize) -> Result<(), Error> {
        self.added
            .set(self.added.get().saturating_add(length as u64));
        let limit = self.options.limits.max_added;
        if self.added.get() > limit {
            return Err(Error::new(
                ErrorKind::Limit,
                format!("patches and replacements add more than {limit} bytes"),
            ));
        }
        Ok(())
    }

    fn count_bytes(&self, length: usize) -> Result<(), Error> {
        self.bytes
            .set(self.bytes.get().saturating_add(length as u64));
        if self.bytes.get() > self.options.limits.max_bytes {
            return Err(Error::new(
                ErrorKind::Limit,
                format!("more than {} bytes of files", self.options.limits.max_bytes),
            ));
        }
        Ok(())
    }
}

/// Reads relative to one kustomization directory.
#[derive(Clone)]
pub(crate) struct Loader<'a> {
    pub(crate) context: &'a Context<'a>,
    /// The directory, normalised; empty for the root of the tree.
    pub(crate) root: String,
    /// The directories being visited above this one, outermost first.
    ancestors: Vec<String>,
}

impl<'a> Loader<'a> {
    /// A loader for the directory a build starts from.
    pub(crate) fn new(context: &'a Context<'a>, path: &str) -> Result<Self, Error> {
        let trimmed = path.trim_start_matches('/');
        let root = windlass_archive::normalise(trimmed)
            .map_err(|error| Error::invalid(error.to_string()))?;
        if !context.tree.is_dir(&root) {
            context.note(&root);
            return Err(Error::new(
                ErrorKind::NotFound,
                context.options.files.no_directory(&root),
            ));
        }
        Ok(Self {
            context,
            root,
            ancestors: Vec::new(),
        })
    }

    pub(crate) fn depth(&self) -> usize {
        self.ancestors.len()
    }

    /// The path of the tree that `path`, relative to the directory, means.
    pub(crate) fn resolve(&self, path: &str) -> Result<String, Error> {
        // An absolute path can only mean a place of the tree.
        let joined = match path.strip_prefix('/') {
            Some(rest) => windlass_archive::join("", rest),
            None => windlass_archive::join(&self.root, path),
        };
        joined.map_err(|_| {
            let files = self.context.options.files;
            Error::new(ErrorKind::NotFound, files.outside("read", &self.root, path))
        })
    }

    /// The text of a file. Bytes that are not UTF-8 are replaced.
    pub(crate) fn text(&self, path: &str) -> Result<String, Error> {
        Ok(String::from_utf8_lossy(&self.bytes(path)?).into_owned())
    }

    pub(crate) fn bytes(&self, path: &str) -> Result<Vec<u8>, Error> {
        if is_url(path) {
            let Some(remote) = self.context.options.remote else {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    format!("remote file '{path}' is not allowed"),
                ));
            };
            let bytes = remote
                .file(path)
                .map_err(|text| Error::new(ErrorKind::Remote, text))?;
            self.context.count_bytes(bytes.len())?;
            return Ok(bytes);
        }
        let full = self.resolve(path)?;
        self.context.note(&full);
        let tree = self.context.tree;
        let Some(file) = tree.get(&full) else {
            let files = self.context.options.files;
            let text = if tree.is_dir(&full) {
                files.is_directory(&full)
            } else {
                files.no_file(&full)
            };
            return Err(Error::new(ErrorKind::NotFound, text));
        };
        let below = self.root.is_empty()
            || full
                .strip_prefix(&self.root)
                .is_some_and(|rest| rest.starts_with('/'));
        if !below && self.context.options.load_restrictor == LoadRestrictor::RootOnly {
            return Err(Error::invalid(format!(
                "security; file '{}' is not in or below '{}'",
                self.context.shown(&full),
                self.context.shown(&self.root)
            )));
        }
        self.context.count_bytes(file.bytes.len())?;
        Ok(file.bytes.to_vec())
    }

    /// A loader for the base directory `path`.
    pub(crate) fn directory(&self, path: &str) -> Result<Self, Error> {
        if path.is_empty() {
            return Err(Error::invalid("new root cannot be empty"));
        }
        if is_url(path) || path.starts_with("git@") || path.starts_with("git::") {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("remote base '{path}' is not supported"),
            ));
        }
        if path.starts_with('/') {
            return Err(Error::invalid(format!(
                "new root '{path}' cannot be absolute"
            )));
        }
        let full = windlass_archive::join(&self.root, path).map_err(|_| {
            let outside = self.context.options.files.outside("abs", &self.root, path);
            let text = match self.context.options.files {
                FileSystem::Memory => outside,
                FileSystem::Disk(_) | FileSystem::Confined(_) => {
                    format!("must build at directory: not a valid directory: {outside}")
                }
            };
            Error::new(ErrorKind::NotFound, text)
        })?;
        self.context.note(&full);
        if self.context.tree.get(&full).is_some() {
            return Err(Error::invalid(format!(
                "'{}': file is not directory",
                self.context.shown(&full)
            ))
            .context("must build at directory"));
        }
        if !self.context.tree.is_dir(&full) {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!(
                    "must build at directory: not a valid directory: {}",
                    self.context.options.files.no_directory(&full)
                ),
            ));
        }
        let mut ancestors = self.ancestors.clone();
        ancestors.push(self.root.clone());
        if let Some(visited) = ancestors.iter().find(|visited| contains(&full, visited)) {
            return Err(Error::invalid(format!(
                "cycle detected: candidate root '{}' contains visited root '{}'",
                self.context.shown(&full),
                self.context.shown(visited)
            )));
        }
        Ok(Self {
            context: self.context,
            root: full,
            ancestors,
        })
    }

    /// A path inside the directory as build metadata shows it, relative to the first directory of
    /// the build.
    pub(crate) fn shown_from_start(&self, path: &str) -> String {
        let full = self.resolve(path).unwrap_or_else(|_| path.to_owned());
        let start = self.ancestors.first().unwrap_or(&self.root);
        relative(start, &full)
    }
}

/// Whether `outer` is `inner` or a directory above it.
fn contains(outer: &str, inner: &str) -> bool {
    outer.is_empty()
        || inner == outer
        || inner
            .strip_prefix(outer)
            .is_some_and(|rest| rest.starts_with('/'))
}

fn relative(from: &str, to: &str) -> String {
    let split = |path: &str| -> Vec<String> {
        path.split('/')
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let (from, to) = (split(from), split(to));
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", from.len() - common);
    up.chain(to[common..].iter().map(String::as_str))
        .collect::<Vec<_>>()
        .join("/")
}

pub(crate) fn is_url(path: &str) -> bool {
    path.starts_with("http://") || path.starts_with("https://")
}
