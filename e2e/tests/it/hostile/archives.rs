//! Artifacts that no source-controller of ours would have made, and requests for those of others.

use std::{fmt, io::Write as _, path::PathBuf};

use flate2::{Compression, write::GzEncoder};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tar::EntryType;
use windlass_e2e::{Controller, Objects};
use windlass_testkit::Entry;

use super::{
    rig::{Case, MAX_FILE, MAX_TOTAL, MAX_TREE, config_map, config_maps, message, open},
    wire::{Wire, get},
};

/// Bytes of a tar archive, entry by entry, as the format has them and no library would write.
#[derive(Default)]
pub(crate) struct Archive(Vec<u8>);

impl Archive {
    fn entry(mut self, kind: EntryType, name: &[u8], link: &[u8], content: &[u8]) -> Self {
        let mut header = tar::Header::new_ustar();
        let old = header.as_old_mut();
        old.name[..name.len().min(100)].copy_from_slice(&name[..name.len().min(100)]);
        old.linkname[..link.len()].copy_from_slice(link);
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self.0.extend_from_slice(content);
        let padding = content.len().next_multiple_of(512) - content.len();
        self.0.extend(std::iter::repeat_n(0, padding));
        self
    }

    pub(crate) fn file(self, name: &str, content: &str) -> Self {
        self.entry(EntryType::Regular, name.as_bytes(), b"", content.as_bytes())
    }

    /// With a name of any length, by the extension of GNU.
    fn long(self, name: &str, content: &str) -> Self {
        self.entry(
            EntryType::GNULongName,
            b"././@LongLink",
            b"",
            name.as_bytes(),
        )
        .file("x", content)
    }

    pub(crate) fn gz(mut self) -> Vec<u8> {
        self.0.extend([0; 1024]);
        gz(&self.0)
    }
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The digest of an artifact.
pub(crate) fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// Serves archives as artifacts of sources, each with a `Kustomization` of the same name.
pub(crate) async fn deliver<N: AsRef<str>>(objects: &Objects, archives: &[(N, Vec<u8>)]) -> Wire {
    let files = archives
        .iter()
        .map(|(name, bytes)| (format!("/{}", name.as_ref()), bytes.clone()));
    let wire = Wire::files(files.collect());
    for (name, bytes) in archives {
        let name = name.as_ref();
        let url = format!("{}/{name}", wire.url);
        publish(objects, name, &url, &digest(bytes)).await;
        let source = json!({"kind": "GitRepository", "name": name});
        objects
            .kustomization(name, json!({"sourceRef": source}))
            .await;
    }
    wire
}

/// Lets a `GitRepository`, which nobody looks after, publish whatever is at this address.
pub(crate) async fn publish(objects: &Objects, name: &str, url: &str, digest: &str) {
    let nowhere = "http://127.0.0.1:1/nowhere.git";
    objects
        .git_repository(name, nowhere, json!({"suspend": true}))
        .await;
    let artifact = json!({
        "digest": digest, "lastUpdateTime": "2024-01-01T00:00:00Z", "url": url,
        "path": format!("gitrepository/x/{name}/x.tar.gz"), "revision": "main@sha1:1",
    });
    objects
        .patch_status("GitRepository", name, json!({"artifact": artifact}))
        .await;
}

/// Serves each archive and has it applied by a `Kustomization` of its name.
async fn serve(case: &Case, archives: Vec<(&'static str, Vec<u8>)>) -> Wire {
    let digests: Vec<_> = archives
        .iter()
        .map(|(name, bytes)| (*name, digest(bytes)))
        .collect();
    let files = archives
        .into_iter()
        .map(|(name, bytes)| (format!("/{name}"), bytes));
    let wire = Wire::files(files.collect());
    for (name, digest) in digests {
        let url = format!("{}/{name}", wire.url);
        publish(&case.objects, name, &url, &digest).await;
        let source = json!({"kind": "GitRepository", "name": name});
        case.objects
            .kustomization(name, json!({"sourceRef": source}))
            .await;
    }
    wire
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kus_3_an_archive_leads_to_no_other_file() {
    let case = Case::new(open().await).await;
    let dir = tempfile::tempdir().unwrap();
    let outside = dir.path().join("outside.yaml");
    std::fs::write(&outside, config_map("outside")).unwrap();
    let target = outside.to_str().unwrap().as_bytes().to_vec();
    let target = if target.len() > 100 {
        b"/etc/hostname".to_vec()
    } else {
        target
    };
    let link = |kind| Archive::default().entry(kind, b"cm.yaml", &target, b"");
    let named = |name: &str| Archive::default().file(name, &config_map("escaped")).gz();
    let odd = |kind| {
        Archive::default()
            .file("cm.yaml", &config_map("odd"))
            .entry(kind, b"odd", b"", b"")
            .gz()
    };
    let through = Archive::default()
        .entry(EntryType::Symlink, b"dir", b"/tmp", b"")
        .file("dir/cm.yaml", &config_map("through"))
        .gz();
    let hidden = Archive::default()
        .entry(EntryType::Directory, b"dir/", b"", &[b'x'; 512])
        .file("cm.yaml", &config_map("hidden"))
        .gz();
    let build = "resources: [cm.yaml]\n";
    let _wire = serve(
        &case,
        vec![
            (
                "symlink",
                link(EntryType::Symlink)
                    .file("kustomization.yaml", build)
                    .gz(),
            ),
            (
                "hardlink",
                link(EntryType::Link).file("kustomization.yaml", build).gz(),
            ),
            (
                "loop",
                Archive::default()
                    .entry(EntryType::Symlink, b"cm.yaml", b"cm.yaml", b"")
                    .file("kustomization.yaml", build)
                    .gz(),
            ),
            ("through", through),
            ("fifo", odd(EntryType::Fifo)),
            ("char", odd(EntryType::Char)),
            ("block", odd(EntryType::Block)),
            ("sparse", odd(EntryType::GNUSparse)),
            (
                "pax-sparse",
                Archive::default()
                    .entry(EntryType::XHeader, b"pax", b"", b"22 GNU.sparse.major=1\n")
                    .file("cm.yaml", &config_map("odd"))
                    .gz(),
            ),
            ("up", named("../../cm.yaml")),
            ("abs", named("/etc/cm.yaml")),
            ("inner", named("a/../../cm.yaml")),
            ("backslash", named("..\\cm.yaml")),
            (
                "utf8",
                Archive::default()
                    .entry(
                        EntryType::Regular,
                        b"\xff.yaml",
                        b"",
                        config_map("odd").as_bytes(),
                    )
                    .gz(),
            ),
            ("hidden", hidden),
        ],
    )
    .await;
    for name in ["symlink", "hardlink", "loop"] {
        let refused = case.until_refused(name, "cm.yaml").await;
        assert!(!message(&refused, "Ready").contains("outside"), "{name}");
    }
    for name in ["fifo", "char", "block", "sparse", "pax-sparse"] {
        case.until_refused(name, "unsupported file type").await;
    }
    for name in ["up", "abs", "inner", "backslash", "utf8"] {
        case.until_refused(name, "invalid name").await;
    }
    case.until_refused("hidden", "malformed tar archive").await;
    // A link that is left out cannot be written through: the file lands in the tree.
    case.objects
        .until_condition("Kustomization", "through", "Ready", "True")
        .await;
    assert!(!PathBuf::from("/tmp/cm.yaml").exists());
    assert_eq!(case.config_maps().await, ["through"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_src_19_archives_are_bounded() {
    let case = Case::new(open().await).await;
    let mut many = Archive::default();
    for n in 0..=MAX_TREE {
        many = many.file(&format!("{n}.txt"), "");
    }
    let mut repeated = Archive::default();
    for _ in 0..=MAX_TREE {
        repeated = repeated.file("same.txt", "");
    }
    // What is left out has a cost too.
    let mut links = Archive::default();
    for _ in 0..=3 * MAX_TREE + 8 {
        links = links.entry(EntryType::Symlink, b"link", b"x", b"");
    }
    let zeros = vec![0_u8; MAX_FILE + 1];
    let halves = vec![0_u8; MAX_FILE - 1];
    let large = Archive::default()
        .entry(EntryType::Regular, b"zeros", b"", &zeros)
        .gz();
    let mut sum = Archive::default();
    for name in ["a", "b", "c"] {
        sum = sum.entry(EntryType::Regular, name.as_bytes(), b"", &halves);
    }
    // Far more than the bound, of which next to nothing is sent.
    let mut flood = GzEncoder::new(Vec::new(), Compression::best());
    let mut lying = tar::Header::new_ustar();
    lying.set_path("zeros").unwrap();
    lying.set_size(8 << 30);
    lying.set_cksum();
    flood.write_all(lying.as_bytes()).unwrap();
    for _ in 0..8 {
        flood.write_all(&zeros).unwrap();
    }
    // After the end of the archive, where nobody looks for it.
    let mut after = Archive::default().file("cm.yaml", &config_map("after")).0;
    after.extend([0; 1024]);
    let mut after_gz = gz(&after);
    after_gz.extend(gz(&vec![0_u8; 128 << 20]));
    let _wire = serve(
        &case,
        vec![
            ("many", many.gz()),
            ("links", links.gz()),
            ("download", vec![0x55; MAX_TOTAL + 1]),
            ("repeated", repeated.gz()),
            ("large", large),
            ("sum", sum.gz()),
            ("flood", flood.finish().unwrap()),
            ("after", after_gz),
            (
                "deep",
                Archive::default()
                    .long(&format!("{}x.yaml", "d/".repeat(2000)), "")
                    .gz(),
            ),
            (
                "name",
                Archive::default().long(&"n".repeat(60_000), "").gz(),
            ),
            (
                "component",
                Archive::default().long(&"n".repeat(300), "").gz(),
            ),
            ("long", {
                let path = format!("{}/", "n".repeat(200)).repeat(30);
                Archive::default().long(&path, "").gz()
            }),
            ("short", {
                let whole = Archive::default().file("cm.yaml", &config_map("cut")).0;
                gz(&whole[..520])
            }),
            (
                "extension",
                Archive::default().long(&"n".repeat(70_000), "").gz(),
            ),
            ("cut", {
                let mut cut = Archive::default().file("cm.yaml", &config_map("cut")).gz();
                cut.truncate(cut.len() / 2);
                cut
            }),
            ("text", b"this is no archive".to_vec()),
            (
                "honest",
                Archive::default()
                    .file("cm.yaml", &config_map("honest"))
                    .gz(),
            ),
        ],
    )
    .await;
    case.objects
        .until_condition("Kustomization", "honest", "Ready", "True")
        .await;
    let most = format!("more than {MAX_TREE} files and directories");
    let download = format!("/download: larger than {MAX_TOTAL} bytes");
    let total = format!("files are larger than {MAX_TOTAL} bytes in total");
    for (name, words) in [
        ("many", most.as_str()),
        ("repeated", &most),
        ("links", &most),
        ("download", download.as_str()),
        ("large", "is larger than"),
        ("sum", total.as_str()),
        ("flood", "is larger than"),
        ("after", &total),
        ("deep", "nested deeper than 100"),
        ("name", "invalid name"),
        ("component", "invalid name"),
        ("long", "invalid name"),
        ("short", "is cut short"),
        ("extension", "extended header"),
        ("cut", "failed to"),
        ("text", "failed to"),
    ] {
        case.until_refused(name, words).await;
    }
    assert_eq!(case.config_maps().await, ["honest"]);
    // And of Git: what a commit holds is bounded before it becomes an artifact.
    let deep = format!("{}x.txt", "d/".repeat(101));
    case.commit(&[(&deep, "x")]);
    case.source(json!({})).await;
    case.objects
        .until_refused("GitRepository", "src", "nested deeper than 100")
        .await;
    let repo = case
        .stack
        .git
        .repo(&format!("{}-large", case.objects.namespace()));
    let text = "x".repeat(MAX_FILE + 1);
    repo.commit(&[("large", Some(&text))], "large");
    case.objects
        .git_repository("large", repo.url(), json!({}))
        .await;
    case.objects
        .until_refused("GitRepository", "large", "file \"large\" is larger than")
        .await;
    // And what is put together of several.
    let half = "y".repeat(MAX_FILE - 1);
    let part = case
        .stack
        .git
        .repo(&format!("{}-part", case.objects.namespace()));
    part.commit(&[("a", Some(&half)), ("b", Some(&half))], "part");
    for name in ["part", "whole"] {
        let include = json!([{"repository": {"name": "part"}, "toPath": "part"}]);
        let spec = json!({"include": if name == "whole" { include } else { json!([]) }});
        case.objects.git_repository(name, part.url(), spec).await;
    }
    case.objects
        .until_condition("GitRepository", "part", "Ready", "True")
        .await;
    case.objects
        .until_refused("GitRepository", "whole", &total)
        .await;
    let few = case
        .stack
        .git
        .repo(&format!("{}-few", case.objects.namespace()));
    let names: Vec<String> = (0..=MAX_TREE / 2).map(|n| format!("{n}.txt")).collect();
    let files: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), Entry::File(Vec::new())))
        .collect();
    few.commit_entries("main", &files, "few");
    let deep = "d/".repeat(101);
    for (name, to) in [
        ("few", None),
        ("far", Some(&*deep)),
        ("crowd", Some("more")),
    ] {
        let include = to.map(|to| json!({"repository": {"name": "few"}, "toPath": to}));
        let spec = json!({"include": include.into_iter().collect::<Vec<_>>()});
        case.objects.git_repository(name, few.url(), spec).await;
    }
    case.objects
        .until_condition("GitRepository", "few", "Ready", "True")
        .await;
    for (name, words) in [("far", "nested deeper than 100"), ("crowd", &*most)] {
        case.objects
            .until_refused("GitRepository", name, words)
            .await;
    }
    // In memory a pattern takes far more than in its file.
    let patterns = "a\n".repeat(600_000);
    let rules = [(".sourceignore", Entry::File(patterns.into_bytes()))];
    few.commit_entries("patterns", &rules, "patterns");
    let branch = json!({"ref": {"branch": "patterns"}});
    case.objects
        .git_repository("patterns", few.url(), branch)
        .await;
    let words = "patterns of ignored files are larger than 1048576 bytes";
    case.objects
        .until_refused("GitRepository", "patterns", words)
        .await;
    let peak = Peak::of(case.stack.process(Controller::Kustomize).pid());
    assert!(peak.0 < 1 << 20, "{peak} were in use");
}

/// The most memory a process has ever had, in KiB.
struct Peak(u64);

impl Peak {
    fn of(pid: u32) -> Self {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmHWM:"))
            .unwrap();
        Self(line.split_whitespace().nth(1).unwrap().parse().unwrap())
    }
}

impl fmt::Display for Peak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} MiB", self.0 >> 10)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_src_14_an_artifact_is_what_its_digest_says() {
    let case = Case::with(open().await, &[("cm.yaml", &config_map("honest"))]).await;
    let ready = case
        .objects
        .until_condition("GitRepository", "src", "Ready", "True")
        .await;
    let artifact = &ready["status"]["artifact"];
    let path = artifact["path"].as_str().unwrap();
    // Somebody changes the file on the volume.
    let forged = Archive::default()
        .file("cm.yaml", &config_map("forged"))
        .gz();
    let file = case.stack.storage().join(path);
    std::fs::write(file.with_extension("new"), &forged).unwrap();
    std::fs::rename(file.with_extension("new"), &file).unwrap();
    case.objects.kustomization("app", json!({})).await;
    case.until_refused("app", "doesn't match").await;
    // The source-controller finds it out, and makes the artifact again.
    case.objects.poke("GitRepository", "src").await;
    case.objects
        .until_condition("Kustomization", "app", "Ready", "True")
        .await;
    assert_eq!(config_maps(&case.objects).await, ["honest"]);
    // A status that points elsewhere: to what is not meant, and out of the volume.
    let wire = Wire::files(vec![("/forged".to_owned(), forged.clone())]);
    let digest_of_other = digest(b"something else");
    publish(
        &case.objects,
        "lying",
        &format!("{}/forged", wire.url),
        &digest_of_other,
    )
    .await;
    for (name, url, digest) in [
        ("file", "file:///etc/hostname", digest(b"x")),
        ("weak", "http://127.0.0.1:1/x", "md5:00".to_owned()),
    ] {
        publish(&case.objects, name, url, &digest).await;
    }
    for (name, words) in [
        ("lying", "doesn't match"),
        ("file", "invalid URL"),
        ("weak", "digest"),
    ] {
        let source = json!({"kind": "GitRepository", "name": name});
        case.refused(name, json!({"sourceRef": source}), words)
            .await;
    }
    // A file that has its digest, and is none of the volume's.
    let outside = case.stack.storage().with_file_name("outside.tar.gz");
    std::fs::write(&outside, &forged).unwrap();
    let climbing = json!({"artifact": {
        "path": "gitrepository/../../outside.tar.gz", "digest": digest(&forged),
    }});
    case.objects
        .patch_status("GitRepository", "src", climbing)
        .await;
    case.objects.poke("GitRepository", "src").await;
    case.objects
        .until("GitRepository", "src", "an artifact of its own", |o| {
            o["status"]["artifact"]["path"] == path
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_src_14_nothing_but_artifacts_is_served() {
    let case = Case::with(open().await, &[("cm.yaml", &config_map("x"))]).await;
    let ready = case
        .objects
        .until_condition("GitRepository", "src", "Ready", "True")
        .await;
    let artifact = &ready["status"]["artifact"];
    let path = artifact["path"].as_str().unwrap();
    let port = case.stack.artifacts_port();
    assert_eq!(get(port, &format!("/{path}")).0, 200);
    // A link that somebody left on the volume leads nowhere.
    let directory = case.stack.storage().join(path);
    let directory = directory.parent().unwrap();
    std::os::unix::fs::symlink("/etc/hostname", directory.join("link.tar.gz")).unwrap();
    let object = path.rsplit_once('/').unwrap().0;
    let blob = artifact["digest"].as_str().unwrap().replace(':', "/");
    for target in [
        "/../../../../etc/hostname".to_owned(),
        "/gitrepository/../../../../etc/hostname".to_owned(),
        "/%2e%2e/%2e%2e/%2e%2e/etc/hostname".to_owned(),
        "/..%2f..%2f..%2fetc%2fhostname".to_owned(),
        "//etc/hostname".to_owned(),
        "/gitrepository/a/b/..%5c..%5cx".to_owned(),
        format!("/{object}/link.tar.gz"),
        format!("/{object}/link.tar.gz%00.tar.gz"),
        format!("/{object}/"),
        format!("/{object}"),
        "/gitrepository".to_owned(),
        format!("/.windlass/blobs/{blob}"),
        format!("/{object}/../{}", path.rsplit('/').next().unwrap()),
    ] {
        let (status, body) = get(port, &target);
        assert!((400..500).contains(&status), "{target}: {status} {body}");
        assert!(!body.contains("apiVersion") && body.len() < 100, "{target}");
    }
}
