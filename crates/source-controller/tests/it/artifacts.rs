//! From a commit to the file that others download.

use std::time::Duration;

use serde_json::json;
use sha2::Digest as _;
use windlass_archive::{Limits, Tree, read_tar_gz};
use windlass_testkit::{GitServerOptions, wait_for, wait_until};

use crate::controller::{DEADLINE, Fixture, condition, fails_with, get};

async fn download(artifact: &windlass_api::source::Artifact) -> Tree {
    let (status, bytes) = get(&artifact.url).await.expect("the server answers");
    assert_eq!(status, 200, "{}", artifact.url);
    assert_eq!(
        artifact.digest,
        format!("sha256:{}", hex::encode(sha2::Sha256::digest(&bytes)))
    );
    assert_eq!(artifact.size, i64::try_from(bytes.len()).ok());
    read_tar_gz(&bytes[..], &Limits::default()).unwrap()
}

fn text(tree: &Tree, path: &str) -> Option<String> {
    tree.get(path)
        .map(|file| String::from_utf8(file.bytes.to_vec()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_becomes_an_artifact_and_the_next_one_another() {
    let fixture = Fixture::start(GitServerOptions::default()).await;
    let repo = fixture.git.repo("app");
    let files = [
        ("a.txt", Some("one")),
        ("docs/b.md", Some("two")),
        ("logo.png", Some("x")),
    ];
    let first = repo.commit(&files, "First of all\n\nand more");
    let spec = json!({"interval": "1h", "url": repo.url(), "ref": {"branch": "main"},
        "ignore": "/docs/"});
    fixture.create("src", spec).await;
    let artifact = fixture.ready("src").await;
    assert_eq!(artifact.revision, format!("main@sha1:{first}"));
    assert!(
        artifact.path.ends_with(&format!("/src/{first}.tar.gz")),
        "{}",
        artifact.path
    );
    let tree = download(&artifact).await;
    assert_eq!(text(&tree, "a.txt").as_deref(), Some("one"));
    // A rule of one's own replaces the built-in ones about media.
    assert!(tree.exists("logo.png") && !tree.exists("docs/b.md"));

    let event = fixture
        .sink
        .wait_for_event("the news", DEADLINE, |event| {
            event["reason"] == "NewArtifact"
        })
        .await;
    assert_eq!(
        event["message"],
        "stored artifact for commit 'First of all'"
    );
    let metadata = &event["metadata"];
    assert_eq!(
        metadata["source.toolkit.fluxcd.io/revision"],
        artifact.revision.as_str()
    );
    assert_eq!(
        metadata["source.toolkit.fluxcd.io/digest"],
        artifact.digest.as_str()
    );

    let labels = format!(
        r#"{{kind="GitRepository",name="src",namespace="{}"}}"#,
        fixture.namespace
    );
    let metrics = fixture.metrics().await;
    let count = format!("gotk_reconcile_duration_seconds_count{labels} 1");
    assert!(metrics.contains(&count), "no {count} in:\n{metrics}");

    let second = repo.commit(&[("a.txt", Some("three"))], "Second");
    let status = fixture.poke("src").await;
    let newer = status.artifact.unwrap();
    assert_eq!(newer.revision, format!("main@sha1:{second}"));
    assert_eq!(
        text(&download(&newer).await, "a.txt").as_deref(),
        Some("three")
    );
    // Those who are still reading the one before can finish.
    assert_eq!(
        text(&download(&artifact).await, "a.txt").as_deref(),
        Some("one")
    );

    // The same commit archived by other rules.
    fixture
        .patch("src", json!({"spec": {"ignore": "a.txt"}}))
        .await;
    let other = fixture.ready("src").await;
    assert_eq!(other.revision, newer.revision);
    assert_ne!(other.digest, newer.digest);
    let tree = download(&other).await;
    assert!(tree.exists("docs/b.md") && !tree.exists("a.txt"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interval_without_news_costs_one_look_at_the_refs() {
    let fixture = Fixture::start(GitServerOptions::default()).await;
    let repo = fixture.git.repo("app");
    repo.commit(&[("a.txt", Some("one"))], "First");
    let spec = json!({"interval": "1s", "url": repo.url(), "ref": {"branch": "main"}});
    fixture.create("src", spec).await;
    fixture.ready("src").await;
    // The event of the first artifact is written in the background.
    wait_until("the event", DEADLINE, async || {
        fixture
            .writes()
            .iter()
            .any(|write| write.request_uri.contains("/events"))
    })
    .await;
    let before = fixture.sources.get("src").await.unwrap();
    let writes = fixture.writes().len();
    fixture.git.forget_requests();
    let looks = |method: &str| {
        fixture
            .git
            .requests()
            .iter()
            .filter(|request| request.method.as_str() == method)
            .count()
    };
    wait_until("three checks", DEADLINE, async || looks("GET") >= 3).await;
    // With protocol 2 the refs are asked for by one POST; a fetch would be another.
    let (posts, gets) = (looks("POST"), looks("GET"));
    assert!(posts <= gets, "{posts} POSTs in {gets} checks");
    let after = fixture.sources.get("src").await.unwrap();
    assert_eq!(
        after.metadata.resource_version,
        before.metadata.resource_version
    );
    assert_eq!(fixture.writes().len(), writes);
    // Each check was one: the next commit is found without anybody asking.
    let second = repo.commit(&[("a.txt", Some("two"))], "Second");
    fixture
        .await_status("src", "the new commit", |status| {
            status
                .artifact
                .as_ref()
                .is_some_and(|a| a.revision.ends_with(&second))
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_include_wakes_the_source_that_includes_it() {
    let fixture = Fixture::start(GitServerOptions::default()).await;
    let (app, library) = (fixture.git.repo("app"), fixture.git.repo("library"));
    app.commit(&[("a.txt", Some("one"))], "First");
    library.commit(
        &[("sub/b.txt", Some("two")), ("c.txt", Some("three"))],
        "First",
    );
    let include = json!([{"repository": {"name": "library"}, "fromPath": "sub", "toPath": "got"}]);
    let spec = json!({"interval": "1h", "url": app.url(), "ref": {"branch": "main"},
        "include": include});
    fixture.create("app", spec).await;
    let status = fixture
        .await_status("app", "the wait", |status| fails_with(status, "NotFound"))
        .await;
    assert_eq!(
        condition(&status, "IncludeUnavailable").unwrap().2,
        "could not get resource for include 'library': \
         GitRepository.source.toolkit.fluxcd.io \"library\" not found"
    );

    // Well before the thirty seconds after which it would look by itself.
    let started = std::time::Instant::now();
    let spec = json!({"interval": "1h", "url": library.url(), "ref": {"branch": "main"}});
    fixture.create("library", spec).await;
    let artifact = fixture.ready("app").await;
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
    let tree = download(&artifact).await;
    assert_eq!(text(&tree, "got/b.txt").as_deref(), Some("two"));
    assert_eq!(text(&tree, "a.txt").as_deref(), Some("one"));
    assert!(!tree.exists("got/c.txt") && !tree.exists("c.txt"));

    library.commit(&[("sub/b.txt", Some("four"))], "Second");
    let included = fixture.poke("library").await.artifact.unwrap();
    let newer = wait_for("the parent following", DEADLINE, async || {
        let status = fixture.status("app").await;
        let follows =
            status.included_artifacts.first().map(|a| &a.digest) == Some(&included.digest);
        follows.then_some(status.artifact).flatten()
    })
    .await;
    assert_eq!(newer.revision, artifact.revision);
    assert_eq!(
        text(&download(&newer).await, "got/b.txt").as_deref(),
        Some("four")
    );
}
