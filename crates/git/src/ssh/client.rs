//! An ssh connection with `git-upload-pack` running at its other end.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use russh::client::{self, AuthResult, Handle, Handler};
use russh::keys::{Algorithm, HashAlg, PrivateKeyWithHashAlg, PublicKeyOrCertificate};
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Disconnect, Preferred, kex};
use url::Url;

use super::known_hosts::{KnownHosts, Verdict};
use super::tunnel;
use crate::auth::{Auth, percent_decode};
use crate::error::Failure;
use crate::proxy::Proxy;

/// Algorithms an operator restricts connections to; empty lists leave the choice to us.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Algorithms<'a> {
    pub(crate) kex: &'a [String],
    pub(crate) host_key: &'a [String],
}

/// `git-upload-pack` on a server.
pub(crate) struct Session {
    /// Keeps the connection open.
    connection: Handle<HostKeyCheck>,
    pub(crate) input: ChannelWriteHalf<client::Msg>,
    pub(crate) output: ChannelReadHalf,
    /// Path of the repository on the server.
    pub(crate) path: String,
}

impl Session {
    /// Connects, checks the server's key, identifies with the private key of `auth` and starts the
    /// command. Returns once the server has accepted it.
    pub(crate) async fn open(
        url: &Url,
        auth: &Auth,
        proxy: Option<&Proxy>,
        algorithms: Algorithms<'_>,
    ) -> Result<Self, Failure> {
        let host = url
            .host_str()
            .unwrap_or_default()
            .trim_matches(['[', ']'])
            .to_owned();
        let port = url.port().unwrap_or(22);
        let path = repository_path(url)?;
        let key = auth
            .private_key()
            .map_err(|problem| invalid_option(&problem))?;
        let known_hosts = auth
            .known_hosts
            .as_ref()
            .ok_or_else(|| invalid_option("'known_hosts' is required"))?;
        let known_hosts =
            KnownHosts::parse(known_hosts).map_err(|problem| invalid_option(&problem))?;
        let config = client::Config {
            preferred: preferred(&known_hosts, &host, port, algorithms)?,
            // Only against a peer that vanished: the checkout's deadline bounds everything else.
            keepalive_interval: Some(Duration::from_secs(30)),
            nodelay: true,
            ..client::Config::default()
        };
        let stream = tunnel::connect(&host, port, proxy).await?;
        let refused = Arc::new(Mutex::new(None));
        let check = HostKeyCheck {
            known_hosts,
            host,
            port,
            refused: Arc::clone(&refused),
        };
        let handshake = |error: String| match refused.lock().take() {
            Some(verdict) => Failure::Ssh(format!("ssh: handshake failed: {verdict}")),
            None => Failure::Ssh(format!("ssh: handshake failed: {error}")),
        };
        let mut connection = client::connect_stream(Arc::new(config), stream, check)
            .await
            .map_err(|error| handshake(ssh_text(&error)))?;

        // A server that does not say what it takes is an old one, which takes SHA-1 only.
        let hash = if matches!(key.algorithm(), Algorithm::Rsa { .. }) {
            connection
                .best_supported_rsa_hash()
                .await
                .map_err(|error| handshake(ssh_text(&error)))?
                .flatten()
        } else {
            None
        };
        let user = auth.username.clone().unwrap_or_else(|| "git".to_owned());
        let answer = connection
            .authenticate_publickey(user, PrivateKeyWithHashAlg::new(Arc::new(key), hash))
            .await
            .map_err(|error| handshake(ssh_text(&error)))?;
        if !matches!(answer, AuthResult::Success) {
            return Err(handshake(
                "ssh: unable to authenticate, attempted methods [none publickey], no supported methods remain"
                    .to_owned(),
            ));
        }

        let failed = |error: russh::Error| Failure::Ssh(format!("ssh: {}", ssh_text(&error)));
        let channel = connection.channel_open_session().await.map_err(failed)?;
        // Servers that do not accept the variable speak the older protocol, which we understand too.
        channel
            .set_env(false, "GIT_PROTOCOL", "version=2")
            .await
            .map_err(failed)?;
        channel
            .exec(true, format!("git-upload-pack {}", quoted(&path)))
            .await
            .map_err(failed)?;
        let (output, input) = channel.split();
        Ok(Self {
            connection,
            input,
            output,
            path,
        })
    }

    /// Says goodbye; the connection is gone either way.
    pub(crate) async fn close(&self) {
        let _ = self
            .connection
            .disconnect(Disconnect::ByApplication, "", "en")
            .await;
    }

    /// The next output of the command; `None` at its end. What it says to its error output is added to
    /// `complaints`, shortened.
    pub(crate) async fn read(&mut self, complaints: &mut String) -> Option<bytes::Bytes> {
        loop {
            match self.output.wait().await? {
                ChannelMsg::Data { data } => return Some(data),
                ChannelMsg::ExtendedData { data, .. } if complaints.len() < 1024 => {
                    complaints.push_str(&String::from_utf8_lossy(&data));
                }
                ChannelMsg::Failure => {
                    complaints.push_str("the server refused to run git-upload-pack");
                }
                // The exit status may follow the end of the output, but nobody asks for it.
                ChannelMsg::Close => return None,
                _ => {}
            }
        }
    }
}

fn invalid_option(problem: &str) -> Failure {
    Failure::Settings(format!("invalid 'ssh' auth option: {problem}"))
}

/// What an ssh error means, without the library's own prefix.
fn ssh_text(error: &russh::Error) -> String {
    match error {
        russh::Error::NoCommonAlgo { kind, ours, theirs } => format!(
            "ssh: no common algorithm for {kind:?}; client offered: {ours:?}, server offered: {theirs:?}"
        ),
        russh::Error::Disconnect | russh::Error::HUP => "EOF".to_owned(),
        russh::Error::IO(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            "EOF".to_owned()
        }
        other => crate::error::tame(&other.to_string()),
    }
}

/// Nothing that rests on SHA-1, CBC or DSA. The library itself would, at last, take an RSA key's signature
/// over SHA-1; who has a server that makes no other can say so by a flag.
fn strong() -> Preferred {
    let mut preferred = Preferred::DEFAULT;
    preferred
        .key
        .to_mut()
        .retain(|key| *key != Algorithm::Rsa { hash: None });
    preferred
}

/// What the server is asked for, in our order.
fn preferred(
    known_hosts: &KnownHosts,
    host: &str,
    port: u16,
    algorithms: Algorithms<'_>,
) -> Result<Preferred, Failure> {
    let mut preferred = strong();
    if !algorithms.kex.is_empty() {
        let mut names = Vec::new();
        for name in algorithms.kex {
            let known = kex::Name::try_from(name.as_str());
            names.push(known.map_err(|()| {
                Failure::Settings(format!("unknown ssh key exchange algorithm '{name}'"))
            })?);
        }
        // Not algorithms but announcements: without them there is no protection against truncation
        // (CVE-2023-48795) and no RSA signature stronger than SHA-1.
        names.extend([
            kex::EXTENSION_SUPPORT_AS_CLIENT,
            kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT,
        ]);
        preferred.kex = Cow::Owned(names);
    }
    if algorithms.host_key.is_empty() {
        let known = known_hosts.algorithms(host, port);
        let same_kind = |a: &Algorithm| match a {
            Algorithm::Rsa { .. } => known.iter().any(|k| matches!(k, Algorithm::Rsa { .. })),
            other => known.contains(other),
        };
        if !known.is_empty() {
            preferred.key = preferred
                .key
                .iter()
                .filter(|a| same_kind(a))
                .cloned()
                .collect();
        }
    } else {
        let mut names = Vec::new();
        for name in algorithms.host_key {
            names.push(match name.as_str() {
                "rsa-sha2-512" => Algorithm::Rsa {
                    hash: Some(HashAlg::Sha512),
                },
                "rsa-sha2-256" => Algorithm::Rsa {
                    hash: Some(HashAlg::Sha256),
                },
                other => match other.parse() {
                    Ok(algorithm) if !matches!(algorithm, Algorithm::Other(_)) => algorithm,
                    _ => {
                        return Err(Failure::Settings(format!(
                            "unknown ssh host key algorithm '{name}'"
                        )));
                    }
                },
            });
        }
        preferred.key = Cow::Owned(names);
    }
    Ok(preferred)
}

/// The path as the server is to see it. `/~user/x` is relative to a home directory.
fn repository_path(url: &Url) -> Result<String, Failure> {
    let path = percent_decode(url.path()).unwrap_or_default();
    let path = if path.starts_with("/~") {
        &path[1..]
    } else {
        &path
    };
    if path.trim_matches('/').is_empty() || path.chars().any(char::is_control) {
        return Err(Failure::Settings(
            "URL has no usable repository path".to_owned(),
        ));
    }
    Ok(path.to_owned())
}

/// `path` as one word of a shell at the other end.
fn quoted(path: &str) -> String {
    format!("'{}'", path.replace('\'', r"'\''").replace('!', r"'\!'"))
}

/// Accepts the keys that are on file.
struct HostKeyCheck {
    known_hosts: KnownHosts,
    host: String,
    port: u16,
    refused: Arc<Mutex<Option<Verdict>>>,
}

impl Handler for HostKeyCheck {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        key: &PublicKeyOrCertificate,
    ) -> Result<bool, Self::Error> {
        let verdict = match key {
            PublicKeyOrCertificate::PublicKey { key, .. } => {
                self.known_hosts.check(&self.host, self.port, key)
            }
            PublicKeyOrCertificate::Certificate(_) => Err(Verdict::Certificate),
        };
        if let Err(verdict) = verdict {
            *self.refused.lock() = Some(verdict);
        }
        Ok(verdict.is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_one_word_for_the_shell_at_the_other_end() {
        let path = |url: &str| repository_path(&Url::parse(url).expect("a URL"));
        assert_eq!(
            path("ssh://git@h/org/repo.git").expect("usable"),
            "/org/repo.git"
        );
        assert_eq!(path("ssh://git@h/~me/repo").expect("usable"), "~me/repo");
        assert_eq!(
            quoted(&path("ssh://h/a'b;%24(x)!").expect("usable")),
            r"'/a'\''b;$(x)'\!''"
        );
        assert!(path("ssh://h/a%0Ab").is_err());
        assert!(path("ssh://h/").is_err());
    }

    #[test]
    fn only_kinds_of_keys_on_file_are_asked_for() {
        let known = KnownHosts::parse(
            b"h ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
        )
        .expect("readable");
        let none = Algorithms {
            kex: &[],
            host_key: &[],
        };
        let keys = preferred(&known, "h", 22, none).expect("usable").key;
        assert_eq!(keys.as_ref(), [Algorithm::Ed25519]);
        assert!(
            preferred(&known, "other", 22, none)
                .expect("usable")
                .key
                .len()
                > 3
        );

        let (kex, host_key) = (
            vec!["curve25519-sha256".to_owned()],
            vec!["rsa-sha2-256".to_owned()],
        );
        let chosen = preferred(
            &known,
            "h",
            22,
            Algorithms {
                kex: &kex,
                host_key: &host_key,
            },
        )
        .expect("usable");
        assert_eq!(
            chosen.key.as_ref(),
            [Algorithm::Rsa {
                hash: Some(HashAlg::Sha256)
            }]
        );
        assert!(
            chosen
                .kex
                .contains(&kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT)
        );
        let unknown = vec!["rot13".to_owned()];
        assert!(
            preferred(
                &known,
                "h",
                22,
                Algorithms {
                    kex: &unknown,
                    host_key: &[]
                }
            )
            .is_err()
        );
        assert!(
            preferred(
                &known,
                "h",
                22,
                Algorithms {
                    kex: &[],
                    host_key: &unknown
                }
            )
            .is_err()
        );
    }
}
