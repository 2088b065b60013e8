//! Small trees of our own, each with what kustomize 5.8.1 made of its `overlay` directory.

use std::path::Path;

use windlass_archive::Tree;
use windlass_kustomize::{BuildOptions, build};

fn load(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut open = vec![directory.to_path_buf()];
    while let Some(path) = open.pop() {
        for entry in std::fs::read_dir(&path)
            .expect("readable")
            .map(|e| e.expect("entry").path())
        {
            if entry.is_dir() {
                open.push(entry);
            } else {
                let name = entry
                    .strip_prefix(directory)
                    .expect("below")
                    .to_string_lossy();
                files.push((name.into_owned(), std::fs::read(&entry).expect("readable")));
            }
        }
    }
    files
}

#[test]
fn fixtures_build_to_the_recorded_bytes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testdata");
    let mut ran = 0;
    for case in std::fs::read_dir(root)
        .expect("testdata")
        .map(|e| e.expect("entry").path())
    {
        if !case.is_dir() {
            continue;
        }
        ran += 1;
        let name = case.display();
        let files = load(&case.join("input"));
        let tree: Tree = super::tree(files.iter().map(|(p, b)| (p.as_str(), b.as_slice())));
        let given = match build(&tree, "overlay", &BuildOptions::default()) {
            Ok(build) => build.to_yaml(),
            Err(error) => format!("Error: {error}\n"),
        };
        let wanted = std::fs::read_to_string(case.join("expected.yaml")).expect("expected.yaml");
        assert_eq!(given, wanted, "{name}");
    }
    assert!(ran >= 4, "only {ran} fixtures");
}
