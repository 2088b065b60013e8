//! What a kustomization on this machine refers to, as the tree that the engine takes.

use std::{
    collections::BTreeSet,
    fs,
    path::{Component, Path, PathBuf},
};

use anyhow::{Context, bail};
use windlass_archive::{Limits, Tree};

/// Names of kustomization files, in the order in which they are looked for.
const KUSTOMIZATION_FILES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// A tree and the directory in it that was asked for.
pub(crate) struct LocalTree {
    /// The directory of this machine that is the root of the tree.
    pub(crate) root: String,
    pub(crate) tree: Tree,
    pub(crate) dir: String,
}

impl LocalTree {
    /// Reads the kustomization in `dir` and everything that it names, directly or through bases.
    /// Nothing else is read: the directory may sit in a large work tree.
    pub(crate) fn around(dir: &Path) -> anyhow::Result<Self> {
        let dir = dir
            .canonicalize()
            .with_context(|| format!("'{}'", dir.display()))?;
        if !dir.is_dir() {
            bail!("'{}' is not a directory", dir.display());
        }
        let mut found = Found::default();
        found.visit(&dir);
        let root = found.common_root(&dir);
        let mut builder = Tree::builder(Limits::default());
        for dir in &found.dirs {
            builder.dir(&relative(&root, dir)?)?;
        }
        for file in &found.files {
            let bytes = fs::read(file).with_context(|| format!("'{}'", file.display()))?;
            builder.file(&relative(&root, file)?, bytes, false)?;
        }
        let tree = builder.build();
        Ok(Self {
            root: root.to_string_lossy().into_owned(),
            tree,
            dir: relative(&root, &dir)?,
        })
    }
}

fn relative(root: &Path, path: &Path) -> anyhow::Result<String> {
    let inside = path.strip_prefix(root).unwrap_or(Path::new(""));
    let text = inside
        .to_str()
        .with_context(|| format!("'{}' is not UTF-8", path.display()))?;
    Ok(text.to_owned())
}

#[derive(Default)]
struct Found {
    dirs: BTreeSet<PathBuf>,
    files: BTreeSet<PathBuf>,
}

impl Found {
    /// Adds a directory, its kustomization file and what that names.
    fn visit(&mut self, dir: &Path) {
        if !self.dirs.insert(dir.to_owned()) {
            return;
        }
        let files = KUSTOMIZATION_FILES.map(|name| dir.join(name));
        let files: Vec<PathBuf> = files.into_iter().filter(|file| file.is_file()).collect();
        for file in files {
            let text = fs::read_to_string(&file).unwrap_or_default();
            self.files.insert(file);
            for name in names(&text) {
                self.add(&lexical(&dir.join(name)));
            }
        }
    }

    fn add(&mut self, path: &Path) {
        // Follows links, as kustomize does on a local disk.
        let Ok(metadata) = fs::metadata(path) else {
            return;
        };
        if metadata.is_dir() {
            self.visit(path);
        } else if metadata.is_file() {
            self.files.insert(path.to_owned());
        }
    }

    /// The deepest directory that everything found lies in.
    fn common_root(&self, dir: &Path) -> PathBuf {
        let mut root = dir;
        for path in self.dirs.iter().chain(&self.files) {
            while !path.starts_with(root) {
                match root.parent() {
                    Some(parent) => root = parent,
                    None => return root.to_owned(),
                }
            }
        }
        root.to_owned()
    }
}

/// Everything in the text that could be a path: list items and values as a whole, and the words
/// in them. Those that are none name nothing that exists, or at worst a file too many.
fn names(text: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for line in text.lines() {
        let separators = |c: char| {
            c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '[' | ']' | '{' | '}' | '=')
        };
        names.extend(line.split(separators));
        let item = line
            .trim()
            .trim_start_matches("- ")
            .trim_matches(['"', '\'']);
        names.insert(item);
        if let Some((_, value)) = item.split_once(": ") {
            names.insert(value.trim().trim_matches(['"', '\'']));
        }
    }
    names.retain(|name| !name.is_empty() && *name != "-" && !name.ends_with(':'));
    names
}

/// Takes `.` and `..` out of a path without asking the file system.
fn lexical(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(clean.pop()),
            Component::CurDir => {}
            other => clean.push(other),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_named_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        for (file, text) in [
            (
                "base/kustomization.yaml",
                "resources:\n- cm.yaml\n- 'with space.yaml'\n",
            ),
            ("base/cm.yaml", "a: 1\n"),
            ("base/with space.yaml", "a: 2\n"),
            (
                "overlay/kustomization.yaml",
                "resources:\n- ../base\npatches:\n- path: p.yaml\n",
            ),
            ("overlay/p.yaml", "a: 3\n"),
            ("overlay/unrelated.bin", "x"),
        ] {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let local = LocalTree::around(&root.join("overlay")).unwrap();
        assert_eq!(local.dir, "overlay");
        let files: Vec<String> = local.tree.files().map(|(path, _)| path).collect();
        assert_eq!(
            files,
            [
                "base/cm.yaml",
                "base/kustomization.yaml",
                "base/with space.yaml",
                "overlay/kustomization.yaml",
                "overlay/p.yaml",
            ]
        );
    }
}
