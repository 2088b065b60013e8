use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures::stream;
use http::header::{AUTHORIZATION, LOCATION, WWW_AUTHENTICATE};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::git_http;
use crate::http_server::{Body, HttpServer, ReceivedRequest, basic, full, status};
use crate::repo::Repo;
use crate::tls::{Authority, Identity};

/// What a Git server demands; the default is plain HTTP for everyone.
#[derive(Debug, Clone, Default)]
pub struct GitServerOptions {
    /// HTTPS with a certificate of [`GitServer::ca_pem`].
    pub tls: bool,
    /// Demands a client certificate of the same authority; implies `tls`.
    pub client_ca: bool,
    /// Demands this user and password.
    pub basic: Option<(String, String)>,
    /// Demands this bearer token; with `basic` either will do.
    pub bearer: Option<String>,
    /// Where the directory of the repositories is made, in place of the system's temporary one.
    pub dir: Option<PathBuf>,
}

/// Git over smart HTTP(S), served by `git http-backend` on a free loopback port.
pub struct GitServer {
    server: HttpServer,
    root: Arc<TempDir>,
    authority: Authority,
    client: Identity,
    faults: watch::Sender<Faults>,
}

#[derive(Debug, Clone, Default)]
struct Faults {
    status: Option<StatusCode>,
    hang: bool,
    cut_after: Option<usize>,
    moved_to: Option<String>,
}

impl GitServer {
    /// Starts a server without repositories.
    pub fn start(options: GitServerOptions) -> Self {
        let parent = options.dir.clone().unwrap_or_else(std::env::temp_dir);
        let root = TempDir::with_prefix_in("windlass-git-", parent);
        let root = Arc::new(root.expect("a temporary directory"));
        let authority = Authority::new();
        let client = authority.client("client");
        let tls = (options.tls || options.client_ca)
            .then(|| authority.server_config(options.client_ca.then_some(&authority)));
        let (faults, observed) = watch::channel(Faults::default());
        let service = Arc::new(Service {
            root: root.path().to_owned(),
            admission: Admission::new(options),
            faults: observed,
        });
        let server = HttpServer::start(tls, move |request| {
            let service = Arc::clone(&service);
            Box::pin(async move { service.answer(request).await })
        });
        Self {
            server,
            root,
            authority,
            client,
            faults,
        }
    }

    /// Makes an empty repository; `name` may contain slashes.
    pub fn repo(&self, name: &str) -> Repo {
        Repo::create(&self.root, name, &self.server.base_url())
    }

    /// `http://127.0.0.1:PORT` or `https://…`, without a slash at the end.
    pub fn base_url(&self) -> String {
        self.server.base_url()
    }

    /// The directory that holds the repositories.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// The authority of the server's certificate, in PEM.
    pub fn ca_pem(&self) -> &str {
        self.authority.ca_pem()
    }

    /// The authority itself, to issue further identities.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// A client certificate the server accepts, in PEM.
    pub fn client_cert_pem(&self) -> &str {
        &self.client.certificate_pem
    }

    /// The key of that certificate, in PEM.
    pub fn client_key_pem(&self) -> &str {
        &self.client.key_pem
    }

    /// All requests in order of arrival, refused ones too.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.server.received()
    }

    /// How many requests there were by path (without the query).
    pub fn requests_by_path(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for request in self.requests() {
            let path = request.target.split('?').next().unwrap_or_default();
            *counts.entry(path.to_owned()).or_default() += 1;
        }
        counts
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.server.forget_received();
    }

    /// From now on answers everything with this status; `None` serves again.
    pub fn fail_with(&self, code: Option<StatusCode>) {
        self.faults.send_modify(|faults| faults.status = code);
    }

    /// From now on sends everyone to the server at this URL; `None` serves again.
    pub fn move_to(&self, base_url: Option<String>) {
        self.faults.send_modify(|faults| faults.moved_to = base_url);
    }

    /// From now on keeps every request waiting; `false` serves them, the waiting ones too.
    pub fn hang(&self, on: bool) {
        self.faults.send_modify(|faults| faults.hang = on);
    }

    /// From now on cuts the connection after so many bytes of each answer's body; `None` sends
    /// all of it. A shorter body is whole.
    pub fn cut_after(&self, bytes: Option<usize>) {
        self.faults.send_modify(|faults| faults.cut_after = bytes);
    }
}

impl fmt::Debug for GitServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitServer")
            .field("url", &self.base_url())
            .finish_non_exhaustive()
    }
}

struct Service {
    root: PathBuf,
    admission: Admission,
    faults: watch::Receiver<Faults>,
}

impl Service {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let mut observed = self.faults.clone();
        // The sender ends with the server, and this connection with it.
        let Ok(faults) = observed
            .wait_for(|faults| !faults.hang)
            .await
            .map(|f| f.clone())
        else {
            return status(StatusCode::SERVICE_UNAVAILABLE);
        };
        if let Some(code) = faults.status {
            return status(code);
        }
        let (parts, body) = request.into_parts();
        if let Some(base) = faults.moved_to {
            let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
            let Ok(to) = HeaderValue::try_from(format!("{base}{path}")) else {
                return status(StatusCode::BAD_REQUEST);
            };
            let mut response = status(StatusCode::FOUND);
            response.headers_mut().insert(LOCATION, to);
            return response;
        }
        if let Some(challenge) = self.admission.challenge(parts.headers.get(AUTHORIZATION)) {
            let mut response = status(StatusCode::UNAUTHORIZED);
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
            return response;
        }
        let Ok(body) = body.collect().await else {
            return status(StatusCode::BAD_REQUEST);
        };
        let response = git_http::serve(&self.root, &parts, body.to_bytes()).await;
        response.map(|body| match faults.cut_after {
            Some(limit) if limit < body.len() => cut(&body.slice(..limit)),
            _ => full(body),
        })
    }
}

/// The credentials that open the server, as they stand in the header; none opens it to all.
struct Admission {
    accepted: Vec<String>,
    challenge: HeaderValue,
}

impl Admission {
    fn new(options: GitServerOptions) -> Self {
        let mut accepted = Vec::new();
        let mut challenge = HeaderValue::from_static("Bearer");
        accepted.extend(options.bearer.map(|token| format!("Bearer {token}")));
        if let Some((user, password)) = options.basic {
            accepted.push(basic(&user, &password));
            challenge = HeaderValue::from_static("Basic realm=\"git\"");
        }
        Self {
            accepted,
            challenge,
        }
    }

    fn challenge(&self, given: Option<&HeaderValue>) -> Option<HeaderValue> {
        let admitted = self.accepted.is_empty()
            || given.is_some_and(|given| self.accepted.iter().any(|one| given == one.as_str()));
        (!admitted).then(|| self.challenge.clone())
    }
}

/// A body that breaks off after its first bytes.
fn cut(head: &Bytes) -> Body {
    let frames = [
        Ok(Frame::data(head.clone())),
        Err(io::Error::new(
            io::ErrorKind::ConnectionReset,
            "cut on purpose",
        )),
    ];
    StreamBody::new(stream::iter(frames)).boxed_unsync()
}
