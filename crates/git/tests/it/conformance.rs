//! The messages of failed checkouts, word for word as recorded from Flux.

use std::path::PathBuf;

use url::Url;
use windlass_git::{Auth, CheckoutOptions, Reference};
use windlass_testkit::{GitServer, GitServerOptions, free_port};

use crate::{branch, options, refused, server};

/// What the recording `name` says after the words the controller puts in front, each once.
fn recorded(name: &str) -> Option<Vec<String>> {
    const PREFIX: &str = "\"message\": \"failed to checkout and determine revision: ";
    let dir = std::env::var_os("WINDLASS_CONFORMANCE").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
        PathBuf::from,
    );
    let path = dir.join("flux/recorded").join(name);
    let Ok(text) = std::fs::read_to_string(&path) else {
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), "skipped: no {}", path.display());
        return None;
    };
    let mut messages: Vec<String> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix(PREFIX))
        .map(|rest| rest.strip_suffix(',').unwrap_or(rest))
        .map(|rest| rest.strip_suffix('"').unwrap_or(rest).replace("\\\"", "\""))
        .collect();
    messages.sort();
    messages.dedup();
    assert!(!messages.is_empty(), "{} holds no message", path.display());
    Some(messages)
}

#[tokio::test]
async fn a_missing_branch() {
    let Some(expected) = recorded("git-branch-missing.json") else {
        return;
    };
    let (_server, repo) = server();
    repo.commit(&[("a.txt", Some("a"))], "a");
    let error = refused(options(&repo, branch("nope"))).await;
    assert_eq!(
        vec![error.replace(repo.url(), "<server>/@NS@.git")],
        expected
    );
}

#[tokio::test]
async fn a_wrong_password() {
    let Some(expected) = recorded("git-private.json") else {
        return;
    };
    let basic = Some(("git".to_owned(), "secret".to_owned()));
    let server = GitServer::start(GitServerOptions {
        basic,
        ..GitServerOptions::default()
    });
    let repo = server.repo("app");
    let mut options = options(&repo, branch("main"));
    options.auth = Auth {
        username: Some("git".into()),
        password: Some("wrong".to_owned().into()),
        ..Auth::default()
    };
    let error = refused(options).await;
    // The recorded server explains nothing, this one may: the words in front of it count.
    let error = error.replace(repo.url(), "<server>/private/@NS@.git");
    assert!(error.starts_with(&expected[0]), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there() {
    let Some(expected) = recorded("git-unreachable.json") else {
        return;
    };
    let authority = format!("127.0.0.1:{}", free_port());
    let url = Url::parse(&format!("http://{authority}/x.git")).unwrap();
    let error = refused(CheckoutOptions::new(url, branch("main"))).await;
    let error = error
        .replace(&format!("http://{authority}"), "<server>")
        .replace(&authority, "<address>");
    assert_eq!(vec![error], expected);
}

#[tokio::test]
async fn ranges_without_a_tag() {
    let Some(expected) = recorded("git-refs.json") else {
        return;
    };
    let (_server, repo) = server();
    repo.commit(&[("a.txt", Some("a"))], "a");
    repo.tag("v1.0.0");
    let mut errors = Vec::new();
    for range in [">9", "not a range"] {
        let reference = Reference {
            semver: Some(range.to_owned()),
            ..Reference::default()
        };
        errors.push(refused(options(&repo, reference)).await);
    }
    assert_eq!(errors, expected);
}
