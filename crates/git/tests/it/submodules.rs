//! Repositories within repositories.

use windlass_git::Auth;
use windlass_testkit::{Entry, GitServer, GitServerOptions};

use crate::{branch, fetched, options, paths, refused, server, text};

fn modules(entries: &[(&str, &str)]) -> Entry {
    let mut text = String::new();
    for (path, url) in entries {
        text.push_str(
            &[
                "[submodule \"",
                path,
                "\"]\n\tpath = ",
                path,
                "\n\turl = ",
                url,
                "\n",
            ]
            .concat(),
        );
    }
    Entry::File(text.into_bytes())
}

#[tokio::test]
async fn submodules_are_filled_in_at_their_pinned_commit() {
    let (server, app) = server();
    let inner = server.repo("inner");
    let pinned_inner = inner.commit(&[("i.txt", Some("inner"))], "inner");
    let lib = server.repo("lib");
    lib.commit(&[("l.txt", Some("lib"))], "lib");
    let pinned = lib.commit_submodule("deep", &inner, &pinned_inner, "inner");
    lib.commit(&[("l.txt", Some("moved on"))], "later");
    app.commit(&[("a.txt", Some("a"))], "app");
    let entries = [
        (".gitmodules", modules(&[("vendor/lib", "../lib.git")])),
        ("vendor/lib", Entry::Submodule(pinned)),
        ("stray", Entry::Submodule(pinned_inner)),
    ];
    app.commit_entries("main", &entries, "submodules");

    let mut options = options(&app, branch("main"));
    let plain = fetched(options.clone()).await;
    assert_eq!(paths(&plain), [".gitmodules", "a.txt"]);
    assert!(plain.tree.is_dir("vendor/lib"));

    options.recurse_submodules = true;
    let commit = fetched(options.clone()).await;
    assert_eq!(text(&commit, "vendor/lib/l.txt"), "lib");
    assert_eq!(text(&commit, "vendor/lib/deep/i.txt"), "inner");
    assert!(commit.tree.is_dir("stray"));

    // `.gitmodules` itself is outside of the sparse directories.
    options.sparse = vec!["vendor/lib/deep".to_owned()];
    assert_eq!(paths(&fetched(options).await), ["vendor/lib/deep/i.txt"]);
}

#[tokio::test]
async fn credentials_go_to_the_own_server_only() {
    let basic = || Some(("git".to_owned(), "hunter2".to_owned()));
    let own = GitServer::start(GitServerOptions {
        basic: basic(),
        ..GitServerOptions::default()
    });
    let foreign = GitServer::start(GitServerOptions {
        basic: basic(),
        ..GitServerOptions::default()
    });
    let (app, near, far) = (own.repo("app"), own.repo("near"), foreign.repo("far"));
    let near_commit = near.commit(&[("n", Some("near"))], "near");
    let far_commit = far.commit(&[("f", Some("far"))], "far");
    app.commit_submodule("near", &near, &near_commit, "near");

    let mut options = options(&app, branch("main"));
    options.recurse_submodules = true;
    options.auth = Auth {
        username: Some("git".into()),
        password: Some("hunter2".to_owned().into()),
        ..Auth::default()
    };
    assert_eq!(text(&fetched(options.clone()).await, "near/n"), "near");

    app.commit_submodule("far", &far, &far_commit, "far");
    let error = refused(options).await;
    assert!(
        error.contains("submodule 'far': authentication required: "),
        "{error}"
    );
    assert!(
        foreign
            .requests()
            .iter()
            .all(|request| request.header("authorization").is_empty())
    );
}

#[tokio::test]
async fn a_submodule_leads_to_the_network_only() {
    let (_server, app) = server();
    let pinned = app.commit(&[("a.txt", Some("a"))], "app");
    for url in ["file:///etc", "/etc", "ext::sh -c id", "../../../../x"] {
        let entries = [
            (".gitmodules", modules(&[("sub", url)])),
            ("sub", Entry::Submodule(pinned.clone())),
        ];
        app.commit_entries("main", &entries, "sub");
        let mut options = options(&app, branch("main"));
        options.recurse_submodules = true;
        let error = refused(options).await;
        assert!(
            error.contains("submodule 'sub': unsupported URL"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_pinned_commit_that_is_gone_is_an_error() {
    let (server, app) = server();
    let lib = server.repo("lib");
    lib.commit(&[("l.txt", Some("lib"))], "lib");
    app.commit_submodule("lib", &lib, &"1".repeat(40), "lib");
    let mut options = options(&app, branch("main"));
    options.recurse_submodules = true;
    let error = refused(options).await;
    assert!(
        error.contains("submodule 'lib'") && error.contains(&"1".repeat(40)),
        "{error}"
    );
}

#[tokio::test]
async fn submodules_of_submodules_end_at_a_depth() {
    let (server, _) = server();
    let mut repos = vec![server.repo("r0")];
    let mut pinned = repos[0].commit(&[("f", Some("0"))], "0");
    for n in 1..=12 {
        let repo = server.repo(&format!("r{n}"));
        repo.commit(&[("f", Some(&n.to_string()))], "n");
        pinned = repo.commit_submodule("s", &repos[n - 1], &pinned, "s");
        repos.push(repo);
    }
    let mut options = options(&repos[12], branch("main"));
    options.recurse_submodules = true;
    let commit = fetched(options).await;
    let tenth = "s/".repeat(10);
    assert_eq!(text(&commit, &format!("{tenth}f")), "2");
    assert!(
        commit.tree.is_dir(&format!("{tenth}s"))
            && commit.tree.get(&format!("{tenth}s/f")).is_none()
    );
}
