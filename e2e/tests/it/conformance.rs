//! Where recordings of the real tools are.

use std::{env, path::PathBuf};

use windlass_e2e::workspace_root;

/// The folder with the recordings, or `None`, said in a line, where a clone stands alone.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let root = env::var_os("WINDLASS_CONFORMANCE").map_or_else(
        || workspace_root().join("../shared/conformance"),
        PathBuf::from,
    );
    let dir = root.join(name);
    if dir.is_dir() {
        return dir.canonicalize().ok();
    }
    println!("skipped: no recordings at {}", dir.display());
    None
}
