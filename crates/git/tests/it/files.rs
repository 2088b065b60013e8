//! What becomes of the files of a commit.

use std::io::Write as _;

use windlass_testkit::{Entry, Repo};

use crate::{branch, fetched, options, paths, refused, server, text};

#[tokio::test]
async fn regular_files_are_kept_with_their_executable_bit_and_links_are_not() {
    let (_server, repo) = server();
    repo.commit(
        &[
            ("a.txt", Some("a")),
            ("dir/b.txt", Some("b")),
            (".hidden", Some("")),
        ],
        "files",
    );
    repo.commit_executable("run.sh", "#!/bin/sh\n", "script");
    repo.commit_symlink("dir/link", "/etc/passwd", "link");
    repo.commit_symlink("only/link", "../a.txt", "link in its own directory");
    let commit = fetched(options(&repo, branch("main"))).await;
    assert_eq!(paths(&commit), [".hidden", "a.txt", "dir/b.txt", "run.sh"]);
    assert!(commit.tree.get("run.sh").unwrap().executable);
    assert!(!commit.tree.get("a.txt").unwrap().executable);
    assert!(commit.tree.is_dir("only"));
}

#[tokio::test]
async fn sparse_directories_narrow_the_tree() {
    let (_server, repo) = server();
    repo.commit(
        &[
            ("app/x", Some("1")),
            ("app/deep/y", Some("2")),
            ("lib/z", Some("3")),
            ("root", Some("4")),
        ],
        "files",
    );
    let mut options = options(&repo, branch("main"));
    options.sparse = vec!["./app/deep".to_owned(), "missing".to_owned()];
    let commit = fetched(options.clone()).await;
    assert_eq!(paths(&commit), ["app/deep/y"]);
    assert!(!commit.tree.exists("missing") && !commit.tree.exists("lib"));
    options.sparse = vec!["./".to_owned()];
    assert_eq!(paths(&fetched(options).await).len(), 4);
}

#[tokio::test]
async fn limits_hold() {
    let (_server, repo) = server();
    let huge = "x".repeat(4096);
    repo.commit(
        &[
            ("a/b/c/d", Some("1")),
            ("huge", Some(&huge)),
            ("same", Some(&huge)),
        ],
        "files",
    );
    let base = options(&repo, branch("main"));

    let mut options = base.clone();
    options.limits.max_file_bytes = 4095;
    assert!(
        refused(options)
            .await
            .ends_with("file \"huge\" is larger than 4095 bytes")
    );
    let mut options = base.clone();
    options.limits.max_total_bytes = 8000;
    assert!(
        refused(options)
            .await
            .ends_with("larger than 8000 bytes in total")
    );
    let mut options = base.clone();
    options.limits.max_entries = 5;
    assert!(
        refused(options)
            .await
            .ends_with("more than 5 files and directories")
    );
    let mut options = base.clone();
    options.limits.max_depth = 3;
    assert!(refused(options).await.contains("nested deeper than 3"));
    let mut options = base.clone();
    options.max_pack_bytes = 200;
    assert!(
        refused(options)
            .await
            .ends_with("server sent more than 200 bytes")
    );
    // What is left out does not count.
    let mut options = base;
    options.limits.max_file_bytes = 10;
    options.sparse = vec!["a".to_owned()];
    assert_eq!(text(&fetched(options).await, "a/b/c/d"), "1");
}

/// Makes `main` a commit of the raw tree object `tree`, which git itself would not write.
fn hostile(repo: &Repo, tree: &[u8]) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(tree).unwrap();
    let path = file.path().to_str().unwrap();
    let tree = repo.git(&["hash-object", "-t", "tree", "-w", "--literally", path]);
    let commit = repo.git(&[
        "-c",
        "user.name=x",
        "-c",
        "user.email=x@x",
        "commit-tree",
        tree.trim(),
        "-m",
        "x",
    ]);
    repo.set_reference("refs/heads/main", commit.trim());
}

fn entry(mode: &str, name: &[u8], id: &str) -> Vec<u8> {
    let mut entry = format!("{mode} ").into_bytes();
    entry.extend_from_slice(name);
    entry.push(0);
    entry.extend((0..20).map(|i| u8::from_str_radix(&id[2 * i..2 * i + 2], 16).unwrap()));
    entry
}

#[tokio::test]
async fn names_that_no_honest_repository_has_are_refused() {
    let (_server, repo) = server();
    repo.commit(&[("a.txt", Some("a"))], "a");
    let blob = repo.resolve("HEAD:a.txt").unwrap();
    let cases: [(&[u8], &str); 6] = [
        (b".git", ".git"),
        (b".GIT", ".git"),
        (b"git~1", ".git"),
        (b"..", "Relative"),
        (b"a/../../b", "separator"),
        (b"\xff", "UTF-8"),
    ];
    for (name, reason) in cases {
        hostile(&repo, &entry("100644", name, &blob));
        let error = refused(options(&repo, branch("main"))).await;
        assert!(
            error.contains("invalid path") && error.to_lowercase().contains(&reason.to_lowercase()),
            "{error}"
        );
    }
    let twice = [entry("100644", b"a", &blob), entry("100644", b"a", &blob)].concat();
    hostile(&repo, &twice);
    assert!(
        refused(options(&repo, branch("main")))
            .await
            .contains("listed twice")
    );
}

#[tokio::test]
async fn a_tree_that_multiplies_itself_is_refused_quickly() {
    let (_server, repo) = server();
    repo.commit(&[("a.txt", Some("a"))], "a");
    let mut id = repo.resolve("HEAD^{tree}").unwrap();
    for _ in 0..12 {
        let tree: Vec<u8> = (b'a'..=b'j')
            .flat_map(|name| entry("40000", &[name], &id))
            .collect();
        hostile(&repo, &tree);
        id = repo.resolve("HEAD^{tree}").unwrap();
    }
    let error = refused(options(&repo, branch("main"))).await;
    assert!(
        error.ends_with("more than 100000 files and directories"),
        "{error}"
    );
}

#[tokio::test]
async fn files_of_other_branches_are_not_part_of_it() {
    let (_server, repo) = server();
    repo.commit(&[("a.txt", Some("a"))], "a");
    repo.commit_entries("main-2", &[("b.txt", Entry::File(b"b".to_vec()))], "b");
    assert_eq!(
        paths(&fetched(options(&repo, branch("main"))).await),
        ["a.txt"]
    );
}
