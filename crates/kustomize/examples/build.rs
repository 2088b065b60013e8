//! Builds a directory of this machine, several times and on several threads if wanted, and prints
//! the last result or the time taken: `build DIRECTORY [TIMES THREADS]`.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a tool of this crate's measurements"
)]

use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use windlass_archive::Tree;
use windlass_kustomize::{BuildOptions, FileSystem, Reorder, build};

fn load(builder: &mut windlass_archive::TreeBuilder, root: &Path, directory: &Path) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            load(builder, root, &path);
        } else {
            let name = path.strip_prefix(root).expect("below").to_string_lossy();
            let bytes = std::fs::read(&path).expect("readable");
            builder.file(&name, bytes, false).expect("a path");
        }
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let directory = std::path::absolute(arguments.next().expect("a directory")).expect("a path");
    let mut number = || arguments.next().and_then(|text| text.parse::<usize>().ok());
    let (times, threads) = (number(), number().unwrap_or(1));
    let root = directory.parent().expect("a parent");
    let mut builder = Tree::builder(windlass_archive::Limits::default());
    load(&mut builder, root, root);
    let tree = builder.build();
    let name = directory.file_name().expect("a name").to_string_lossy();
    let root = root.to_string_lossy();
    let run = || {
        let options = BuildOptions {
            files: FileSystem::Disk(&root),
            reorder: Reorder::Unspecified,
            ..BuildOptions::default()
        };
        build(&tree, &name, &options).expect("builds").to_yaml()
    };
    let Some(times) = times else {
        let text = run();
        std::io::stdout()
            .write_all(text.as_bytes())
            .expect("written");
        return;
    };
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| (0..times / threads).for_each(|_| drop(run())));
        }
    });
    println!("{times} builds on {threads} threads: {:?}", start.elapsed());
}
