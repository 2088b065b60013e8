//! Where artifacts are fetched from when not from the host that they name.

use url::Url;

use crate::fetch::FetchError;

/// Hosts (`host` or `host:port`) that take the place of those in artifact URLs, for controllers that run
/// outside the cluster (kustomize-controller spec §4).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HostOverrides {
    /// For everything but what `source_watcher` is for.
    pub source_controller: Option<String>,
    /// For URLs whose host begins with `source-watcher`.
    pub source_watcher: Option<String>,
}

impl HostOverrides {
    /// From `SOURCE_CONTROLLER_LOCALHOST` and `SOURCE_WATCHER_LOCALHOST`.
    pub fn from_env() -> Self {
        let read = |name| std::env::var(name).ok().filter(|host| !host.is_empty());
        Self {
            source_controller: read("SOURCE_CONTROLLER_LOCALHOST"),
            source_watcher: read("SOURCE_WATCHER_LOCALHOST"),
        }
    }

    /// The address to fetch `url` from.
    pub(crate) fn apply(&self, url: &str) -> Result<Url, FetchError> {
        let parsed = Url::parse(url).map_err(|error| FetchError::Url(error.to_string()))?;
        if !matches!(parsed.scheme(), "http" | "https") || !parsed.has_host() {
            return Err(FetchError::Url("neither http nor https".to_owned()));
        }
        let host = if url.contains("//source-watcher") {
            &self.source_watcher
        } else {
            &self.source_controller
        };
        let Some(host) = host else { return Ok(parsed) };
        let tail = &parsed[url::Position::BeforePath..];
        Url::parse(&format!("{}://{host}{tail}", parsed.scheme()))
            .map_err(|error| FetchError::Url(format!("host {host:?}: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::HostOverrides;

    #[test]
    fn hosts_are_replaced_by_kind_of_source() {
        let overrides = HostOverrides {
            source_controller: Some("localhost:8080".to_owned()),
            source_watcher: Some("127.0.0.1".to_owned()),
        };
        for (url, want) in [
            (
                "http://source-controller.flux-system.svc/a/b?x=1",
                "http://localhost:8080/a/b?x=1",
            ),
            ("https://other:9090/a", "https://localhost:8080/a"),
            (
                "http://source-watcher.flux-system.svc:9090/a",
                "http://127.0.0.1/a",
            ),
        ] {
            assert_eq!(overrides.apply(url).unwrap().as_str(), want);
            let plain = HostOverrides::default().apply(url).unwrap();
            assert_eq!(plain.as_str(), url);
        }
        for bad in ["", "a/b", "file:///etc/passwd", "ftp://host/x"] {
            assert!(HostOverrides::default().apply(bad).is_err(), "{bad:?}");
        }
    }
}
