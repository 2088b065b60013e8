//! Credentials of a repository, read from a secret.

use std::collections::BTreeMap;

use base64::Engine as _;
use russh::keys::{self, PrivateKey};
use url::Url;
use windlass_api::Redacted;

/// What to identify ourselves with, and whom to trust. The default is anonymous and trusts the
/// system's certificate authorities.
#[derive(Debug, Clone, Default)]
pub struct Auth {
    /// User of basic authentication, or of the ssh connection.
    pub username: Option<String>,
    /// Password of basic authentication.
    pub password: Option<Redacted<String>>,
    /// Token for `Authorization: Bearer`; wins over a user and password.
    pub bearer_token: Option<Redacted<String>>,
    /// PEM certificates of authorities trusted in addition to the system's.
    pub ca: Option<Vec<u8>>,
    /// PEM certificate chain and private key to present to the server.
    pub client_cert: Option<(Vec<u8>, Redacted<Vec<u8>>)>,
    /// Private key of the ssh connection: OpenSSH, PKCS#1, SEC1 or PKCS#8.
    pub identity: Option<Redacted<Vec<u8>>>,
    /// Passphrase of the private key.
    pub identity_password: Option<Redacted<String>>,
    /// Host keys to accept, as in an OpenSSH `known_hosts` file.
    pub known_hosts: Option<Vec<u8>>,
}

/// Why the data of a secret cannot be used for a URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// The URL is of a scheme that is not one of http, https and ssh.
    #[error("unknown transport '{0}'")]
    UnknownTransport(String),
    /// A key is missing or may not be there.
    #[error("invalid '{transport}' auth option: {problem}")]
    Option {
        /// Scheme of the URL.
        transport: String,
        /// What is wrong, naming the key.
        problem: String,
    },
    /// One of certificate and key is missing.
    #[error("invalid TLS auth option: '{0}' requires '{1}' to be set")]
    Tls(&'static str, &'static str),
}

impl Auth {
    /// Reads the keys of a Git secret (spec §13.1) for `url`: `username`, `password`, `bearerToken`,
    /// `ca.crt`, `tls.crt`, `tls.key` (and the legacy `caFile`, `certFile`, `keyFile`), `identity`,
    /// `known_hosts`. Missing user and password are taken from the URL. Empty data is anonymous, which
    /// ssh does not accept.
    pub fn from_secret(url: &Url, data: &BTreeMap<String, Vec<u8>>) -> Result<Self, AuthError> {
        let transport = url.scheme();
        if !matches!(transport, "http" | "https" | "ssh") {
            return Err(AuthError::UnknownTransport(transport.to_owned()));
        }
        let problem = |problem: String| AuthError::Option {
            transport: transport.to_owned(),
            problem,
        };
        let bytes = |keys: &[&str]| {
            keys.iter()
                .find_map(|k| data.get(*k).filter(|v| !v.is_empty()).cloned())
        };
        let text = |key: &str| match data.get(key).filter(|v| !v.is_empty()) {
            None => Ok(None),
            Some(value) => match String::from_utf8(value.clone()) {
                Ok(text) => Ok(Some(text)),
                Err(_) => Err(problem(format!("'{key}' is not valid UTF-8"))),
            },
        };
        let (user, secret) = take_user_info(&mut url.clone());
        let username = text("username")?.or(user);
        let password = text("password")?.or(secret);

        if transport == "ssh" {
            if url.host_str().is_none_or(str::is_empty) {
                return Err(problem("'host' is required".to_owned()));
            }
            let identity =
                bytes(&["identity"]).ok_or_else(|| problem("'identity' is required".to_owned()))?;
            let known_hosts = bytes(&["known_hosts"])
                .ok_or_else(|| problem("'known_hosts' is required".to_owned()))?;
            let auth = Self {
                username: Some(username.unwrap_or_else(|| "git".to_owned())),
                identity: Some(Redacted::new(identity)),
                identity_password: password.map(Redacted::new),
                known_hosts: Some(known_hosts),
                ..Self::default()
            };
            auth.private_key().map_err(problem)?;
            return Ok(auth);
        }

        let bearer_token = text("bearerToken")?;
        if bearer_token.is_some() && (text("username")?.is_some() || text("password")?.is_some()) {
            return Err(problem(
                "'bearerToken' cannot be set together with 'username' and 'password'".to_owned(),
            ));
        }
        if username.is_none() && password.is_some() {
            return Err(problem(
                "'password' requires 'username' to be set".to_owned(),
            ));
        }
        let (cert, key) = (
            bytes(&["tls.crt", "certFile"]),
            bytes(&["tls.key", "keyFile"]),
        );
        if let Some(legacy) = ["certFile", "keyFile", "caFile"]
            .iter()
            .find(|k| data.contains_key(**k))
        {
            tracing::warn!(
                key = legacy,
                "secret uses a deprecated key, use tls.crt, tls.key and ca.crt"
            );
        }
        let client_cert = match (cert, key) {
            (Some(cert), Some(key)) => Some((cert, Redacted::new(key))),
            (None, None) => None,
            (Some(_), None) => return Err(AuthError::Tls("tls.crt", "tls.key")),
            (None, Some(_)) => return Err(AuthError::Tls("tls.key", "tls.crt")),
        };
        Ok(Self {
            username,
            password: password.map(Redacted::new),
            bearer_token: bearer_token.map(Redacted::new),
            ca: bytes(&["ca.crt", "caFile"]),
            client_cert,
            ..Self::default()
        })
    }

    /// `text` without the password and the token, also as they stand in a request: a server may echo
    /// what it was sent, and what it says ends up in a status.
    pub fn mask(&self, text: &str) -> String {
        let password = self.password.as_ref().map(|p| p.expose().as_str());
        let user = self.username.as_deref().unwrap_or_default();
        let sent = password.map(|password| {
            base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"))
        });
        let token = self.bearer_token.as_ref().map(|t| t.expose().as_str());
        let passphrase = self.identity_password.as_ref().map(|p| p.expose().as_str());
        let mut masked = text.to_owned();
        for secret in [sent.as_deref(), password, token, passphrase] {
            if let Some(secret) = secret.filter(|secret| !secret.is_empty())
                && masked.contains(secret)
            {
                masked = masked.replace(secret, "***");
            }
        }
        masked
    }

    /// The private key in the clear. The error names the key of the secret and never shows its value.
    pub(crate) fn private_key(&self) -> Result<PrivateKey, String> {
        let identity = self
            .identity
            .as_ref()
            .ok_or_else(|| "'identity' is required".to_owned())?;
        let pem = std::str::from_utf8(identity.expose())
            .map_err(|_| "'identity' is not a private key".to_owned())?;
        let passphrase = self.identity_password.as_ref().map(|p| p.expose().as_str());
        match keys::decode_secret_key(pem, passphrase) {
            Ok(key) => Ok(key),
            // A password that the key does not need is ignored, as Flux does.
            Err(_) if passphrase.is_some() && keys::decode_secret_key(pem, None).is_ok() => {
                keys::decode_secret_key(pem, None).map_err(|error| error.to_string())
            }
            Err(keys::Error::KeyIsEncrypted) => Err(
                "'identity' is a passphrase protected private key, 'password' is required"
                    .to_owned(),
            ),
            Err(_) if passphrase.is_some() && pem.contains("-----BEGIN") => {
                Err("'identity' cannot be decrypted with 'password'".to_owned())
            }
            Err(_) => Err("'identity' is not a private key".to_owned()),
        }
    }
}

/// Removes user and password from `url` and returns them decoded, empty ones as `None`.
pub(crate) fn take_user_info(url: &mut Url) -> (Option<String>, Option<String>) {
    let decode = |text: &str| percent_decode(text).filter(|text| !text.is_empty());
    let info = (decode(url.username()), url.password().and_then(decode));
    // Neither can fail for a URL that had them: only URLs without a host refuse.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    info
}

/// Decodes `%xx`; `None` when the result is not text.
pub(crate) fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = |b: u8| {
            char::from(b)
                .to_digit(16)
                .and_then(|d| u8::try_from(d).ok())
        };
        match (first, tail) {
            (b'%', [high, low, tail @ ..]) if hex(*high).is_some() && hex(*low).is_some() => {
                bytes.push(hex(*high)? << 4 | hex(*low)?);
                rest = tail;
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

/// `url` as it may be shown: without user information, query and fragment, either of which can hold
/// a token.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    take_user_info(&mut url);
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_information_is_taken_out_decoded() {
        let mut url = Url::parse("https://us%40er:p%25w@git.example.com/app").expect("a URL");
        let info = take_user_info(&mut url);
        assert_eq!(info, (Some("us@er".to_owned()), Some("p%w".to_owned())));
        assert_eq!(url.as_str(), "https://git.example.com/app");
        assert_eq!(take_user_info(&mut url), (None, None));
    }

    #[test]
    fn what_a_server_echoes_is_masked() {
        let auth = Auth {
            username: Some("me".to_owned()),
            password: Some("hunter2".to_owned().into()),
            ..Auth::default()
        };
        assert_eq!(
            auth.mask("denied: Basic bWU6aHVudGVyMg== is me:hunter2"),
            "denied: Basic *** is me:***"
        );
        assert_eq!(Auth::default().mask("as it is"), "as it is");
    }

    #[test]
    fn percent_signs_that_encode_nothing_stay() {
        assert_eq!(percent_decode("a%2Fb%zz%4").as_deref(), Some("a/b%zz%4"));
        assert_eq!(percent_decode("%ff"), None);
    }

    #[test]
    fn a_token_is_sent_whatever_user_the_url_names() {
        let url = Url::parse("https://me@dev.example.com/app").expect("a URL");
        let data = BTreeMap::from([("bearerToken".to_owned(), b"t".to_vec())]);
        let auth = Auth::from_secret(&url, &data).expect("usable");
        assert!(auth.bearer_token.is_some());
        assert!(!format!("{auth:?}").contains("\"t\""));
    }
}
