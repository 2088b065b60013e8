//! Files and repositories that a kustomization names by URL, fetched for the command line.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use tokio::runtime::Builder;
use url::Url;
use windlass_archive::Tree;
use windlass_git::{Auth, Checkout, CheckoutOptions, Error, Failure, Reference, checkout};
use windlass_kustomize::{RemoteError, RemoteLoader, RepoSpec, Repository, RepositoryError};

/// The private keys that OpenSSH tries, in its order.
const IDENTITIES: [&str; 4] = ["id_rsa", "id_ecdsa", "id_ed25519", "id_dsa"];
/// More than any manifest has, less than this machine's memory.
const MAX_FILE_BYTES: usize = 64 << 20;
const FILE_TIMEOUT: Duration = Duration::from_mins(1);

/// Fetches over http, https and ssh, as the user who calls: with the keys and known hosts in
/// `~/.ssh`, and with the user and password that a URL holds. Neither `git` nor its configuration
/// is used.
pub(crate) struct RemoteResources;

/// Waits for `work`, and not for a server that has not answered in time.
fn wait<T>(work: impl Future<Output = T>) -> Result<T, String> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let done = runtime.block_on(work);
    runtime.shutdown_background();
    Ok(done)
}

impl RemoteResources {
    /// The commit that `reference` leads to, as `git fetch` looks it up: a hash, the full name of a
    /// ref, a tag, a branch.
    fn commit(url: &Url, spec: &RepoSpec) -> Result<Tree, RepositoryError> {
        let failed = RepositoryError::Failed;
        let mut found = Err(Error::UnresolvedName(
            spec.reference.clone().unwrap_or_default(),
        ));
        for reference in candidates(spec.reference.as_deref()) {
            let options = CheckoutOptions {
                auth: credentials(url).map_err(failed)?,
                recurse_submodules: spec.submodules,
                timeout: spec.timeout,
                ..CheckoutOptions::new(url.clone(), reference)
            };
            found = wait(checkout(options)).map_err(failed)?;
            if !found.as_ref().is_err_and(is_absent) {
                break;
            }
        }
        let told = |error: Error| match error.failure() {
            Some(Failure::Deadline) => RepositoryError::TimedOut(format!(
                "git fetch --depth=1 {} {}",
                spec.url,
                spec.reference.as_deref().unwrap_or("HEAD")
            )),
            _ => failed(error.to_string()),
        };
        match found.map_err(told)? {
            Checkout::Fetched(commit) => Ok(commit.tree),
            Checkout::Empty | Checkout::Unchanged { .. } => {
                let text = format!("repository '{}' has no commits", spec.url);
                Err(failed(text))
            }
        }
    }
}

impl RemoteLoader for RemoteResources {
    fn file(&self, url: &str) -> Result<Vec<u8>, RemoteError> {
        let failed = |error: reqwest::Error| {
            RemoteError::Failed(format!("Get \"{url}\": {}", with_causes(&error)))
        };
        let work = async {
            let client = reqwest::Client::builder().timeout(FILE_TIMEOUT).build();
            let client = client.map_err(failed)?;
            let mut response = client.get(url).send().await.map_err(failed)?;
            let status = response.status();
            if !status.is_success() {
                let words = status.canonical_reason().unwrap_or_default();
                return Err(RemoteError::Status(status.as_u16(), words.to_owned()));
            }
            let mut bytes = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(failed)? {
                if bytes.len() + chunk.len() > MAX_FILE_BYTES {
                    let problem = format!("more than {MAX_FILE_BYTES} bytes");
                    return Err(RemoteError::Failed(format!("Get \"{url}\": {problem}")));
                }
                bytes.extend_from_slice(&chunk);
            }
            Ok(bytes)
        };
        wait(work).map_err(RemoteError::Failed)?
    }

    fn repository(&self, spec: &RepoSpec) -> Result<Repository, RepositoryError> {
        let url = address(&spec.url).map_err(RepositoryError::Failed)?;
        Self::commit(&url, spec).map(Repository::from)
    }
}

/// `error` and what led to it.
fn with_causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

/// What `text`, an address as `git clone` takes it, stands for: `user@host:path` is ssh.
fn address(text: &str) -> Result<Url, String> {
    let url = match text.split_once(':') {
        Some((host, path))
            if !path.starts_with("//") && !path.starts_with(':') && !host.contains('/') =>
        {
            Url::parse(&format!("ssh://{host}/{}", path.trim_start_matches('/')))
        }
        _ => Url::parse(text),
    };
    let url = url.map_err(|error| format!("'{text}' is no address of a repository: {error}"))?;
    match url.scheme() {
        "http" | "https" | "ssh" => Ok(url),
        scheme => Err(format!(
            "repositories are cloned over http, https and ssh, not '{scheme}'"
        )),
    }
}

/// The ways to read `reference`, the first that exists counts.
fn candidates(reference: Option<&str>) -> Vec<Reference> {
    let name = |name: &str| Reference {
        name: Some(name.to_owned()),
        ..Reference::default()
    };
    match reference {
        None => vec![name("HEAD")],
        Some(hash) if hash.len() == 40 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
            vec![Reference {
                commit: Some(hash.to_ascii_lowercase()),
                ..Reference::default()
            }]
        }
        Some(full) if full == "HEAD" || full.starts_with("refs/") => vec![name(full)],
        Some(short) => vec![
            name(&format!("refs/tags/{short}")),
            name(&format!("refs/heads/{short}")),
        ],
    }
}

fn is_absent(error: &Error) -> bool {
    matches!(error, Error::UnresolvedName(_))
        || matches!(error.failure(), Some(Failure::RefNotFound(_)))
}

/// Of the user for ssh, of the URL otherwise.
fn credentials(url: &Url) -> Result<Auth, String> {
    let mut secret = BTreeMap::new();
    if url.scheme() == "ssh" {
        let home = std::env::var_os("HOME").map(PathBuf::from);
        let directory = home.unwrap_or_default().join(".ssh");
        if let Some(key) = IDENTITIES
            .iter()
            .find_map(|name| fs::read(directory.join(name)).ok())
        {
            secret.insert("identity".to_owned(), key);
        }
        if let Ok(hosts) = fs::read(directory.join("known_hosts")) {
            secret.insert("known_hosts".to_owned(), hosts);
        }
    }
    Auth::from_secret(url, &secret).map_err(|error| match url.scheme() {
        "ssh" => format!("{error} (looked for in ~/.ssh)"),
        _ => error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_git() {
        for (text, url) in [
            (
                "https://example.com/org/repo",
                "https://example.com/org/repo",
            ),
            (
                "git@example.com:org/repo.git",
                "ssh://git@example.com/org/repo.git",
            ),
            (
                "ssh://git@example.com:22/org/repo",
                "ssh://git@example.com:22/org/repo",
            ),
        ] {
            assert_eq!(address(text).expect("an address").as_str(), url);
        }
        for text in [
            "file:///tmp/repo",
            "ext::sh",
            "git://example.com/a",
            "/tmp/repo",
        ] {
            let error = address(text).expect_err(text);
            assert!(!error.is_empty(), "{text}");
        }
    }

    #[test]
    fn a_short_name_is_a_tag_before_a_branch() {
        let names: Vec<_> = candidates(Some("v1"))
            .into_iter()
            .filter_map(|reference| reference.name)
            .collect();
        assert_eq!(names, ["refs/tags/v1", "refs/heads/v1"]);
        let hash = "0123456789abcdef0123456789ABCDEF01234567";
        let commit = candidates(Some(hash)).remove(0).commit;
        assert_eq!(commit, Some(hash.to_ascii_lowercase()));
        assert_eq!(candidates(None).remove(0).name.as_deref(), Some("HEAD"));
    }
}
