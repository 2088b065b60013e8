//! How errors speak of files. The original's words differ between a tree in memory and a disk,
//! and users know both: recordings hold the first, conditions and terminals show the second.

use crate::Files;

/// The file system that the tree stands for in error texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FileSystem<'a> {
    /// A tree in memory, whose root is `/`.
    #[default]
    Memory,
    /// A disk, where the root of the tree is this absolute path; `""` for a whole disk.
    Disk(&'a str),
    /// A disk of which nothing outside the root, this absolute path, may be read (Flux).
    Confined(&'a str),
}

impl FileSystem<'_> {
    /// A path of the tree.
    pub(crate) fn shown(&self, path: &str) -> String {
        match self {
            Self::Memory => format!("/{path}"),
            Self::Disk(root) | Self::Confined(root) if path.is_empty() => (*root).to_owned(),
            Self::Disk(root) | Self::Confined(root) => format!("{root}/{path}"),
        }
    }

    /// Whether nothing lies outside of the tree.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self, Self::Memory | Self::Disk(""))
    }

    /// The part of an absolute path below the root; none if it is not below it.
    pub(crate) fn inside<'p>(&self, absolute: &'p str) -> Option<&'p str> {
        match self {
            // Absolute paths in repositories can only mean a place of the tree.
            Self::Memory | Self::Confined(_) => absolute.strip_prefix('/'),
            Self::Disk(root) => {
                let rest = absolute.strip_prefix(root)?;
                rest.strip_prefix('/')
            }
        }
    }

    /// A directory is read without having been looked up before.
    pub(crate) fn read_directory(&self, path: &str) -> String {
        let shown = self.shown(path);
        match self {
            Self::Memory => format!("'{shown}' must resolve to a file"),
            Self::Disk(_) | Self::Confined(_) => format!("read {shown}: is a directory"),
        }
    }

    /// A missing file is read without having been looked up before.
    pub(crate) fn no_file(&self, path: &str) -> String {
        let shown = self.shown(path);
        match self {
            Self::Memory => format!("'{shown}' doesn't exist"),
            Self::Disk(_) | Self::Confined(_) => {
                format!("open {shown}: no such file or directory")
            }
        }
    }

    /// Looking up what does not exist.
    pub(crate) fn missing(&self, path: &str, files: &dyn Files) -> String {
        let shown = self.shown(path);
        match self {
            Self::Memory => format!("'{shown}' doesn't exist"),
            Self::Disk(_) | Self::Confined(_) => {
                // The first part that is not there is named.
                let ends = path.match_indices('/').map(|(at, _)| at);
                for part in ends.map(|end| &path[..end]).chain([path]) {
                    if files.is_dir(part) {
                        continue;
                    }
                    if files.file(part).is_some() && part != path {
                        return format!("evalsymlink failure on '{shown}' : not a directory");
                    }
                    return format!(
                        "evalsymlink failure on '{shown}' : lstat {}: no such file or directory",
                        self.shown(part)
                    );
                }
                format!("evalsymlink failure on '{shown}'")
            }
        }
    }

    /// The place that a path, seen from `directory`, means by its words, be it in the tree or not.
    pub(crate) fn meant(&self, directory: &str, path: &str) -> String {
        match self {
            Self::Memory => absolute("", directory, path),
            Self::Disk(root) | Self::Confined(root) => absolute(root, directory, path),
        }
    }

    /// `path`, relative to `directory`, leads out of the tree. `operation` is what was tried:
    /// `read` a file, or find the `abs`olute path of a directory.
    pub(crate) fn outside(&self, operation: &str, directory: &str, path: &str) -> String {
        match self {
            Self::Memory => format!("path '{path}' is not in or below the root of the source"),
            Self::Disk(root) => {
                let meant = absolute(root, directory, path);
                format!("path '{meant}' is not in or below '{root}'")
            }
            Self::Confined(root) => {
                let meant = absolute(root, directory, path);
                format!(
                    "fs-security-constraint {operation} {meant}: path '{meant}' is not in or below \
                     '{root}'"
                )
            }
        }
    }
}

/// The place on the disk that a path means, by its words alone.
fn absolute(root: &str, directory: &str, path: &str) -> String {
    let from = if path.starts_with('/') {
        String::new()
    } else {
        format!("{root}/{directory}")
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in from.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_place_that_a_climbing_path_means() {
        let files = FileSystem::Confined("/tmp/k");
        assert_eq!(
            files.outside("read", "a", "../../../../etc/passwd"),
            "fs-security-constraint read /etc/passwd: path '/etc/passwd' is not in or below '/tmp/k'"
        );
        assert_eq!(files.shown(""), "/tmp/k");
        assert_eq!(FileSystem::Memory.shown("a/b"), "/a/b");
    }
}
