//! A loopback HTTP/1.1 server around a handler, the base of the kit's Git server, proxy and sink.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::background;

/// A body that may break off with an error, by which the connection is cut.
pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;
pub(crate) type Answer = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;
type Handler = dyn Fn(Request<Incoming>) -> Answer + Send + Sync;

/// A request as a server of the kit has received it.
#[derive(Debug, Clone)]
pub struct ReceivedRequest {
    /// `GET`, `POST`, `CONNECT`…
    pub method: Method,
    /// Path and query; for a proxy the whole target.
    pub target: String,
    /// All headers.
    pub headers: HeaderMap,
}

impl ReceivedRequest {
    /// A header's value as text; empty when it is absent or no text.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

pub(crate) struct HttpServer {
    address: SocketAddr,
    tls: bool,
    received: Arc<Mutex<Vec<ReceivedRequest>>>,
    accepting: AbortHandle,
}

impl HttpServer {
    pub(crate) fn start(
        tls: Option<Arc<rustls::ServerConfig>>,
        handler: impl Fn(Request<Incoming>) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .expect("loopback has a free port");
        listener
            .set_nonblocking(true)
            .expect("a socket can be made non-blocking");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let received = Arc::new(Mutex::new(Vec::new()));
        let with_tls = tls.is_some();
        let acceptor = tls.map(TlsAcceptor::from);
        let recorder = Arc::clone(&received);
        let handler: Arc<Handler> = Arc::new(move |request: Request<Incoming>| {
            recorder.lock().push(ReceivedRequest {
                method: request.method().clone(),
                target: request.uri().to_string(),
                headers: request.headers().clone(),
            });
            handler(request)
        });
        let accepting = background::runtime().spawn(async move {
            let listener = TcpListener::from_std(listener).expect("the socket is non-blocking");
            // Dropped with this task, and with it every connection.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, acceptor.clone(), Arc::clone(&handler)));
                while connections.try_join_next().is_some() {}
            }
        });
        Self {
            address,
            tls: with_tls,
            received,
            accepting: accepting.abort_handle(),
        }
    }

    /// `http://127.0.0.1:PORT` or `https://…`, without a slash at the end.
    pub(crate) fn base_url(&self) -> String {
        format!(
            "{}://{}",
            if self.tls { "https" } else { "http" },
            self.address
        )
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn received(&self) -> Vec<ReceivedRequest> {
        self.received.lock().clone()
    }

    pub(crate) fn forget_received(&self) {
        self.received.lock().clear();
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(stream: TcpStream, acceptor: Option<TlsAcceptor>, handler: Arc<Handler>) {
    let service = service_fn(move |request| {
        let answer = handler(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let http = http1::Builder::new();
    // A failed handshake or a connection cut by the client is that client's affair.
    match acceptor {
        None => {
            let connection = http.serve_connection(TokioIo::new(stream), service);
            let _ = connection.with_upgrades().await;
        }
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                let _ = http.serve_connection(TokioIo::new(stream), service).await;
            }
        }
    }
}

pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never| match never {})
        .boxed_unsync()
}

pub(crate) fn status(code: StatusCode) -> Response<Body> {
    let mut response = Response::new(full(format!("{code}\n")));
    *response.status_mut() = code;
    response
}

/// The `Basic` credentials as they stand in an authorization header.
pub(crate) fn basic(user: &str, password: &str) -> String {
    use base64::Engine as _;
    let credentials =
        base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    format!("Basic {credentials}")
}
