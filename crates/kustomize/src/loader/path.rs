//! Paths within a tree.

use crate::FileSystem;

/// What `path` means, seen from directory `from`. None where it leads out of the tree; a tree in
/// memory is a whole file system, in which `..` stops at the root.
pub(super) fn join(from: &str, path: &str, files: FileSystem<'_>) -> Option<String> {
    if path.contains('\0') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in from.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() && !files.is_whole() {
                    return None;
                }
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// Whether `outer` is `inner` or a directory above it.
pub(super) fn contains(outer: &str, inner: &str) -> bool {
    outer.is_empty()
        || inner == outer
        || inner
            .strip_prefix(outer)
            .is_some_and(|rest| rest.starts_with('/'))
}
