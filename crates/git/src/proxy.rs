//! The proxy of a `proxySecretRef`.

use std::collections::BTreeMap;
use std::fmt;

use url::Url;
use windlass_api::Redacted;

/// A proxy to reach the server through.
#[derive(Clone)]
pub struct Proxy {
    /// Where the proxy is: `http`, `https` or `socks5`, without user information.
    pub address: Url,
    /// User to introduce ourselves as.
    pub username: Option<String>,
    /// Password of the user.
    pub password: Option<Redacted<String>>,
}

/// Why a proxy secret cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// There is no `address`.
    #[error("key 'address' is missing")]
    Missing,
    /// The address is too long.
    #[error("key 'address' is longer than 2048 characters")]
    TooLong,
    /// The address is not a URL with a host.
    #[error("failed to parse proxy address: {0}")]
    Address(String),
    /// The address is of a scheme we cannot speak.
    #[error("proxy address has unsupported scheme '{0}', must be one of http, https, socks5")]
    Scheme(String),
    /// A value is not text.
    #[error("key '{0}' is not valid UTF-8")]
    Encoding(&'static str),
}

impl Proxy {
    /// Reads the keys `address`, `username` and `password` of a proxy secret (spec §13.5). A user in
    /// the address is used where the secret has none.
    pub fn from_secret(data: &BTreeMap<String, Vec<u8>>) -> Result<Self, ProxyError> {
        let text = |key: &'static str| match data.get(key) {
            None => Ok(None),
            Some(value) => match std::str::from_utf8(value) {
                Ok("") => Ok(None),
                Ok(text) => Ok(Some(text.to_owned())),
                Err(_) => Err(ProxyError::Encoding(key)),
            },
        };
        let address = text("address")?.ok_or(ProxyError::Missing)?;
        if address.chars().count() > 2048 {
            return Err(ProxyError::TooLong);
        }
        let mut address =
            Url::parse(address.trim()).map_err(|error| ProxyError::Address(error.to_string()))?;
        if !matches!(address.scheme(), "http" | "https" | "socks5") {
            return Err(ProxyError::Scheme(address.scheme().to_owned()));
        }
        if address.host_str().is_none_or(str::is_empty) {
            return Err(ProxyError::Address("missing host".to_owned()));
        }
        let (user, password) = crate::auth::take_user_info(&mut address);
        Ok(Self {
            address,
            username: text("username")?.or(user),
            password: text("password")?.or(password).map(Redacted::new),
        })
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("address", &self.address.as_str())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(pairs: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), v.as_bytes().to_vec()))
            .collect()
    }

    #[test]
    fn the_address_must_be_one_we_can_speak_to() {
        let err = |pairs: &[(&str, &str)]| {
            Proxy::from_secret(&secret(pairs))
                .expect_err("refused")
                .to_string()
        };
        assert_eq!(err(&[]), "key 'address' is missing");
        assert!(err(&[("address", "file:///etc/passwd")]).contains("unsupported scheme 'file'"));
        assert!(err(&[("address", "proxy:3128:x")]).contains("unsupported scheme"));
        assert_eq!(
            err(&[("address", &format!("http://{}", "a".repeat(2048)))]),
            ProxyError::TooLong.to_string()
        );
    }

    #[test]
    fn keys_win_over_the_address() {
        let proxy = Proxy::from_secret(&secret(&[
            ("address", "http://a:b@proxy:3128"),
            ("username", "u"),
        ]))
        .expect("valid");
        assert_eq!(proxy.address.as_str(), "http://proxy:3128/");
        assert_eq!(proxy.username.as_deref(), Some("u"));
        assert_eq!(
            proxy.password.as_ref().map(|p| p.expose().as_str()),
            Some("b")
        );
        assert!(!format!("{proxy:?}").contains("\"b\""));
    }
}
