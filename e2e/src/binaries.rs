//! The programs under test.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// The root of the checkout.
pub fn workspace_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate lies in a workspace")
}

/// The directory with the controllers' binaries: `WINDLASS_BIN`, or else where Cargo puts them,
/// built first with the profile of the running program, so that they are never older than it.
pub fn binaries() -> &'static Path {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| {
        if let Some(dir) = env::var_os("WINDLASS_BIN") {
            return PathBuf::from(dir);
        }
        // target/<profile>/deps/<test> or target/<profile>/<program>.
        let program = env::current_exe().expect("the running program has a path");
        let dir = program
            .ancestors()
            .skip(1)
            .find(|dir| !dir.ends_with("deps"))
            .expect("the running program lies in a directory")
            .to_owned();
        let mut build = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // The whole workspace, so that dependencies keep the features they were built with.
        build.current_dir(workspace_root());
        build.args(["build", "--quiet", "--workspace", "--bins"]);
        if dir.ends_with("release") {
            build.arg("--release");
        }
        build
            .arg("--target-dir")
            .arg(dir.parent().expect("the profile lies in the target"));
        let status = build.status().expect("cargo runs");
        assert!(status.success(), "building the controllers failed");
        dir
    })
}
