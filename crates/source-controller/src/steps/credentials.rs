//! Where the repository is and how it is reached.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use url::Url;
use windlass_api::{
    meta::{condition, reason},
    source::GitProvider,
};
use windlass_git::{Auth, Proxy};
use windlass_runtime::outcome::StepError;

use super::{failed, stalled};
use crate::{context::Context, status::Attempt};

/// The key that marks a secret as one of a GitHub App.
const GITHUB_APP_ID: &str = "githubAppID";

/// How to reach the repository.
pub(crate) struct Access {
    pub(crate) url: Url,
    pub(crate) auth: Auth,
    pub(crate) proxy: Option<Proxy>,
}

/// Refuses what is not built yet. To go on without it would publish what nobody verified, or with
/// another identity than the one asked for.
pub(crate) fn refuse_unsupported(attempt: &Attempt) -> Result<(), StepError> {
    let spec = attempt.spec();
    if spec.verify.is_some() {
        return Err(stalled(
            condition::SOURCE_VERIFIED,
            reason::VERIFICATION_ERROR,
            "signature verification is not supported yet: remove spec.verify",
        ));
    }
    let provider = spec.provider.unwrap_or_default();
    if provider != GitProvider::Generic {
        return Err(stalled(
            condition::FETCH_FAILED,
            reason::INVALID_PROVIDER_CONFIGURATION,
            format!(
                "provider '{}' is not supported yet, only 'generic' is",
                format!("{provider:?}").to_lowercase()
            ),
        ));
    }
    // The API only takes it together with a provider, but the schema may have been bypassed.
    if spec
        .service_account_name
        .as_ref()
        .is_some_and(|name| !name.is_empty())
    {
        return Err(stalled(
            condition::FETCH_FAILED,
            reason::INVALID_PROVIDER_CONFIGURATION,
            "spec.serviceAccountName is not supported yet",
        ));
    }
    Ok(())
}

/// Reads URL, proxy and credentials (Flux: spec §7.1, §13.1, §13.5).
pub(crate) async fn resolve(context: &Context, attempt: &Attempt) -> Result<Access, StepError> {
    let spec = attempt.spec();
    let proxy = match &spec.proxy_secret_ref {
        None => None,
        Some(reference) => Some(
            read_secret(context, attempt, &reference.name)
                .await
                .and_then(|data| Proxy::from_secret(&data).map_err(|error| error.to_string()))
                .map_err(|error| {
                    unauthenticated(format!("failed to configure proxy options: {error}"))
                })?,
        ),
    };
    let url = parse_url(&spec.url)?;
    let data = match &spec.secret_ref {
        None => BTreeMap::new(),
        Some(reference) => {
            let name = &reference.name;
            let data = read_secret(context, attempt, name).await.map_err(|error| {
                let id = format!("{}/{name}", attempt.namespace());
                unauthenticated(format!("failed to get secret '{id}': {error}"))
            })?;
            if data.contains_key(GITHUB_APP_ID) {
                return Err(failed(
                    condition::FETCH_FAILED,
                    reason::INVALID_PROVIDER_CONFIGURATION,
                    format!(
                        "secretRef '{}/{name}' has github app data but provider is not set to github",
                        attempt.namespace()
                    ),
                ));
            }
            data
        }
    };
    let auth = Auth::from_secret(&url, &data).map_err(|error| {
        unauthenticated(format!(
            "failed to configure authentication options: {error}"
        ))
    })?;
    Ok(Access { url, auth, proxy })
}

/// The address without its credentials is what may be shown of it.
fn parse_url(text: &str) -> Result<Url, StepError> {
    Url::parse(text).map_err(|error| {
        // What does not parse cannot be told apart from a password: all before an `@` goes, and a
        // query, which may be a token.
        let shown = match (text.rsplit_once('@'), text.split_once(['?', '#'])) {
            (Some(_), Some(_)) => "***".to_owned(),
            (Some((_, rest)), None) => format!("***@{rest}"),
            (None, Some((address, _))) => format!("{address}?***"),
            (None, None) => text.to_owned(),
        };
        stalled(
            condition::FETCH_FAILED,
            reason::URL_INVALID,
            format!("failed to parse url '{shown}': {error}"),
        )
    })
}

fn unauthenticated(message: String) -> StepError {
    failed(
        condition::FETCH_FAILED,
        reason::AUTHENTICATION_FAILED,
        message,
    )
}

async fn read_secret(
    context: &Context,
    attempt: &Attempt,
    name: &str,
) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let namespace = attempt.namespace();
    let secrets = Api::<Secret>::namespaced(context.client.clone(), namespace);
    let secret = secrets.get(name).await.map_err(|error| {
        let why = match error {
            kube::Error::Api(answer) => answer.message,
            error => error.to_string(),
        };
        format!("failed to get secret '{namespace}/{name}': {why}")
    })?;
    Ok(secret
        .data
        .unwrap_or_default()
        .into_iter()
        .map(|(key, value)| (key, value.0))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_does_not_parse_stalls_without_showing_a_password() {
        let error = parse_url("https://me:hunter2@[broken/repo").unwrap_err();
        assert!(matches!(error, StepError::Stalled(_)));
        let message = &error.failure().message;
        assert!(
            message.starts_with("failed to parse url '***@[broken/repo': "),
            "{message}"
        );
        for url in [
            "https://[broken/repo?sig=hunter2",
            "https://me:a?hunter2@[broken/repo",
            "https://[broken/repo?sig=x@hunter2",
        ] {
            let error = parse_url(url).unwrap_err();
            assert!(!error.failure().message.contains("hunter2"), "{url}");
        }
    }
}
