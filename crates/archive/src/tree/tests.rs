use super::{Entry, Tree};
use crate::{Error, Limits};

fn tree(paths: &[&str]) -> Tree {
    let mut builder = Tree::builder(Limits::default());
    for path in paths {
        builder.file(path, path.as_bytes().to_vec(), false).unwrap();
    }
    builder.build()
}

fn names(tree: &Tree, path: &str) -> Vec<String> {
    tree.dir(path)
        .map(|(name, entry)| {
            if entry == Entry::Dir {
                format!("{name}/")
            } else {
                name.to_owned()
            }
        })
        .collect()
}

#[test]
fn lookups_take_loose_paths_and_never_climb() {
    let tree = tree(&["a/b/c", "d"]);
    assert_eq!(&tree.get("./a//b/c").unwrap().bytes[..], b"a/b/c");
    assert!(tree.is_dir("") && tree.is_dir(".") && tree.is_dir("a/b/"));
    assert!(tree.exists("a") && tree.exists("d") && tree.exists("."));
    for path in ["a/b", "a/b/../b/c", "/d", "d/x", "x", "", "a/b/c/d"] {
        assert!(tree.get(path).is_none(), "{path:?}");
    }
    assert!(!tree.is_dir("d") && !tree.is_dir("..") && !tree.exists("a/../d"));
}

#[test]
fn one_directory_is_listed_in_byte_order() {
    let tree = tree(&["a/x", "a.b", "a0", "Z", "a/y/z"]);
    assert_eq!(names(&tree, ""), ["Z", "a/", "a.b", "a0"]);
    assert_eq!(names(&tree, "a"), ["x", "y/"]);
    assert_eq!(names(&tree, "a.b"), [""; 0]);
    assert_eq!(names(&tree, "nowhere"), [""; 0]);
}

#[test]
fn walk_puts_a_directory_before_its_content() {
    let tree = tree(&["a/x", "a.b", "a/y/z"]);
    let paths: Vec<_> = tree.walk().map(|(path, _)| path).collect();
    assert_eq!(paths, ["a", "a/x", "a/y", "a/y/z", "a.b"]);
    let files: Vec<_> = tree.files().map(|(path, _)| path).collect();
    assert_eq!(files, ["a/x", "a/y/z", "a.b"]);
    assert_eq!((tree.len(), tree.bytes()), (3, 3 + 3 + 5));
}

#[test]
fn an_overlay_leaves_the_original_alone() {
    let before = tree(&["a/x", "b"]);
    let after = before
        .with_file("a/new/y", "text")
        .unwrap()
        .with_file("b", "changed")
        .unwrap();
    assert_eq!(before, tree(&["a/x", "b"]));
    assert_eq!(&after.get("a/new/y").unwrap().bytes[..], b"text");
    assert_eq!(&after.get("b").unwrap().bytes[..], b"changed");
    assert!(after.get("a/x").is_some());
    assert!(matches!(
        before.with_file("a", ""),
        Err(Error::IsADirectory(_))
    ));
    assert!(matches!(
        before.with_file("", ""),
        Err(Error::IsADirectory(_))
    ));
    assert!(matches!(
        before.with_file("b/c", ""),
        Err(Error::NotADirectory(_))
    ));
    assert!(matches!(
        before.with_file("../c", ""),
        Err(Error::Path { .. })
    ));
}

#[test]
fn subtrees_come_and_go() {
    let outer = tree(&["a/b/c", "d"]);
    let inner = outer.subtree("a").unwrap();
    assert_eq!(names(&inner, ""), ["b/"]);
    assert!(outer.subtree("d").is_none() && outer.subtree("x").is_none());
    assert_eq!(outer.subtree("."), Some(outer.clone()));

    let mounted = outer.with_subtree("inc/deep", &inner).unwrap();
    assert!(mounted.get("inc/deep/b/c").is_some() && mounted.get("d").is_some());
    for taken in ["a", "d", ""] {
        assert!(
            matches!(outer.with_subtree(taken, &inner), Err(Error::Exists(_))),
            "{taken:?}"
        );
    }
    assert!(matches!(
        outer.with_subtree("d/x", &inner),
        Err(Error::NotADirectory(_))
    ));
    assert_eq!(Tree::default().with_subtree("", &inner).unwrap(), inner);
}

#[test]
fn a_file_is_no_directory_and_the_other_way_round() {
    let mut builder = Tree::builder(Limits::default());
    builder.file("a", "1", false).unwrap();
    assert!(matches!(
        builder.file("a/b", "", false),
        Err(Error::NotADirectory(_))
    ));
    assert!(matches!(builder.dir("a"), Err(Error::NotADirectory(_))));
    builder
        .dir("d")
        .unwrap()
        .dir("d/")
        .unwrap()
        .dir(".")
        .unwrap();
    assert!(matches!(
        builder.file("d", "", false),
        Err(Error::IsADirectory(_))
    ));
    builder.file("a", "22", true).unwrap();
    let tree = builder.build();
    assert_eq!(&tree.get("a").unwrap().bytes[..], b"22");
    assert!(tree.get("a").unwrap().executable);
    assert_eq!(tree.len(), 1);
}

#[test]
fn limits_hold_while_building() {
    let limits = Limits {
        max_entries: 3,
        max_file_bytes: 4,
        max_total_bytes: 6,
        max_depth: 3,
    };
    let fresh = || Tree::builder(limits.clone());

    // Directories made on the way count.
    assert!(fresh().file("a/b/c", "", false).is_ok());
    let mut builder = fresh();
    builder.file("a/b/c", "", false).unwrap();
    assert!(matches!(
        builder.file("d", "", false),
        Err(Error::TooManyEntries(3))
    ));
    assert!(matches!(builder.dir("e/f"), Err(Error::TooManyEntries(3))));

    assert!(matches!(
        fresh().file("a", "12345", false),
        Err(Error::FileTooLarge { .. })
    ));
    assert!(matches!(fresh().dir("a/b/c/d"), Err(Error::TooDeep { .. })));

    let mut builder = fresh();
    builder.file("a", "1234", false).unwrap();
    assert!(matches!(
        builder.file("a", "1234", false),
        Err(Error::TooLarge(6))
    ));
}

#[test]
fn a_tree_made_of_others_is_held_against_the_limits() {
    let mut builder = Tree::builder(Limits::default());
    builder.file("a/b/c", "12345", false).unwrap();
    let part = builder.build();
    let whole = part.with_subtree("d", &part).unwrap();
    let limits = |entries, bytes, depth| Limits {
        max_entries: entries,
        max_total_bytes: bytes,
        max_depth: depth,
        ..Limits::default()
    };
    assert!(whole.check(&limits(7, 10, 4)).is_ok());
    assert!(matches!(
        whole.check(&limits(6, 10, 4)),
        Err(Error::TooManyEntries(6))
    ));
    assert!(matches!(
        whole.check(&limits(7, 9, 4)),
        Err(Error::TooLarge(9))
    ));
    assert!(matches!(
        whole.check(&limits(7, 10, 3)),
        Err(Error::TooDeep { .. })
    ));
}
