//! Commits that no honest git would have made.

use std::io::Write as _;

use serde_json::json;
use windlass_testkit::{Entry, Repo};

use super::rig::{Case, MAX_TREE, config_map, open};

/// Makes a branch a commit of the raw tree object `tree`, which git itself would not write.
fn hostile(repo: &Repo, branch: &str, tree: &[u8]) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(tree).unwrap();
    let path = file.path().to_str().unwrap();
    let tree = repo.git(&["hash-object", "-t", "tree", "-w", "--literally", path]);
    let commit = repo.git(&["commit-tree", tree.trim(), "-m", "x"]);
    repo.set_reference(&format!("refs/heads/{branch}"), commit.trim());
}

fn entry(mode: &str, name: &[u8], id: &str) -> Vec<u8> {
    let mut entry = format!("{mode} ").into_bytes();
    entry.extend_from_slice(name);
    entry.push(0);
    entry.extend((0..20).map(|i| u8::from_str_radix(&id[2 * i..2 * i + 2], 16).unwrap()));
    entry
}

#[tokio::test(flavor = "multi_thread")]
async fn a_src_4_trees_hold_only_what_belongs_into_them() {
    let case = Case::with(open().await, &[("cm.yaml", &config_map("x"))]).await;
    let blob = case.repo.resolve("main:cm.yaml").unwrap();
    let below = case.repo.resolve("main^{tree}").unwrap();
    let one = |name: &[u8]| entry("100644", name, &blob);
    let dir = |name: &[u8]| entry("40000", name, &below);
    // What is left out has a cost too.
    let links: Vec<u8> = (0..=MAX_TREE)
        .flat_map(|n| entry("120000", format!("{n:06}").as_bytes(), &blob))
        .collect();
    let refused = [
        ("git", one(b".git")),
        ("upper", one(b".GIT")),
        ("short", one(b"git~1")),
        ("ignored-char", one(".g\u{200c}it".as_bytes())),
        ("git-dir", dir(b".git")),
        ("parent", one(b"..")),
        ("parent-dir", dir(b"..")),
        ("here", one(b".")),
        ("climb", one(b"a/../../b")),
        ("slash", one(b"a/b")),
        ("abs", one(b"/etc/passwd")),
        ("empty", one(b"")),
        ("utf8", one(b"\xff")),
        ("twice", [one(b"a"), one(b"a")].concat()),
        ("file-and-dir", [one(b"a"), dir(b"a")].concat()),
        ("modules-link", entry("120000", b".gitmodules", &blob)),
        ("mode", entry("100666777", b"a", &blob)),
        ("cut", one(b"a")[..15].to_vec()),
        ("links", links),
    ];
    for (name, tree) in &refused {
        hostile(&case.repo, name, tree);
        let spec = json!({"ref": {"branch": name}});
        case.objects
            .git_repository(name, case.repo.url(), spec)
            .await;
    }
    // Ten times itself on each of twelve levels.
    let mut id = below.clone();
    for _ in 0..12 {
        let tree: Vec<u8> = (b'a'..=b'j')
            .flat_map(|name| entry("40000", &[name], &id))
            .collect();
        hostile(&case.repo, "multiplied", &tree);
        id = case.repo.resolve("multiplied^{tree}").unwrap();
    }
    let spec = json!({"ref": {"branch": "multiplied"}});
    case.objects
        .git_repository("multiplied", case.repo.url(), spec)
        .await;
    submodules(&case).await;
    for (name, _) in &refused {
        let words = match *name {
            "twice" | "file-and-dir" => "listed twice",
            "utf8" => "not valid UTF-8",
            "links" => "files and directories",
            "mode" => "object parsing failed",
            // Of these git itself makes no pack that is whole.
            "cut" | "empty" => "",
            _ => "invalid path",
        };
        let refused = case
            .objects
            .until_refused("GitRepository", name, words)
            .await;
        assert!(refused["status"]["artifact"].is_null(), "{name}");
    }
    case.objects
        .until_refused("GitRepository", "multiplied", "files and directories")
        .await;
    // Names that only differ in case are two files; a tree has no trouble with them.
    let both = [
        ("a.yaml", Entry::File(b"a: 1".to_vec())),
        ("A.yaml", Entry::File(b"a: 2".to_vec())),
    ];
    case.repo.commit_entries("case", &both, "both");
    let spec = json!({"ref": {"branch": "case"}});
    case.objects
        .git_repository("case", case.repo.url(), spec)
        .await;
    case.objects
        .until_condition("GitRepository", "case", "Ready", "True")
        .await;
}

async fn submodules(case: &Case) {
    let pinned = case.repo.head();
    let text = |path: &str, url: &str| {
        format!("[submodule \"../../x\"]\n\tpath = {path}\n\turl = {url}\n\tupdate = !touch /tmp/hostile-update\n").into_bytes()
    };
    let rows = [
        ("sub-file", "sub", "file:///etc"),
        ("sub-path", "sub", "/etc"),
        ("sub-ext", "sub", "ext::sh -c id"),
        ("sub-up", "sub", "../../../../x"),
        ("sub-option", "sub", "-u./x"),
        ("sub-ssh", "sub", "ssh://-oProxyCommand=x/y"),
        ("sub-break", "sub", "\"http://127.0.0.1:1/a\\nb\""),
    ];
    for (name, path, url) in rows {
        let entries = [
            (".gitmodules", Entry::File(text(path, url))),
            ("sub", Entry::Submodule(pinned.clone())),
        ];
        case.repo.commit_entries(name, &entries, "sub");
        let spec = json!({"ref": {"branch": name}, "recurseSubmodules": true});
        case.objects
            .git_repository(name, case.repo.url(), spec)
            .await;
    }
    for (name, ..) in rows {
        let why = if name == "sub-ssh" {
            "invalid 'ssh' auth option: 'identity' is required"
        } else {
            "unsupported URL"
        };
        let refused = case
            .objects
            .until_refused("GitRepository", name, &format!("submodule 'sub': {why}"))
            .await;
        assert!(refused["status"]["artifact"].is_null(), "{name}");
    }
    let long = "#".repeat(1 << 20) + "\n";
    let long = [long.into_bytes(), text("sub", case.repo.url())].concat();
    let entries = [
        (".gitmodules", Entry::File(long)),
        ("sub", Entry::Submodule(pinned.clone())),
    ];
    case.repo.commit_entries("sub-long", &entries, "sub");
    let spec = json!({"ref": {"branch": "sub-long"}, "recurseSubmodules": true});
    case.objects
        .git_repository("sub-long", case.repo.url(), spec)
        .await;
    case.objects
        .until_refused("GitRepository", "sub-long", "is larger than 1048576 bytes")
        .await;
    nested(case).await;
    // A path that leads out of the repository belongs to no gitlink.
    let entries = [
        (
            ".gitmodules",
            Entry::File(text("../../sub", case.repo.url())),
        ),
        ("sub", Entry::Submodule(pinned)),
    ];
    case.repo.commit_entries("sub-climb", &entries, "sub");
    let spec = json!({"ref": {"branch": "sub-climb"}, "recurseSubmodules": true});
    case.objects
        .git_repository("sub-climb", case.repo.url(), spec)
        .await;
    case.objects
        .until_condition("GitRepository", "sub-climb", "Ready", "True")
        .await;
    assert!(!std::path::Path::new("/tmp/hostile-update").exists());
}

/// Submodules within submodules stay empty from some level on, as in Flux.
async fn nested(case: &Case) {
    let mut pinned = case.repo.head();
    for _ in 0..15 {
        let text = format!(
            "[submodule \"sub\"]\n\tpath = sub\n\turl = {}\n",
            case.repo.url()
        );
        let entries = [
            (".gitmodules", Entry::File(text.into_bytes())),
            ("sub", Entry::Submodule(pinned)),
        ];
        case.repo.commit_entries("sub-nested", &entries, "nested");
        pinned = case.repo.resolve("sub-nested").unwrap();
    }
    let spec = json!({"ref": {"branch": "sub-nested"}, "recurseSubmodules": true});
    case.objects
        .git_repository("sub-nested", case.repo.url(), spec)
        .await;
    let ready = case
        .objects
        .until_condition("GitRepository", "sub-nested", "Ready", "True")
        .await;
    let path = ready["status"]["artifact"]["path"].as_str().unwrap();
    let file = std::fs::File::open(case.stack.storage().join(path)).unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    let levels = archive.entries().unwrap().map(|entry| {
        let path = entry.unwrap().path().unwrap().into_owned();
        path.iter().filter(|part| *part == "sub").count()
    });
    assert_eq!(levels.max(), Some(11), "the last one is empty");
}
