//! Repositories named as bases: which texts are such names, and what they mean.

use std::time::Duration;

use crate::RepoSpec;

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(27);

/// The repository that a path of a base names; none if it is no such name.
pub(crate) fn parse(name: &str) -> Option<RepoSpec> {
    if name.starts_with('/') {
        return None;
    }
    let (address, query) = name.split_once('?').unwrap_or((name, ""));
    let (host, rest) = host(address)?;
    let whole = host.starts_with("file://");
    let (repository, path) = split_path(&rest, whole)?;
    if repository.is_empty() || leaves(&path) {
        return None;
    }
    let query = Query::parse(query);
    Some(RepoSpec {
        url: format!("{host}{repository}"),
        reference: query.reference,
        path: path.strip_prefix('/').unwrap_or(&path).to_owned(),
        submodules: query.submodules,
        timeout: query.timeout,
    })
}

/// Whether a name has the prefix of another tool, which is ignored.
pub(crate) fn is_forced(name: &str) -> bool {
    without_prefix(name, "git::").is_some()
}

/// Cuts scheme, user and host off. What is no URL needs a user or the well-known host.
fn host(address: &str) -> Option<(String, String)> {
    let address = without_prefix(address, "git::").unwrap_or(address);
    let schemes = ["ssh://", "https://", "http://", "file://"];
    let scheme = schemes
        .into_iter()
        .find(|scheme| without_prefix(address, scheme).is_some())
        .unwrap_or_default();
    let address = &address[scheme.len()..];
    let (user, address) = user(address);
    if scheme == "file://" {
        return Some((scheme.to_owned(), format!("{user}{address}")));
    }
    let lower = address.to_lowercase();
    let github = lower.starts_with("github.com/") || lower.starts_with("github.com:");
    let short = scheme.is_empty() && (!user.is_empty() || github);
    if scheme.is_empty() && !short {
        return None;
    }
    let slash = address.find('/');
    let colon = address.find(':').filter(|&at| short && at > 0);
    let end = match (slash, colon) {
        (Some(slash), Some(colon)) => Some(slash.min(colon)),
        (slash, None) => slash,
        (None, colon) => address.find(':').filter(|_| short).or(colon),
    };
    let (host, rest) = match end {
        Some(end) => (&address[..=end], &address[end + 1..]),
        None => (address, ""),
    };
    let host = match (github, scheme == "ssh://" || !user.is_empty()) {
        (true, true) => format!("{user}github.com:"),
        (true, false) => "https://github.com/".to_owned(),
        (false, _) if host.is_empty() => return None,
        (false, _) => format!("{scheme}{user}{host}"),
    };
    Some((host, rest.to_owned()))
}

fn without_prefix<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix)
        .then(|| &text[prefix.len()..])
}

/// A user in front of `@`.
fn user(address: &str) -> (&str, &str) {
    let Some(at) = address.find('@') else {
        return ("", address);
    };
    let name = &address[..at];
    let fits = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if fits {
        address.split_at(at + 1)
    } else {
        ("", address)
    }
}

/// The repository's path and that of the kustomization in it: cut at a mark, or else after owner
/// and name.
fn split_path(path: &str, whole: bool) -> Option<(String, String)> {
    if let Some(at) = path.find("_git/") {
        let (root, below) = path.split_at(at + "_git/".len());
        let (name, rest) = below.split_once('/').unwrap_or((below, ""));
        return Some((format!("{root}{name}"), rest.to_owned()));
    }
    if let Some((repository, rest)) = path.split_once("//") {
        return Some((repository.to_owned(), rest.to_owned()));
    }
    if let Some(at) = path.find(".git") {
        let (repository, rest) = path.split_at(at + ".git".len());
        return Some((repository.to_owned(), rest.to_owned()));
    }
    if whole {
        return Some((path.to_owned(), String::new()));
    }
    let second = path.match_indices('/').nth(1).map(|(at, _)| at);
    match second {
        Some(at) => Some((path[..at].to_owned(), path[at + 1..].to_owned())),
        None => path.contains('/').then(|| (path.to_owned(), String::new())),
    }
}

/// Whether a path leads out of the repository.
fn leaves(path: &str) -> bool {
    let path = path.strip_prefix('/').unwrap_or(path);
    if path.starts_with('/') {
        // `..` stops at a root.
        return false;
    }
    let mut depth = 0_i64;
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => depth -= 1,
            _ => depth += 1,
        }
        if depth < 0 {
            return true;
        }
    }
    false
}

struct Query {
    reference: Option<String>,
    timeout: Duration,
    submodules: bool,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            reference: None,
            timeout: DEFAULT_TIMEOUT,
            submodules: true,
        }
    }
}

impl Query {
    /// One fault, and nothing of a query counts.
    fn parse(text: &str) -> Self {
        let pairs: Option<Vec<(String, String)>> = text
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                Some((decoded(key)?, decoded(value)?))
            })
            .collect();
        let Some(pairs) = pairs.filter(|_| !text.contains(';')) else {
            return Self::default();
        };
        let get = |name: &str| {
            let found = pairs.iter().find(|(key, _)| key == name);
            found
                .map(|(_, value)| value.clone())
                .filter(|value| !value.is_empty())
        };
        let submodules = get("submodules").map(|value| match value.as_str() {
            "0" | "f" | "F" | "false" | "FALSE" | "False" => false,
            // What is no truth value leaves the default.
            _ => true,
        });
        Self {
            reference: get("ref").or_else(|| get("version")),
            timeout: get("timeout")
                .and_then(|value| duration(&value))
                .unwrap_or(DEFAULT_TIMEOUT),
            submodules: submodules.unwrap_or(true),
        }
    }
}

/// Seconds, or a Go duration such as `1m30s`.
fn duration(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<i64>() {
        let seconds = u64::try_from(seconds).ok().filter(|seconds| *seconds > 0);
        return seconds.map(Duration::from_secs);
    }
    let mut total = Duration::ZERO;
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let length = rest
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(rest.len());
        let unit = match &rest[..length] {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" | "μs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total += Duration::try_from_secs_f64(number * unit).ok()?;
        rest = &rest[length..];
    }
    (total > Duration::ZERO).then_some(total)
}

/// Undoes the escapes of a query; none if one is broken.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, more @ ..] = rest {
        rest = more;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digit = |at: usize| char::from(*more.get(at)?).to_digit(16);
                bytes.push(u8::try_from(digit(0)? * 16 + digit(1)?).ok()?);
                rest = &more[2..];
            }
            byte => bytes.push(*byte),
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_repositories_are_taken_apart() {
        // Name, what to clone, path, reference.
        let table = [
            (
                "https://github.com/o/r//deep/dir?ref=v1",
                "https://github.com/o/r",
                "deep/dir",
                "v1",
            ),
            ("github.com/o/r/dir", "https://github.com/o/r", "dir", ""),
            ("GitHub.com/o/r", "https://github.com/o/r", "", ""),
            (
                "git@github.com:o/r.git/dir",
                "git@github.com:o/r.git",
                "/dir",
                "",
            ),
            (
                "ssh://git@example.com/o/r.git//x?version=2",
                "ssh://git@example.com/o/r.git",
                "x",
                "2",
            ),
            (
                "https://dev.example.com/org/p/_git/repo/a/b",
                "https://dev.example.com/org/p/_git/repo",
                "a/b",
                "",
            ),
            (
                "git::https://example.com/o/r",
                "https://example.com/o/r",
                "",
                "",
            ),
            ("file:///srv/repo", "file:///srv/repo", "", ""),
            ("host@example.com:o/r", "host@example.com:o/r", "", ""),
        ];
        for (name, url, path, reference) in table {
            let spec = parse(name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(spec.url, url, "{name}");
            assert_eq!(spec.path, path.trim_start_matches('/'), "{name}");
            assert_eq!(spec.reference.unwrap_or_default(), reference, "{name}");
        }
        for name in [
            "/a",
            "../base",
            "base",
            "a/b/c",
            "https://example.com",
            "github.com/o/r//../x",
        ] {
            assert_eq!(parse(name), None, "{name}");
        }
        let spec = parse("https://h.org/o/r?timeout=1m30s&submodules=false").unwrap();
        assert_eq!(spec.timeout, Duration::from_secs(90));
        assert!(!spec.submodules);
        let broken = parse("https://h.org/o/r?ref=v1&timeout=%zz&submodules=false").unwrap();
        assert_eq!(broken.reference, None);
        assert_eq!(broken.timeout, DEFAULT_TIMEOUT);
        assert!(broken.submodules);
    }
}
