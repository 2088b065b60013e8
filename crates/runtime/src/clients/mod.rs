//! Clients for one cluster: the same connections under the controller's own identity and every
//! impersonated one.

mod connections;
mod remote;
mod requests;
mod throttle;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::USER_AGENT;
use http::{HeaderName, HeaderValue, Request};
use hyper_rustls::FixedServerNameResolver;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::client::{Body, ClientBuilder, ConfigExt};
use kube::{Client, Config};
use parking_lot::Mutex;
use rustls::pki_types::ServerName;
use tower::ServiceBuilder;
use tower::retry::RetryLayer;
use tower::util::BoxCloneService;

use crate::metrics::Metrics;
use connections::Spread;
pub use remote::{RemoteAccess, remote_config};
use requests::{CountLayer, Deadline, RetryWhenAsked};
use throttle::ThrottleLayer;

const IMPERSONATE_USER: HeaderName = HeaderName::from_static("impersonate-user");

/// Idle connections that are kept, and for how long: enough to carry a burst of applies without new
/// handshakes, gone soon after it, because each holds tens of KiB of TLS and read buffers.
const MAX_IDLE: usize = 32;
const IDLE_FOR: Duration = Duration::from_secs(20);

/// HTTP/2: bytes that may be under way to one reader, and to all of them.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;
/// A silent server is asked for a sign of life, and given up when there is none (as client-go does).
const PING_AFTER: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(15);

/// Impersonated clients that are kept. Each is a task and a channel, no connection.
const MAX_IMPERSONATED: usize = 512;

/// How the clients of a cluster behave.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// Sustained requests per second (`--kube-api-qps`); 0 or less means no limit.
    pub qps: f32,
    /// Requests that may be sent at once beyond the sustained rate (`--kube-api-burst`).
    pub burst: u32,
    /// `User-Agent` header, by convention `<controller>/<version>`.
    pub user_agent: String,
    /// Where requests are counted.
    pub metrics: Metrics,
}

/// Why clients could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Neither a kubeconfig nor an in-cluster environment could be used.
    #[error("no cluster configuration: {0}")]
    Config(String),
    /// The configuration does not make a client.
    #[error("cluster client: {0}")]
    Build(#[source] Box<kube::Error>),
    /// The user agent, or the service account to impersonate, cannot be put in a header.
    #[error("{0:?} cannot be sent in a header")]
    Header(String),
}

struct Inner {
    config: Config,
    own: Client,
    impersonated: Mutex<HashMap<(String, String), Client>>,
}

/// The clients of one cluster. Clones share everything.
#[derive(Clone)]
pub struct Clients(Arc<Inner>);

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients")
            .field("cluster", &self.0.config.cluster_url)
            .finish_non_exhaustive()
    }
}

impl Clients {
    /// Clients for the cluster that `KUBECONFIG` (or `~/.kube/config`) names, else for the one the
    /// process runs in.
    ///
    /// # Errors
    /// [`ClientError`] when there is no usable configuration.
    pub async fn from_env(options: ClientOptions) -> Result<Self, ClientError> {
        let config = Config::infer()
            .await
            .map_err(|error| ClientError::Config(error.to_string()))?;
        Self::new(config, options)
    }

    /// Clients for the cluster of `config`. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`ClientError::Build`] when certificates or tokens of the configuration are unusable.
    pub fn new(mut config: Config, options: ClientOptions) -> Result<Self, ClientError> {
        // Retries are this module's own: the default ones repeat requests that the server did not
        // ask to be repeated, and hold a worker for minutes.
        config.default_retry = false;
        let agent = HeaderValue::from_str(&options.user_agent)
            .map_err(|_| ClientError::Header(options.user_agent.clone()))?;
        config.headers.retain(|(name, _)| name != USER_AGENT);
        config.headers.push((USER_AGENT, agent));
        let own = own_client(&config, options).map_err(|e| ClientError::Build(Box::new(e)))?;
        Ok(Self(Arc::new(Inner {
            config,
            own,
            impersonated: Mutex::default(),
        })))
    }

    /// The client with the configured identity.
    pub fn own(&self) -> Client {
        self.0.own.clone()
    }

    /// A client that acts as `system:serviceaccount:<namespace>:<service_account>`, over the same
    /// connections.
    ///
    /// # Errors
    /// [`ClientError::Header`] when the name cannot be sent.
    pub fn impersonate(
        &self,
        namespace: &str,
        service_account: &str,
    ) -> Result<Client, ClientError> {
        let id = (namespace.to_owned(), service_account.to_owned());
        let mut cache = self.0.impersonated.lock();
        if let Some(client) = cache.get(&id) {
            return Ok(client.clone());
        }
        let user = format!("system:serviceaccount:{namespace}:{service_account}");
        // A name with a colon would be read as another namespace's account.
        if namespace.contains(':') || service_account.contains(':') || service_account.is_empty() {
            return Err(ClientError::Header(user));
        }
        let user = HeaderValue::from_str(&user).map_err(|_| ClientError::Header(user))?;
        let shared = self.0.own.clone();
        let service = tower::service_fn(move |mut request: Request<Body>| {
            request.headers_mut().insert(IMPERSONATE_USER, user.clone());
            let shared = shared.clone();
            async move { shared.send(request).await }
        });
        let client = Client::new(service, namespace);
        if cache.len() >= MAX_IMPERSONATED {
            // Clients are cheap to make again; which ones go does not matter.
            let half: Vec<_> = cache.keys().take(MAX_IMPERSONATED / 2).cloned().collect();
            for id in half {
                cache.remove(&id);
            }
        }
        cache.insert(id, client.clone());
        Ok(client)
    }

    /// The configuration these clients were made from.
    pub fn config(&self) -> &Config {
        &self.0.config
    }
}

type Wire = BoxCloneService<Request<Body>, http::Response<Body>, tower::BoxError>;

fn own_client(config: &Config, options: ClientOptions) -> Result<Client, kube::Error> {
    let host = config
        .cluster_url
        .authority()
        .map(ToString::to_string)
        .unwrap_or_default();
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new(RetryWhenAsked::default()))
        .layer(ThrottleLayer::new(options.qps, options.burst))
        .layer(CountLayer::new(host, options.metrics))
        .map_err(tower::BoxError::from)
        .service(wire(config)?);
    Ok(Client::new(service, config.default_namespace.clone()))
}

/// The connections, with base URL, credentials (refreshed where they come from a file or a command)
/// and fixed headers.
fn wire(config: &Config) -> Result<Wire, kube::Error> {
    if config.proxy_url.is_some() {
        // The library's own stack knows proxies; it cannot bound its pool.
        let client = ClientBuilder::try_from(config.clone())?.build();
        let service = tower::service_fn(move |request: Request<Body>| {
            let client = client.clone();
            async move { client.send(request).await.map_err(Into::into) }
        });
        return Ok(BoxCloneService::new(service));
    }
    // Only fails when one is installed already, which is as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(Duration::from_secs(30)));
    // A peer that vanished without a word is noticed by the kernel.
    tcp.set_keepalive(Some(Duration::from_secs(30)));
    tcp.set_keepalive_interval(Some(Duration::from_secs(10)));
    tcp.set_keepalive_retries(Some(3));
    tcp.set_tcp_user_timeout(Some(Duration::from_mins(1)));
    let connector = secured(config, tcp)?;
    let mut pool = hyper_util::client::legacy::Client::builder(TokioExecutor::new());
    pool.timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_FOR)
        .pool_max_idle_per_host(MAX_IDLE)
        .http1_max_buf_size(128 * 1024)
        .http2_initial_stream_window_size(STREAM_WINDOW)
        .http2_initial_connection_window_size(CONNECTION_WINDOW)
        .http2_keep_alive_interval(PING_AFTER)
        .http2_keep_alive_timeout(PING_TIMEOUT)
        .http2_keep_alive_while_idle(true);
    let http = Spread::new(move || pool.build::<_, Body>(connector.clone()));
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(tower::BoxError::from)
        .layer_fn(Deadline::new)
        .service(http);
    // Only cheap handles are behind this: one task serves all clones.
    let client = Client::new(service, config.default_namespace.clone());
    Ok(BoxCloneService::new(tower::service_fn(
        move |request: Request<Body>| {
            let client = client.clone();
            async move { client.send(request).await.map_err(Into::into) }
        },
    )))
}

/// TLS over `tcp`, with HTTP/2 where the server speaks it: few connections instead of one for each
/// request under way, which saves both sides handshakes and buffers. The library's own connector
/// speaks HTTP/1.1 alone.
fn secured(
    config: &Config,
    tcp: HttpConnector,
) -> Result<hyper_rustls::HttpsConnector<HttpConnector>, kube::Error> {
    let builder = hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(config.rustls_client_config()?)
        .https_or_http();
    let builder = match &config.tls_server_name {
        Some(name) => {
            let name = ServerName::try_from(name.clone())
                .map_err(|error| kube::Error::Service(Box::new(error)))?;
            builder.with_server_name_resolver(FixedServerNameResolver::new(name))
        }
        None => builder,
    };
    Ok(builder.enable_http1().enable_http2().wrap_connector(tcp))
}

#[cfg(test)]
mod tests;
