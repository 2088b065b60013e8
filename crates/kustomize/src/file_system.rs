//! How errors speak of files. The original's words differ between a tree in memory and a disk,
//! and users know both: recordings hold the first, conditions and terminals show the second.

/// The file system that the tree stands for in error texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FileSystem<'a> {
    /// A tree in memory, whose root is `/`.
    #[default]
    Memory,
    /// A disk, where the root of the tree is this absolute path.
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

    /// A file was wanted and a directory found.
    pub(crate) fn is_directory(&self, path: &str) -> String {
        let shown = self.shown(path);
        match self {
            Self::Memory => format!("'{shown}' must resolve to a file"),
            Self::Disk(_) | Self::Confined(_) => format!("read {shown}: is a directory"),
        }
    }

    /// A file is missing.
    pub(crate) fn no_file(&self, path: &str) -> String {
        let shown = self.shown(path);
        match self {
            Self::Memory => format!("'{shown}' doesn't exist"),
            Self::Disk(_) | Self::Confined(_) => {
                format!("open {shown}: no such file or directory")
            }
        }
    }

    /// A directory is missing.
    pub(crate) fn no_directory(&self, path: &str) -> String {
        let shown = self.shown(path);
        match self {
            Self::Memory => format!("'{shown}' doesn't exist"),
            Self::Disk(_) | Self::Confined(_) => format!(
                "evalsymlink failure on '{shown}' : lstat {shown}: no such file or directory"
            ),
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
