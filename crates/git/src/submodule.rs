//! Submodules: where they come from, and which credentials go there.

use gix::bstr::ByteSlice;
use gix::config::File;
use url::Url;

use crate::auth::{Auth, take_user_info};
use crate::error::{Failure, tame};

/// Largest `.gitmodules` we read.
pub(crate) const MAX_GITMODULES: u64 = 1 << 20;
/// How deep submodules may hold submodules, as Flux has it; deeper ones stay empty directories.
pub(crate) const MAX_DEPTH: usize = 10;

/// One entry of `.gitmodules`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) path: String,
    pub(crate) url: String,
}

/// Reads a `.gitmodules` file. Only paths and URLs count: commands in it are never looked at.
pub(crate) fn parse(text: &[u8]) -> Result<Vec<Entry>, Failure> {
    let unreadable =
        |error: String| Failure::Protocol(format!("failed to read .gitmodules: {}", tame(&error)));
    let file = File::from_bytes_no_includes(
        text,
        gix::config::file::Metadata::api(),
        gix::config::file::init::Options::default(),
    )
    .map_err(|error| unreadable(error.to_string()))?;
    let mut entries = Vec::new();
    for section in file.sections_by_name("submodule").into_iter().flatten() {
        let value = |key: &str| {
            section
                .value(key)
                .and_then(|value| value.to_str().ok().map(str::to_owned))
        };
        if let (Some(path), Some(url)) = (value("path"), value("url")) {
            entries.push(Entry {
                path: path.trim_end_matches('/').to_owned(),
                url,
            });
        }
    }
    Ok(entries)
}

/// The URL of a submodule, which may be relative to that of its repository or of the form
/// `user@host:path`. Only http, https and ssh lead anywhere.
pub(crate) fn resolve(parent: &Url, url: &str) -> Result<Url, Failure> {
    let refuse = || Failure::Settings(format!("unsupported URL '{}'", tame(&without_user(url))));
    if url.chars().any(char::is_control) {
        return Err(refuse());
    }
    let resolved = if url.starts_with("./") || url.starts_with("../") {
        let mut segments: Vec<&str> = parent.path().trim_matches('/').split('/').collect();
        for part in url.split('/') {
            match part {
                "." | "" => {}
                ".." => {
                    segments.pop().ok_or_else(refuse)?;
                }
                name => segments.push(name),
            }
        }
        let mut resolved = parent.clone();
        resolved.set_path(&format!("/{}", segments.join("/")));
        resolved
    } else if let Some((host, path)) = url.split_once(':').filter(|(host, path)| {
        !path.starts_with("//") && !path.starts_with(':') && !host.contains('/') && !host.is_empty()
    }) {
        Url::parse(&format!("ssh://{host}/{}", path.trim_start_matches('/')))
            .map_err(|_| refuse())?
    } else {
        Url::parse(url).map_err(|_| refuse())?
    };
    if matches!(resolved.scheme(), "http" | "https" | "ssh")
        && resolved.host_str().is_some_and(|h| !h.is_empty())
    {
        Ok(resolved)
    } else {
        Err(refuse())
    }
}

/// Credentials for a submodule. Those of the repository are for its own server; a repository that could
/// send them elsewhere by a line in `.gitmodules` would be a way to steal them. Another server sees
/// what its URL holds, and is trusted through the same authorities.
pub(crate) fn credentials(auth: &Auth, own: &Url, url: &mut Url) -> Auth {
    let (user, password) = take_user_info(url);
    let same = own.scheme() == url.scheme()
        && own.host_str() == url.host_str()
        && own.port_or_known_default() == url.port_or_known_default();
    if same {
        return auth.clone();
    }
    Auth {
        username: user,
        password: password.map(Into::into),
        ca: auth.ca.clone(),
        ..Auth::default()
    }
}

/// `url` with whatever stands before an `@` gone, for URLs too broken to be taken apart.
fn without_user(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((before, host)) => {
            let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
            if scheme.is_empty() {
                host.to_owned()
            } else {
                format!("{scheme}://{host}")
            }
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_relative_to_the_repository() {
        let parent = Url::parse("https://git.example.com/org/app.git").expect("a URL");
        let resolved = |url: &str| resolve(&parent, url).map(String::from);
        assert_eq!(
            resolved("../lib.git").expect("usable"),
            "https://git.example.com/org/lib.git"
        );
        assert_eq!(
            resolved("../../other/lib").expect("usable"),
            "https://git.example.com/other/lib"
        );
        assert_eq!(
            resolved("./nested").expect("usable"),
            "https://git.example.com/org/app.git/nested"
        );
        assert_eq!(
            resolved("git@host:org/lib.git").expect("usable"),
            "ssh://git@host/org/lib.git"
        );
        assert_eq!(
            resolved("https://else.where/x").expect("usable"),
            "https://else.where/x"
        );
    }

    #[test]
    fn only_network_urls_lead_anywhere() {
        let parent = Url::parse("https://git.example.com/app").expect("a URL");
        for url in [
            "file:///etc",
            "/etc/passwd",
            "ext::sh -c id",
            "../../../x",
            "git://host/x",
            "-u./x",
            "a\nb",
            "-oProxyCommand=x",
        ] {
            assert!(resolve(&parent, url).is_err(), "{url}");
        }
        let text = resolve(&parent, "git://user:hunter2@host/x")
            .expect_err("refused")
            .to_string();
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn credentials_stay_with_their_server() {
        let auth = Auth {
            username: Some("u".into()),
            bearer_token: Some("secret".to_owned().into()),
            identity: Some(b"key".to_vec().into()),
            client_cert: Some((b"c".to_vec(), b"k".to_vec().into())),
            ca: Some(b"ca".to_vec()),
            ..Auth::default()
        };
        let own = Url::parse("https://git.example.com/app").expect("a URL");
        let to = |url: &str| credentials(&auth, &own, &mut Url::parse(url).expect("a URL"));
        assert!(to("https://git.example.com:443/lib").bearer_token.is_some());
        for other in [
            "https://evil.example.com/lib",
            "http://git.example.com/lib",
            "https://git.example.com:8443/l",
            "ssh://git.example.com/l",
        ] {
            let given = to(other);
            assert!(
                given.bearer_token.is_none() && given.identity.is_none(),
                "{other}"
            );
            assert!(
                given.client_cert.is_none() && given.username.is_none() && given.ca.is_some(),
                "{other}"
            );
        }
        assert_eq!(
            to("https://me:pw@evil.example.com/lib").username.as_deref(),
            Some("me")
        );
    }

    #[test]
    fn gitmodules_yield_paths_and_urls() {
        let text = b"[submodule \"lib\"]\n\tpath = vendor/lib/\n\turl = ../lib.git\n\tupdate = !rm -rf /\n[submodule \"x\"]\n\tpath = x\n";
        let expected = Entry {
            path: "vendor/lib".into(),
            url: "../lib.git".into(),
        };
        assert_eq!(parse(text).expect("readable"), [expected]);
    }
}
