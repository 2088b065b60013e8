//! An immutable file tree in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::error::{Error, shorten};
use crate::limits::Limits;
use crate::path::{components, normalise};

/// A regular file: its content and whether any execute bit is set.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// The content, shared between all trees that hold the file.
    pub bytes: Bytes,
    /// Whether the file may be executed.
    pub executable: bool,
}

/// The size alone: content may be secret, and is long.
impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bytes, executable } = self;
        write!(
            f,
            "File {{ {} bytes, executable: {executable} }}",
            bytes.len()
        )
    }
}

/// What a path of a tree leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry<'a> {
    /// A regular file.
    File(&'a File),
    /// A directory.
    Dir,
}

/// Directories are maps of their own behind an `Arc`: listing one costs its entries only, a subtree is a
/// pointer, and a change copies no more than the directories on the way to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Dir {
    entries: BTreeMap<Arc<str>, Node>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    File(File),
    Dir(Arc<Dir>),
}

impl Node {
    fn entry(&self) -> Entry<'_> {
        match self {
            Self::File(file) => Entry::File(file),
            Self::Dir(_) => Entry::Dir,
        }
    }
}

/// Files and directories under relative, normalised paths. Cheap to clone; never changes.
///
/// Lookups take loosely written paths (`./a//b/`); what climbs with `..` or starts with `/` is simply not
/// there. The root is `""` or `"."`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tree {
    root: Arc<Dir>,
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tree {{ {} files, {} bytes }}", self.len(), self.bytes())
    }
}

impl Tree {
    /// Starts an empty tree that will stay within `limits`.
    pub fn builder(limits: Limits) -> TreeBuilder {
        TreeBuilder {
            root: Arc::default(),
            limits,
            entries: 0,
            bytes: 0,
        }
    }

    /// The file at `path`; `None` when there is none or it is a directory.
    pub fn get(&self, path: &str) -> Option<&File> {
        match self.find(path)?.entry() {
            Entry::File(file) => Some(file),
            Entry::Dir => None,
        }
    }

    /// Whether `path` is a directory. The root always is.
    pub fn is_dir(&self, path: &str) -> bool {
        self.directory(path).is_some()
    }

    /// Whether `path` is a file or a directory.
    pub fn exists(&self, path: &str) -> bool {
        self.is_dir(path) || self.find(path).is_some()
    }

    /// What is directly inside the directory `path`, in byte order of the names. Empty when there is no
    /// such directory.
    pub fn dir(&self, path: &str) -> impl Iterator<Item = (&str, Entry<'_>)> {
        self.directory(path).into_iter().flat_map(|dir| {
            dir.entries
                .iter()
                .map(|(name, node)| (&**name, node.entry()))
        })
    }

    /// All files and directories with their full paths, each directory before what is in it, names of one
    /// directory in byte order; the root itself is left out.
    pub fn walk(&self) -> impl Iterator<Item = (String, Entry<'_>)> {
        let mut open = vec![(0, self.root.entries.iter())];
        let mut path = String::new();
        std::iter::from_fn(move || {
            loop {
                let (length, entries) = open.last_mut()?;
                path.truncate(*length);
                let Some((name, node)) = entries.next() else {
                    open.pop();
                    continue;
                };
                if !path.is_empty() {
                    path.push('/');
                }
                path.push_str(name);
                if let Node::Dir(dir) = node {
                    open.push((path.len(), dir.entries.iter()));
                }
                return Some((path.clone(), node.entry()));
            }
        })
    }

    /// All files with their full paths, in the order of [`Tree::walk`].
    pub fn files(&self) -> impl Iterator<Item = (String, &File)> {
        self.walk().filter_map(|(path, entry)| match entry {
            Entry::File(file) => Some((path, file)),
            Entry::Dir => None,
        })
    }

    /// The directory `path` as a tree of its own, sharing all content; `None` when there is no such
    /// directory.
    pub fn subtree(&self, path: &str) -> Option<Tree> {
        self.directory(path).map(|root| Tree {
            root: Arc::clone(root),
        })
    }

    /// Sum of the sizes of all files, in bytes. Costs a walk.
    pub fn bytes(&self) -> u64 {
        self.contents().map(|file| file.bytes.len() as u64).sum()
    }

    /// Number of files; directories do not count. Costs a walk.
    pub fn len(&self) -> usize {
        self.contents().count()
    }

    /// Whether there is nothing in it, not even a directory.
    pub fn is_empty(&self) -> bool {
        self.root.entries.is_empty()
    }

    /// Whether the tree is within `limits`: one put together from others, each of which was, need
    /// not be. Costs a walk.
    pub fn check(&self, limits: &Limits) -> Result<(), Error> {
        let (mut entries, mut bytes) = (0_usize, 0_u64);
        for (path, entry) in self.walk() {
            entries += 1;
            if entries > limits.max_entries {
                return Err(Error::TooManyEntries(limits.max_entries));
            }
            if path.split('/').count() > limits.max_depth {
                return Err(Error::TooDeep {
                    path: shorten(&path),
                    limit: limits.max_depth,
                });
            }
            if let Entry::File(file) = entry {
                bytes = bytes.saturating_add(file.bytes.len() as u64);
                if bytes > limits.max_total_bytes {
                    return Err(Error::TooLarge(limits.max_total_bytes));
                }
            }
        }
        Ok(())
    }

    /// This tree with the file at `path` added or replaced. Directories on the way are made; the rest is
    /// shared. Fails when the path is no valid one, is a directory, or leads through a file.
    pub fn with_file(&self, path: &str, bytes: impl Into<Bytes>) -> Result<Tree, Error> {
        let path = normalise(path)?;
        let mut root = Arc::clone(&self.root);
        let file = File {
            bytes: bytes.into(),
            executable: false,
        };
        put_file(&mut root, &path, file)?;
        Ok(Tree { root })
    }

    /// This tree with `tree` as its directory `path`, where nothing may be as yet but an empty directory.
    /// At the root, `tree` takes the place of an empty tree.
    pub fn with_subtree(&self, path: &str, tree: &Tree) -> Result<Tree, Error> {
        let path = normalise(path)?;
        if self.get(&path).is_some() || self.dir(&path).next().is_some() {
            return Err(Error::Exists(shorten(&path)));
        }
        let mut root = Arc::clone(&self.root);
        *make_dir(&mut root, &path, &mut 0)? = Arc::clone(&tree.root);
        Ok(Tree { root })
    }

    /// Files in the order of [`Tree::walk`], without the cost of their paths.
    fn contents(&self) -> impl Iterator<Item = &File> {
        let mut open = vec![self.root.entries.values()];
        std::iter::from_fn(move || {
            loop {
                match open.last_mut()?.next() {
                    Some(Node::File(file)) => return Some(file),
                    Some(Node::Dir(dir)) => open.push(dir.entries.values()),
                    None => drop(open.pop()),
                }
            }
        })
    }

    fn directory(&self, path: &str) -> Option<&Arc<Dir>> {
        components(path)?.try_fold(&self.root, |dir, name| match dir.entries.get(name)? {
            Node::Dir(dir) => Some(dir),
            Node::File(_) => None,
        })
    }

    fn find(&self, path: &str) -> Option<&Node> {
        let mut names = components(path)?.peekable();
        let mut dir = &self.root;
        loop {
            let node = dir.entries.get(names.next()?)?;
            if names.peek().is_none() {
                return Some(node);
            }
            match node {
                Node::Dir(below) => dir = below,
                Node::File(_) => return None,
            }
        }
    }
}

/// Gathers files and directories into a [`Tree`].
#[derive(Debug)]
pub struct TreeBuilder {
    root: Arc<Dir>,
    limits: Limits,
    entries: usize,
    bytes: u64,
}

impl TreeBuilder {
    /// Adds a file and the directories on the way to it. A second file of the same path takes the place
    /// of the first, yet both count towards the limits.
    pub fn file(
        &mut self,
        path: &str,
        bytes: impl Into<Bytes>,
        executable: bool,
    ) -> Result<&mut Self, Error> {
        let path = normalise(path)?;
        let bytes = bytes.into();
        let size = bytes.len() as u64;
        self.check_depth(&path)?;
        if size > self.limits.max_file_bytes {
            let limit = self.limits.max_file_bytes;
            return Err(Error::FileTooLarge {
                path: shorten(&path),
                limit,
            });
        }
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes > self.limits.max_total_bytes {
            return Err(Error::TooLarge(self.limits.max_total_bytes));
        }
        self.entries += 1 + put_file(&mut self.root, &path, File { bytes, executable })?;
        self.check_entries()
    }

    /// Adds a directory and those on the way to it; one that is there already is left as it is.
    pub fn dir(&mut self, path: &str) -> Result<&mut Self, Error> {
        let path = normalise(path)?;
        self.check_depth(&path)?;
        make_dir(&mut self.root, &path, &mut self.entries)?;
        self.check_entries()
    }

    /// The tree.
    pub fn build(self) -> Tree {
        Tree { root: self.root }
    }

    fn check_entries(&mut self) -> Result<&mut Self, Error> {
        if self.entries > self.limits.max_entries {
            return Err(Error::TooManyEntries(self.limits.max_entries));
        }
        Ok(self)
    }

    fn check_depth(&self, path: &str) -> Result<(), Error> {
        let limit = self.limits.max_depth;
        if path.split('/').count() > limit {
            return Err(Error::TooDeep {
                path: shorten(path),
                limit,
            });
        }
        Ok(())
    }
}

/// Puts `file` at the normalised `path`; returns how many directories had to be made.
fn put_file(root: &mut Arc<Dir>, path: &str, file: File) -> Result<usize, Error> {
    let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
    if name.is_empty() {
        return Err(Error::IsADirectory(".".to_owned()));
    }
    let mut made = 0;
    let dir = Arc::make_mut(make_dir(root, parent, &mut made)?);
    match dir.entries.get_mut(name) {
        Some(Node::Dir(_)) => return Err(Error::IsADirectory(shorten(path))),
        Some(Node::File(old)) => *old = file,
        None => drop(dir.entries.insert(name.into(), Node::File(file))),
    }
    Ok(made)
}

/// The directory at the normalised `path`, made along with its parents; adds to `made` how many.
fn make_dir<'a>(
    root: &'a mut Arc<Dir>,
    path: &str,
    made: &mut usize,
) -> Result<&'a mut Arc<Dir>, Error> {
    let mut dir = root;
    for name in path.split('/').filter(|name| !name.is_empty()) {
        let entries = &mut Arc::make_mut(dir).entries;
        if !entries.contains_key(name) {
            *made += 1;
        }
        let node = entries
            .entry(name.into())
            .or_insert_with(|| Node::Dir(Arc::default()));
        match node {
            Node::Dir(below) => dir = below,
            Node::File(_) => return Err(Error::NotADirectory(shorten(path))),
        }
    }
    Ok(dir)
}

#[cfg(test)]
mod tests;
