//! Choosing a commit, and not fetching it when it is known.

use windlass_git::{Checkout, Reference, checkout};
use windlass_testkit::Repo;

use crate::{branch, fetched, noise, options, refused, server, text};

fn tag(name: &str) -> Reference {
    Reference {
        tag: Some(name.into()),
        ..Reference::default()
    }
}

fn name(name: &str) -> Reference {
    Reference {
        name: Some(name.into()),
        ..Reference::default()
    }
}

fn range(range: &str) -> Reference {
    Reference {
        semver: Some(range.into()),
        ..Reference::default()
    }
}

fn commit(hash: &str, branch: Option<&str>) -> Reference {
    Reference {
        commit: Some(hash.into()),
        branch: branch.map(Into::into),
        ..Reference::default()
    }
}

/// `v1.0.0` (annotated), `v1.2.0`, `v2.0.0-rc.1`, then one more commit.
fn tagged() -> (windlass_testkit::GitServer, Repo, [String; 4]) {
    let (server, repo) = server();
    let one = repo.commit(&[("a.txt", Some("one"))], "first line\n\nbody");
    repo.annotated_tag("v1.0.0", "the first release");
    let two = repo.commit(&[("a.txt", Some("two"))], "two");
    repo.tag("v1.2.0");
    let three = repo.commit(&[("a.txt", Some("three"))], "three");
    repo.tag("v2.0.0-rc.1");
    let four = repo.commit(&[("a.txt", Some("four"))], "four");
    (server, repo, [one, two, three, four])
}

#[tokio::test]
async fn every_kind_of_reference_finds_its_commit() {
    let (_server, repo, [one, two, three, four]) = tagged();
    repo.set_reference("refs/pull/1/head", &two);
    let cases = [
        (branch("main"), &four, format!("main@sha1:{four}"), "four"),
        (tag("v1.0.0"), &one, format!("v1.0.0@sha1:{one}"), "one"),
        (tag("v1.2.0"), &two, format!("v1.2.0@sha1:{two}"), "two"),
        (
            range(">=1.0.0 <2.0.0"),
            &two,
            format!("v1.2.0@sha1:{two}"),
            "two",
        ),
        (
            range("*-0"),
            &three,
            format!("v2.0.0-rc.1@sha1:{three}"),
            "three",
        ),
        (
            name("refs/tags/v1.2.0"),
            &two,
            format!("refs/tags/v1.2.0@sha1:{two}"),
            "two",
        ),
        (
            name("refs/tags/v1.0.0"),
            &one,
            format!("refs/tags/v1.0.0@sha1:{one}"),
            "one",
        ),
        (
            name("refs/heads/main"),
            &four,
            format!("refs/heads/main@sha1:{four}"),
            "four",
        ),
        (
            name("refs/pull/1/head"),
            &two,
            format!("refs/pull/1/head@sha1:{two}"),
            "two",
        ),
        (name("HEAD"), &four, format!("HEAD@sha1:{four}"), "four"),
        (commit(&four, None), &four, format!("sha1:{four}"), "four"),
        (commit(&two, None), &two, format!("sha1:{two}"), "two"),
        (
            commit(&one, Some("main")),
            &one,
            format!("main@sha1:{one}"),
            "one",
        ),
    ];
    for (reference, hash, revision, content) in cases {
        let found = fetched(options(&repo, reference.clone())).await;
        assert_eq!(
            (&found.hash, &found.revision),
            (hash, &revision),
            "{reference:?}"
        );
        assert_eq!(text(&found, "a.txt"), content, "{reference:?}");
    }
}

#[tokio::test]
async fn a_commit_carries_its_message_people_and_tag() {
    let (_server, repo, [one, ..]) = tagged();
    let found = fetched(options(&repo, tag("v1.0.0"))).await;
    assert_eq!(found.message.trim_end(), "first line\n\nbody");
    assert!(found.committer.seconds > 1_000_000_000 && !found.author.email.is_empty());
    let tag = found.tag.expect("an annotated tag");
    assert_eq!(
        (tag.name.as_str(), tag.message.trim_end()),
        ("v1.0.0", "the first release")
    );
    assert_eq!(Some(tag.hash), repo.resolve("refs/tags/v1.0.0"));
    assert_eq!(found.hash, one);
    assert!(fetched(options(&repo, branch("main"))).await.tag.is_none());
}

#[tokio::test]
async fn what_does_not_exist_is_named_as_flux_names_it() {
    let (server, repo, _) = tagged();
    let url = repo.url();
    assert_eq!(
        refused(options(&repo, branch("nope"))).await,
        format!("unable to clone '{url}': couldn't find remote ref \"refs/heads/nope\"")
    );
    assert_eq!(
        refused(options(&repo, tag("nope"))).await,
        format!("unable to clone '{url}': couldn't find remote ref \"refs/tags/nope\"")
    );
    assert_eq!(
        refused(options(&repo, name("refs/pull/9/head"))).await,
        "unable to resolve ref 'refs/pull/9/head' to a specific commit"
    );
    assert_eq!(
        refused(options(&repo, range(">9"))).await,
        "no match found for semver: >9"
    );
    server.forget_requests();
    assert_eq!(
        refused(options(&repo, range("not a range"))).await,
        "semver parse error: improper constraint: \"not a range\""
    );
    assert!(server.requests().is_empty(), "a bad range needs no server");
    let missing = "0123456789012345678901234567890123456789";
    for hash in [missing, "main", "../x"] {
        assert_eq!(
            refused(options(&repo, commit(hash, None))).await,
            format!("failed to resolve commit object for '{hash}': object not found")
        );
    }
    assert!(
        refused(options(&repo, name("/refs/heads/main")))
            .await
            .contains("invalid ref name")
    );
}

#[tokio::test]
async fn a_commit_must_be_reachable_from_the_branches_that_count() {
    for filter in ["true", "false"] {
        let (_server, repo) = server();
        repo.config("uploadpack.allowFilter", filter);
        let old = repo.commit(&[("a.txt", Some("old"))], "old");
        repo.commit(&[("a.txt", Some("new"))], "new");
        let file = windlass_testkit::Entry::File(b"side".to_vec());
        let side = repo.commit_entries("side", &[("b.txt", file)], "side");
        repo.commit_entries("side", &[], "later");
        let gone = repo.commit(&[("a.txt", Some("gone"))], "gone");
        repo.force_reset(&old);

        assert_eq!(
            text(&fetched(options(&repo, commit(&side, None))).await, "b.txt"),
            "side"
        );
        assert_eq!(
            text(
                &fetched(options(&repo, commit(&old, Some("main")))).await,
                "a.txt"
            ),
            "old"
        );
        for reference in [commit(&side, Some("main")), commit(&gone, None)] {
            let error = refused(options(&repo, reference.clone())).await;
            assert!(
                error.starts_with("failed to resolve commit object"),
                "{reference:?}: {error}"
            );
        }
        assert!(
            refused(options(&repo, commit(&old, Some("nope"))))
                .await
                .contains("refs/heads/nope")
        );
    }
}

#[tokio::test]
async fn versions_that_differ_in_build_metadata_go_by_the_time_of_their_commit() {
    let (_server, repo) = server();
    repo.commit(&[("a.txt", Some("one"))], "one");
    repo.tag("1.0.0+z");
    repo.commit(&[("a.txt", Some("two"))], "two");
    repo.annotated_tag("1.0.0+a", "later");
    let found = fetched(options(&repo, range("1.x"))).await;
    assert_eq!(
        (found.reference.as_str(), text(&found, "a.txt").as_str()),
        ("1.0.0+a", "two")
    );
}

#[tokio::test]
async fn a_known_revision_costs_two_requests_and_no_files() {
    let (server, repo, [one, two, _, four]) = tagged();
    let cases = [
        (branch("main"), format!("main@sha1:{four}")),
        (tag("v1.0.0"), format!("v1.0.0@sha1:{one}")),
        (
            name("refs/tags/v1.0.0"),
            format!("refs/tags/v1.0.0@sha1:{one}"),
        ),
        (range("<2.0.0"), format!("v1.2.0@sha1:{two}")),
        (commit(&one, Some("main")), format!("main@sha1:{one}")),
    ];
    for (reference, known) in cases {
        let mut options = options(&repo, reference.clone());
        options.last_observed = Some(known.clone());
        server.forget_requests();
        match checkout(options).await.unwrap() {
            Checkout::Unchanged { revision } => assert_eq!(revision, known),
            other => panic!("{reference:?}: {other:?}"),
        }
        assert_eq!(server.requests().len(), 2, "{reference:?}");
    }
    // Moved on: one request more brings the files.
    let mut options = options(&repo, branch("main"));
    options.last_observed = Some(format!("main@sha1:{one}"));
    server.forget_requests();
    assert_eq!(fetched(options).await.hash, four);
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_repository_without_commits_is_empty() {
    let (_server, repo) = server();
    for reference in [
        branch("main"),
        tag("v1"),
        range("*"),
        name("refs/heads/main"),
        commit(&"a".repeat(40), None),
    ] {
        let found = checkout(options(&repo, reference.clone())).await.unwrap();
        assert!(matches!(found, Checkout::Empty), "{reference:?}: {found:?}");
    }
}

#[tokio::test]
async fn only_the_tip_of_the_history_is_transferred() {
    let (server, repo) = server();
    for round in 1..20 {
        let noise = noise(round, 16 << 10);
        repo.commit(&[("a.txt", Some(&noise))], "change");
    }
    // A whole history would not fit.
    let mut options = options(&repo, branch("main"));
    options.max_pack_bytes = 32 << 10;
    fetched(options).await;
    drop(server);
}
