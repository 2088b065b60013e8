//! Who may read what, and what is refused.

use k8s_openapi::api::core::v1::Secret;
use kube::{Api, api::PostParams};
use serde_json::json;
use windlass_testkit::GitServerOptions;

use crate::controller::{Fixture, condition, fails_with};

async fn secret(fixture: &Fixture, name: &str, password: &str) {
    let secret: Secret = serde_json::from_value(json!({
        "metadata": {"name": name},
        "stringData": {"username": "git", "password": password},
    }))
    .unwrap();
    let secrets = Api::namespaced(fixture.plane.client().await, &fixture.namespace);
    secrets
        .create(&PostParams::default(), &secret)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_repository_opens_with_the_right_secret_only() {
    let basic = Some(("git".to_owned(), "s3cret-right".to_owned()));
    let fixture = Fixture::start(GitServerOptions {
        basic,
        ..GitServerOptions::default()
    })
    .await;
    let repo = fixture.git.repo("app");
    repo.commit(&[("a.txt", Some("one"))], "First");
    secret(&fixture, "wrong", "hunter2-wrong").await;
    secret(&fixture, "right", "s3cret-right").await;
    let spec = json!({"interval": "1h", "url": repo.url(), "ref": {"branch": "main"},
        "secretRef": {"name": "absent"}});
    fixture.create("src", spec).await;
    let status = fixture
        .await_status("src", "the missing secret", |s| {
            fails_with(s, "AuthenticationFailed")
        })
        .await;
    let id = format!("{}/absent", fixture.namespace);
    assert_eq!(
        condition(&status, "FetchFailed").unwrap().2,
        format!(
            "failed to get secret '{id}': failed to get secret '{id}': secrets \"absent\" not found"
        )
    );
    assert!(status.artifact.is_none());

    fixture
        .patch("src", json!({"spec": {"secretRef": {"name": "wrong"}}}))
        .await;
    let status = fixture
        .await_status("src", "the refusal", |s| {
            fails_with(s, "GitOperationFailed")
        })
        .await;
    let message = condition(&status, "Ready").unwrap().2;
    assert!(message.contains("authentication required"), "{message}");

    fixture
        .patch("src", json!({"spec": {"secretRef": {"name": "right"}}}))
        .await;
    fixture.ready("src").await;
    let status = fixture.status("src").await;
    assert!(condition(&status, "FetchFailed").is_none());
    let told = format!("{:?} {}", fixture.sink.events(), fixture.log());
    for password in ["hunter2-wrong", "s3cret-right"] {
        assert!(!told.contains(password), "{password} was told");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_verified_is_not_published() {
    let fixture = Fixture::start(GitServerOptions::default()).await;
    let repo = fixture.git.repo("app");
    repo.commit(&[("a.txt", Some("one"))], "First");
    let base = json!({"interval": "1h", "url": repo.url(), "ref": {"branch": "main"}});
    let with = |key: &str, value: serde_json::Value| {
        let mut spec = base.clone();
        spec[key] = value;
        spec
    };
    let keys = json!({"mode": "HEAD", "secretRef": {"name": "keys"}});
    fixture.create("signed", with("verify", keys)).await;
    fixture
        .create("cloud", with("provider", json!("aws")))
        .await;
    fixture
        .create("broken", with("url", json!("https://[::1/repo")))
        .await;
    for (name, reason) in [
        ("signed", "VerificationError"),
        ("cloud", "InvalidProviderConfiguration"),
        ("broken", "URLInvalid"),
    ] {
        let status = fixture
            .await_status(name, "the refusal", |status| fails_with(status, reason))
            .await;
        assert_eq!(condition(&status, "Stalled").unwrap().0, "True");
        assert!(status.artifact.is_none());
        assert!(fixture.files(name).is_empty());
    }
    assert!(fixture.git.requests().is_empty(), "nothing was fetched");
}
