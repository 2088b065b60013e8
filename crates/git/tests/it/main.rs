//! Checkouts from real servers: `git http-backend` over http and https, `sshd`, a proxy, and servers
//! that misbehave.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests end at the first thing that is not as expected"
)]

mod conformance;
mod credentials;
mod faults;
mod files;
mod refs;
mod signatures;
mod ssh;
mod submodules;

use url::Url;
use windlass_git::{Checkout, CheckoutOptions, Commit, Reference, checkout};
use windlass_testkit::{GitServer, GitServerOptions, Repo};

/// A server for everyone with one repository.
fn server() -> (GitServer, Repo) {
    let server = GitServer::start(GitServerOptions::default());
    let repo = server.repo("app");
    (server, repo)
}

fn branch(name: &str) -> Reference {
    Reference {
        branch: Some(name.to_owned()),
        ..Reference::default()
    }
}

fn options(repo: &Repo, reference: Reference) -> CheckoutOptions {
    CheckoutOptions::new(Url::parse(repo.url()).unwrap(), reference)
}

/// The commit that must be found and fetched.
async fn fetched(options: CheckoutOptions) -> Commit {
    match checkout(options).await.unwrap() {
        Checkout::Fetched(commit) => *commit,
        other => panic!("expected a commit, found {other:?}"),
    }
}

/// The text of the error that must come out.
async fn refused(options: CheckoutOptions) -> String {
    checkout(options).await.expect_err("refused").to_string()
}

fn paths(commit: &Commit) -> Vec<String> {
    commit.tree.files().map(|(path, _)| path.clone()).collect()
}

fn text(commit: &Commit, path: &str) -> String {
    let file = commit
        .tree
        .get(path)
        .unwrap_or_else(|| panic!("no {path} in {:?}", paths(commit)));
    String::from_utf8(file.bytes.to_vec()).unwrap()
}

/// Printable text that does not compress, different for each seed.
fn noise(seed: u64, length: usize) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'!' + u8::try_from(state >> 56).unwrap() % 90)
    };
    (0..length).map(|_| next()).collect()
}
