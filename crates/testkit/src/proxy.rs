use std::fmt;

use http::header::{PROXY_AUTHENTICATE, PROXY_AUTHORIZATION};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::background;
use crate::http_server::{Body, HttpServer, ReceivedRequest, basic, full, status};

/// What a proxy asks for.
#[derive(Debug, Clone)]
pub struct ProxyCredentials {
    /// The user's name.
    pub user: String,
    /// The password.
    pub password: String,
}

/// A forward proxy: `CONNECT` tunnels, and plain HTTP requests with an absolute target.
pub struct HttpProxy {
    server: HttpServer,
}

impl HttpProxy {
    /// Starts to listen; with `credentials` it answers 407 to requests without them.
    pub fn start(credentials: Option<ProxyCredentials>) -> Self {
        let expected =
            credentials.map(|credentials| basic(&credentials.user, &credentials.password));
        let server = HttpServer::start(None, move |request| {
            let given = request.headers().get(PROXY_AUTHORIZATION);
            let admitted = expected
                .as_ref()
                .is_none_or(|expected| given.is_some_and(|given| given == expected.as_str()));
            Box::pin(async move {
                if !admitted {
                    let mut response = status(StatusCode::PROXY_AUTHENTICATION_REQUIRED);
                    let challenge = HeaderValue::from_static("Basic realm=\"proxy\"");
                    response.headers_mut().insert(PROXY_AUTHENTICATE, challenge);
                    return response;
                }
                let outcome = if request.method() == Method::CONNECT {
                    tunnel(request).await
                } else {
                    forward(request).await
                };
                outcome.unwrap_or_else(|error| {
                    let mut response = status(StatusCode::BAD_GATEWAY);
                    *response.body_mut() = full(format!("{error}\n"));
                    response
                })
            })
        });
        Self { server }
    }

    /// `http://127.0.0.1:PORT`, without credentials.
    pub fn url(&self) -> String {
        self.server.base_url()
    }

    /// The same with credentials in it.
    pub fn url_with(&self, credentials: &ProxyCredentials) -> String {
        format!(
            "http://{}:{}@{}",
            credentials.user,
            credentials.password,
            self.server.address()
        )
    }

    /// All requests, refused ones too. A tunnel is one `CONNECT`, whatever goes through it.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.server.received()
    }
}

impl fmt::Debug for HttpProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpProxy")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}

type Outcome = Result<Response<Body>, Box<dyn std::error::Error + Send + Sync>>;

async fn tunnel(request: Request<Incoming>) -> Outcome {
    let target = request
        .uri()
        .authority()
        .ok_or("CONNECT without a host")?
        .to_string();
    let mut upstream = TcpStream::connect(target).await?;
    background::runtime().spawn(async move {
        if let Ok(client) = hyper::upgrade::on(request).await {
            let _ = tokio::io::copy_bidirectional(&mut TokioIo::new(client), &mut upstream).await;
        }
    });
    Ok(Response::new(full("")))
}

async fn forward(mut request: Request<Incoming>) -> Outcome {
    let authority = request
        .uri()
        .authority()
        .ok_or("the target is not absolute")?
        .clone();
    let port = authority.port_u16().unwrap_or(80);
    let stream = TcpStream::connect((authority.host(), port)).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    background::runtime().spawn(connection);
    // The origin gets the path alone, and no business of the proxy's.
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str())
        .parse()?;
    *request.uri_mut() = path;
    request.headers_mut().remove(PROXY_AUTHORIZATION);
    let response = sender.send_request(request).await?;
    Ok(response.map(|body| body.map_err(std::io::Error::other).boxed_unsync()))
}
