//! Suspension, deletion and restarts.

use serde_json::json;
use windlass_testkit::{GitServerOptions, wait_until};

use crate::controller::{DEADLINE, Fixture, condition, finalizers, get};

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_source_stays_as_it_is_until_it_is_resumed() {
    let fixture = Fixture::start(GitServerOptions::default()).await;
    let repo = fixture.git.repo("app");
    repo.commit(&[("a.txt", Some("one"))], "First");
    let spec = json!({"interval": "1h", "url": repo.url(), "ref": {"branch": "main"}});
    fixture.create("src", spec).await;
    let artifact = fixture.ready("src").await;
    let suspended = fixture
        .patch("src", json!({"spec": {"suspend": true}}))
        .await;
    let second = repo.commit(&[("a.txt", Some("two"))], "Second");
    let status = fixture.poke("src").await;
    assert_eq!(status.observed_generation, suspended.metadata.generation);
    assert_eq!(status.artifact.as_ref(), Some(&artifact));
    assert_eq!(get(&artifact.url).await.unwrap().0, 200);

    fixture
        .patch("src", json!({"spec": {"suspend": false}}))
        .await;
    fixture
        .await_status("src", "the commit made meanwhile", |status| {
            status
                .artifact
                .as_ref()
                .is_some_and(|a| a.revision.ends_with(&second))
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deletion_removes_the_files_first() {
    let fixture = Fixture::start(GitServerOptions::default()).await;
    let repo = fixture.git.repo("app");
    repo.commit(&[("a.txt", Some("one"))], "First");
    let spec = json!({"interval": "1h", "url": repo.url(), "ref": {"branch": "main"}});
    fixture.create("src", spec.clone()).await;
    let artifact = fixture.ready("src").await;
    assert_eq!(
        finalizers(&fixture, "src").await.unwrap(),
        ["finalizers.fluxcd.io"]
    );
    assert_eq!(fixture.files("src").len(), 1);
    fixture.delete("src").await;
    wait_until("the end of the object", DEADLINE, async || {
        finalizers(&fixture, "src").await.is_none()
    })
    .await;
    assert!(fixture.files("src").is_empty());
    assert_eq!(get(&artifact.url).await.unwrap().0, 404);
    // Made again under the same name it starts from nothing.
    fixture.create("src", spec).await;
    assert_eq!(fixture.ready("src").await.revision, artifact.revision);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_asks_nobody_and_writes_nothing_unless_something_was_lost() {
    let mut fixture = Fixture::start(GitServerOptions::default()).await;
    let repo = fixture.git.repo("app");
    repo.commit(&[("a.txt", Some("one"))], "First");
    let spec = json!({"interval": "1h", "url": repo.url(), "ref": {"branch": "main"}});
    for name in ["kept", "lost"] {
        fixture.create(name, spec.clone()).await;
        fixture.ready(name).await;
    }
    let artifact = fixture.ready("kept").await;
    fixture.stop();
    let directory = fixture
        .volume
        .path()
        .join("gitrepository")
        .join(&fixture.namespace);
    std::fs::remove_dir_all(directory.join("lost")).unwrap();
    let before = fixture.sources.get("kept").await.unwrap();
    fixture.git.forget_requests();

    fixture.run().await;
    assert_eq!(get(&artifact.url).await.unwrap().0, 200);
    wait_until("what was lost being made again", DEADLINE, async || {
        fixture.files("lost").len() == 1
    })
    .await;
    fixture.ready("lost").await;
    // A reconcile of the other one would be handled by now as well: this one waits behind it.
    fixture.poke("lost").await;
    let after = fixture.sources.get("kept").await.unwrap();
    assert_eq!(
        after.metadata.resource_version,
        before.metadata.resource_version
    );
    // One check with a fetch, one without: all of them for what was lost and poked.
    let checks = fixture
        .git
        .requests()
        .iter()
        .filter(|r| r.method.as_str() == "GET")
        .count();
    assert_eq!(checks, 2);

    // A request is answered at once, whatever the restart has put off.
    let second = repo.commit(&[("a.txt", Some("two"))], "Second");
    let status = fixture.poke("kept").await;
    assert!(status.artifact.unwrap().revision.ends_with(&second));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_fetch_is_shown_and_its_end_by_a_shutdown_is_no_failure() {
    let mut fixture = Fixture::start(GitServerOptions::default()).await;
    let repo = fixture.git.repo("app");
    repo.commit(&[("a.txt", Some("one"))], "First");
    fixture.git.hang(true);
    let spec = json!({"interval": "1h", "url": repo.url(), "ref": {"branch": "main"}});
    fixture.create("src", spec).await;
    let status = fixture
        .await_status("src", "the work under way", |status| {
            condition(status, "Reconciling").is_some()
        })
        .await;
    let progress = ("True", "Progressing", "building artifact");
    assert_eq!(condition(&status, "Reconciling"), Some(progress));
    assert_eq!(
        condition(&status, "Ready"),
        Some(("Unknown", progress.1, progress.2))
    );
    fixture.stop();
    assert_eq!(fixture.status("src").await, status);
    assert!(fixture.sink.events().is_empty());

    fixture.git.hang(false);
    fixture.run().await;
    fixture.ready("src").await;
    assert!(condition(&fixture.status("src").await, "Reconciling").is_none());
}
