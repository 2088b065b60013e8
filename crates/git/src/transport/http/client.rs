//! The http client of one checkout.

use std::time::Duration;

use base64::Engine as _;
use parking_lot::Mutex;
use reqwest::header::HeaderValue;
use reqwest::{Certificate, Client, Identity, redirect};
use tokio::runtime::{Handle, Id};
use url::Url;

use super::cause::causes;
use crate::auth::Auth;
use crate::error::Failure;
use crate::proxy::Proxy;

/// A client that trusts, identifies and goes as `auth` and `proxy` say. It follows no redirect by itself.
///
/// Without any of these all checkouts share one: reading the system's certificates costs more than the
/// rest of a poll, and polls of one server can then share a connection. Credentials are no part of it,
/// they go with each request.
pub(super) fn client(auth: &Auth, proxy: Option<&Proxy>) -> Result<Client, Failure> {
    /// Connections belong to the runtime they were opened on.
    static SHARED: Mutex<Option<(Id, Client)>> = Mutex::new(None);
    if auth.ca.is_some() || auth.client_cert.is_some() || proxy.is_some() {
        return build(auth, proxy);
    }
    let runtime = Handle::current().id();
    let mut shared = SHARED.lock();
    if let Some((_, client)) = shared.as_ref().filter(|(id, _)| *id == runtime) {
        return Ok(client.clone());
    }
    let client = build(auth, proxy)?;
    *shared = Some((runtime, client.clone()));
    Ok(client)
}

fn build(auth: &Auth, proxy: Option<&Proxy>) -> Result<Client, Failure> {
    let settings = |what: &str, error: &dyn std::error::Error| {
        Failure::Settings(format!("{what}: {}", causes(error).join(": ")))
    };
    let mut builder = Client::builder()
        .redirect(redirect::Policy::none())
        .referer(false)
        // Short: a connection that something on the way has forgotten would cost a whole checkout.
        .pool_idle_timeout(Duration::from_secs(20))
        .pool_max_idle_per_host(4);
    if let Some(ca) = &auth.ca {
        let certificates = Certificate::from_pem_bundle(ca)
            .map_err(|error| settings("failed to parse CA certificates", &error))?;
        if certificates.is_empty() {
            return Err(Failure::Settings(
                "failed to parse CA certificates: no certificate found".to_owned(),
            ));
        }
        builder = builder.tls_certs_merge(certificates);
    }
    if let Some((chain, key)) = &auth.client_cert {
        let mut pem = chain.clone();
        pem.push(b'\n');
        pem.extend_from_slice(key.expose());
        let identity = Identity::from_pem(&pem)
            .map_err(|error| settings("failed to parse client certificate", &error))?;
        builder = builder.identity(identity);
    }
    if let Some(proxy) = proxy {
        let mut address = proxy.address.clone();
        let basic = proxy
            .username
            .as_deref()
            .zip(proxy.password.as_ref())
            .map(|(u, p)| (u, p.expose().as_str()));
        if address.scheme() == "socks5" {
            // Names are resolved by the proxy: behind one the local resolver often knows none.
            let mut url = format!("socks5h://{}", address.host_str().unwrap_or_default());
            if let Some(port) = address.port() {
                url = format!("{url}:{port}");
            }
            address =
                Url::parse(&url).map_err(|error| settings("invalid proxy address", &error))?;
            if let Some((user, password)) = basic {
                let _ = address.set_username(user);
                let _ = address.set_password(Some(password));
            }
        }
        let mut through = reqwest::Proxy::all(address.as_str())
            .map_err(|error| settings("invalid proxy address", &error))?;
        if let Some((user, password)) = basic
            && address.scheme() != "socks5h"
        {
            through = through.basic_auth(user, password);
        }
        builder = builder.no_proxy().proxy(through);
    }
    builder
        .build()
        .map_err(|error| settings("failed to set up TLS", &error))
}

/// The value of the header that carries the credentials, if there are any.
pub(super) fn authorization(auth: &Auth) -> Result<Option<HeaderValue>, Failure> {
    let text = if let Some(token) = &auth.bearer_token {
        format!("Bearer {}", token.expose())
    } else if let Some(user) = &auth.username {
        let password = auth.password.as_ref().map_or("", |p| p.expose());
        format!(
            "Basic {}",
            base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"))
        )
    } else {
        return Ok(None);
    };
    let mut value = HeaderValue::from_str(&text).map_err(|_| {
        Failure::Settings("bearer token holds characters that cannot be sent".to_owned())
    })?;
    value.set_sensitive(true);
    Ok(Some(value))
}
