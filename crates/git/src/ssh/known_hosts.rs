//! Which host keys a `known_hosts` text accepts.

use base64::Engine as _;
use russh::keys::{Algorithm, PublicKey};
use sha1::{Digest, Sha1};

/// A parsed `known_hosts` text.
#[derive(Debug, Default)]
pub(crate) struct KnownHosts {
    lines: Vec<Line>,
    /// Keys that no host may use, whatever the hosts on their line are.
    revoked: Vec<PublicKey>,
}

#[derive(Debug)]
struct Line {
    hosts: Hosts,
    key: PublicKey,
}

#[derive(Debug)]
enum Hosts {
    Patterns(Vec<String>),
    Hashed { salt: Vec<u8>, hash: Vec<u8> },
}

/// What a `known_hosts` text says about a key of a host, worded as users of Flux know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Verdict {
    #[error("knownhosts: key is unknown")]
    Unknown,
    #[error("knownhosts: key mismatch")]
    Mismatch,
    #[error("knownhosts: key is revoked")]
    Revoked,
    #[error("knownhosts: host certificates are not supported")]
    Certificate,
}

impl KnownHosts {
    /// Reads the text. Lines with keys of a kind unknown to us are skipped, they can accept nothing;
    /// a marked line that cannot be read is an error, because it was meant to refuse something.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, String> {
        let text =
            std::str::from_utf8(text).map_err(|_| "'known_hosts' is not valid UTF-8".to_owned())?;
        let mut known = Self::default();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut fields = line.split_whitespace();
            let first = fields.next().unwrap_or_default();
            let marker = first.strip_prefix('@');
            let hosts = if marker.is_some() {
                fields.next()
            } else {
                Some(first)
            };
            let key = fields
                .next()
                .zip(fields.next())
                .and_then(|(kind, key)| PublicKey::from_openssh(&format!("{kind} {key}")).ok());
            match (marker, hosts, key) {
                (None, Some(hosts), Some(key)) => {
                    if let Some(hosts) = Hosts::parse(hosts) {
                        known.lines.push(Line { hosts, key });
                    }
                }
                (Some("revoked"), Some(_), Some(key)) => known.revoked.push(key),
                // An authority vouches for certificates only, which we do not ask servers for; its key
                // must not pass as a host key.
                (Some("cert-authority"), _, _) | (None, _, None) => {}
                _ => return Err(format!("'known_hosts' line {} cannot be read", number + 1)),
            }
        }
        Ok(known)
    }

    /// Whether `key` is one of those that `host` at `port` may present.
    pub(crate) fn check(&self, host: &str, port: u16, key: &PublicKey) -> Result<(), Verdict> {
        if self
            .revoked
            .iter()
            .any(|revoked| revoked.key_data() == key.key_data())
        {
            return Err(Verdict::Revoked);
        }
        let mut known = false;
        for line in self
            .lines
            .iter()
            .filter(|line| line.hosts.matches(host, port))
        {
            if line.key.key_data() == key.key_data() {
                return Ok(());
            }
            known = true;
        }
        Err(if known {
            Verdict::Mismatch
        } else {
            Verdict::Unknown
        })
    }

    /// Kinds of the keys known for the host: the server is asked for one of these, or it might choose
    /// a kind that is not on file and look like an impostor.
    pub(crate) fn algorithms(&self, host: &str, port: u16) -> Vec<Algorithm> {
        let mut kinds = Vec::new();
        for line in self
            .lines
            .iter()
            .filter(|line| line.hosts.matches(host, port))
        {
            let kind = line.key.algorithm();
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        kinds
    }
}

impl Hosts {
    fn parse(text: &str) -> Option<Self> {
        let Some(hashed) = text.strip_prefix("|1|") else {
            return Some(Self::Patterns(
                text.split(',')
                    .filter(|p| !p.is_empty())
                    .map(str::to_lowercase)
                    .collect(),
            ));
        };
        let (salt, hash) = hashed.split_once('|')?;
        let base64 = &base64::engine::general_purpose::STANDARD;
        Some(Self::Hashed {
            salt: base64.decode(salt).ok()?,
            hash: base64.decode(hash).ok()?,
        })
    }

    fn matches(&self, host: &str, port: u16) -> bool {
        let host = host.to_lowercase();
        match self {
            Self::Hashed { salt, hash } => {
                let name = if port == 22 {
                    host
                } else {
                    format!("[{host}]:{port}")
                };
                hmac_sha1(salt, name.as_bytes()) == hash.as_slice()
            }
            Self::Patterns(patterns) => {
                let mut found = false;
                for pattern in patterns {
                    let (negated, pattern) = match pattern.strip_prefix('!') {
                        Some(pattern) => (true, pattern),
                        None => (false, pattern.as_str()),
                    };
                    let (name, at) = split_port(pattern);
                    if at == port && wildcard(name.as_bytes(), host.as_bytes()) {
                        if negated {
                            return false;
                        }
                        found = true;
                    }
                }
                found
            }
        }
    }
}

/// `[host]:port` in its parts; a name without a port is one at 22.
fn split_port(pattern: &str) -> (&str, u16) {
    pattern
        .strip_prefix('[')
        .and_then(|rest| rest.rsplit_once(']'))
        .map_or((pattern, 22), |(name, port)| match port.strip_prefix(':') {
            Some(port) => (name, port.parse().unwrap_or(0)),
            None => (name, 22),
        })
}

/// Matches `*` and `?`, in time proportional to the product of the lengths.
fn wildcard(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len()
            && (pattern[p] == b'?' || (pattern[p] == text[t] && pattern[p] != b'*'))
        {
            p += 1;
            t += 1;
        } else if p < pattern.len() && pattern[p] == b'*' {
            star = Some((p, t));
            p += 1;
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            p = at + 1;
            t = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|b| *b == b'*')
}

/// RFC 2104 over SHA-1, which is what hashed host names are.
fn hmac_sha1(key: &[u8], message: &[u8]) -> [u8; 20] {
    let mut block = [0_u8; 64];
    if key.len() > block.len() {
        block[..20].copy_from_slice(&Sha1::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha1::new()
        .chain_update(block.map(|b| b ^ 0x36))
        .chain_update(message)
        .finalize();
    Sha1::new()
        .chain_update(block.map(|b| b ^ 0x5c))
        .chain_update(inner)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
    const TWO: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAfuCHKVTjquxvt6CM6tdG4SLp1Btn/nOeHHE5UOzRdf";

    fn check(text: &str, host: &str, port: u16, key: &str) -> Result<(), Verdict> {
        KnownHosts::parse(text.as_bytes()).expect("readable").check(
            host,
            port,
            &PublicKey::from_openssh(key).expect("a key"),
        )
    }

    #[test]
    fn a_key_must_be_on_file_for_the_host_and_port() {
        let text = format!(
            "# comment\n\ngithub.com,140.82.*.? {ONE} a comment\n[git.example.com]:2222\t{TWO}\n"
        );
        assert_eq!(check(&text, "GitHub.com", 22, ONE), Ok(()));
        assert_eq!(check(&text, "140.82.121.4", 22, ONE), Ok(()));
        assert_eq!(check(&text, "github.com", 22, TWO), Err(Verdict::Mismatch));
        assert_eq!(check(&text, "github.com", 2222, ONE), Err(Verdict::Unknown));
        assert_eq!(check(&text, "git.example.com", 2222, TWO), Ok(()));
        assert_eq!(
            check(&text, "git.example.com", 22, TWO),
            Err(Verdict::Unknown)
        );
        assert_eq!(check("", "github.com", 22, ONE), Err(Verdict::Unknown));
    }

    #[test]
    fn a_negated_pattern_excludes_the_host() {
        let text = format!("*.example.com,!bad.example.com {ONE}");
        assert_eq!(check(&text, "good.example.com", 22, ONE), Ok(()));
        assert_eq!(
            check(&text, "bad.example.com", 22, ONE),
            Err(Verdict::Unknown)
        );
        assert_eq!(check(&text, "example.com", 22, ONE), Err(Verdict::Unknown));
    }

    #[test]
    fn a_revoked_key_is_refused_even_where_another_line_accepts_it() {
        let text = format!("a.example.com {ONE}\n@revoked * {ONE}\na.example.com {TWO}");
        assert_eq!(
            check(&text, "a.example.com", 22, ONE),
            Err(Verdict::Revoked)
        );
        assert_eq!(check(&text, "a.example.com", 22, TWO), Ok(()));
    }

    #[test]
    fn the_key_of_an_authority_is_not_a_host_key() {
        assert_eq!(
            check(&format!("@cert-authority * {ONE}"), "a", 22, ONE),
            Err(Verdict::Unknown)
        );
    }

    #[test]
    fn a_marked_line_that_cannot_be_read_is_an_error() {
        for text in ["@revoked * ssh-ed25519 broken", "@revoked", "@other * x y"] {
            assert!(KnownHosts::parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(KnownHosts::parse(b"host ssh-new AAAA").is_ok());
    }

    #[test]
    fn hashed_names_match() {
        // ssh-keygen -H over "git.example.com" and "[git.example.com]:2222".
        let base64 = &base64::engine::general_purpose::STANDARD;
        let line = |name: &str| {
            let salt = b"0123456789abcdefghij";
            format!(
                "|1|{}|{} {ONE}",
                base64.encode(salt),
                base64.encode(hmac_sha1(salt, name.as_bytes()))
            )
        };
        let text = format!(
            "{}\n{}",
            line("git.example.com"),
            line("[other.example.com]:2222")
        );
        assert_eq!(check(&text, "git.example.com", 22, ONE), Ok(()));
        assert_eq!(check(&text, "other.example.com", 2222, ONE), Ok(()));
        assert_eq!(
            check(&text, "other.example.com", 22, ONE),
            Err(Verdict::Unknown)
        );
        // RFC 2202, test case 2.
        let expected: [u8; 4] = [0xef, 0xfc, 0xdf, 0x6a];
        assert_eq!(
            hmac_sha1(b"Jefe", b"what do ya want for nothing?")[..4],
            expected
        );
    }

    #[test]
    fn wildcards_do_not_take_exponential_time() {
        let pattern = "*a".repeat(200);
        assert!(!wildcard(pattern.as_bytes(), "a".repeat(199).as_bytes()));
        assert!(wildcard(b"*.a?c.*", b"x.abc.y"));
    }
}
