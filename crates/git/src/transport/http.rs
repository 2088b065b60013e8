//! Smart http over our own client.
//!
//! The client is built here, not left to the Git library, for three reasons: credentials must never
//! follow a redirect to another host, and not on the requests after it either; every wait ends with the
//! checkout's time; and what a server may send is bounded while it arrives.

mod cause;
mod client;

use std::any::Any;
use std::io::{self, BufRead, Read, Write};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use gix::protocol::transport::client::blocking_io::http::{
    GetResponse, Http, PostBodyDataKind, PostResponse,
};
use parking_lot::Mutex;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Client, Method, Response, StatusCode};
use url::Url;

use self::cause::{cause, causes};
use self::client::{authorization, client};
use crate::auth::{Auth, shown};
use crate::budget::Budget;
use crate::error::{Failure, tame};
use crate::proxy::Proxy;
use crate::remote::Sizes;

/// As many as git follows.
const MAX_REDIRECTS: usize = 20;

/// A client for one repository.
pub(crate) struct HttpClient {
    shared: Arc<Shared>,
}

struct Shared {
    client: Client,
    authorization: Option<HeaderValue>,
    /// Where credentials may be sent.
    origin: Url,
    budget: Arc<Budget>,
    sizes: Sizes,
    /// The repository's URL after a redirect.
    moved: Mutex<Option<String>>,
}

impl HttpClient {
    /// A client for the repository at `origin`, which must not hold user information.
    pub(crate) fn new(
        origin: &Url,
        auth: &Auth,
        proxy: Option<&Proxy>,
        sizes: Sizes,
        budget: &Arc<Budget>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            shared: Arc::new(Shared {
                client: client(auth, proxy)?,
                authorization: authorization(auth)?,
                origin: origin.clone(),
                budget: Arc::clone(budget),
                sizes,
                moved: Mutex::new(None),
            }),
        })
    }

    fn exchange<'a>(
        &self,
        method: Method,
        url: &str,
        base: &str,
        headers: impl Iterator<Item = impl AsRef<str> + 'a>,
    ) -> Arc<Mutex<Exchange>> {
        let mut map = HeaderMap::new();
        for line in headers {
            if let Some((name, value)) = line.as_ref().split_once(':')
                && let (Ok(name), Ok(value)) = (
                    name.parse::<HeaderName>(),
                    HeaderValue::from_str(value.trim()),
                )
            {
                map.append(name, value);
            }
        }
        Arc::new(Mutex::new(Exchange {
            shared: Arc::clone(&self.shared),
            method,
            url: url.to_owned(),
            tail: url.strip_prefix(base).unwrap_or_default().to_owned(),
            headers: map,
            posted: Vec::new(),
            response: None,
            failed: false,
            chunk: Bytes::new(),
            received: 0,
            most: self.shared.sizes.refs,
        }))
    }
}

/// Whether a redirect from one URL may lead to the other: never from https down to http, nor to a
/// scheme that is neither.
fn may_lead(from: &Url, to: &Url) -> bool {
    matches!(
        (from.scheme(), to.scheme()),
        ("https", "https") | ("http", "http" | "https")
    )
}

/// Whether credentials for `origin` may be sent to `target`: the same host and port, or the step from
/// http to https on the standard ports, which hosting sites redirect to.
fn same_party(origin: &Url, target: &Url) -> bool {
    let ports = (
        origin.port_or_known_default(),
        target.port_or_known_default(),
    );
    origin.host_str() == target.host_str()
        && match (origin.scheme(), target.scheme()) {
            (a, b) if a == b => ports.0 == ports.1,
            ("http", "https") => ports == (Some(80), Some(443)),
            _ => false,
        }
}

/// One request and its answer, performed when the answer is first looked at.
struct Exchange {
    shared: Arc<Shared>,
    method: Method,
    url: String,
    /// What follows the repository's URL in `url`.
    tail: String,
    headers: HeaderMap,
    posted: Vec<u8>,
    response: Option<Response>,
    failed: bool,
    chunk: Bytes,
    received: u64,
    /// Most bytes of the answer.
    most: u64,
}

impl Exchange {
    fn is_post(&self) -> bool {
        self.method == Method::POST
    }

    fn verb(&self) -> &'static str {
        if self.is_post() { "Post" } else { "Get" }
    }

    /// Sends the request, once: whoever reads on after a failure must not cause another one.
    fn perform(&mut self) -> Result<(), Failure> {
        if self.response.is_some() {
            return Ok(());
        }
        if self.failed {
            return Err(Failure::Protocol(
                "the request has failed already".to_owned(),
            ));
        }
        self.failed = true;
        let answered = self.request();
        self.failed = answered.is_err();
        answered
    }

    fn request(&mut self) -> Result<(), Failure> {
        let mut url = parse(&self.url)?;
        self.most = self.shared.sizes.of_answer_to(&self.posted);
        let body = Bytes::from(std::mem::take(&mut self.posted));
        for _ in 0..=MAX_REDIRECTS {
            let response = self.send(&url, body.clone())?;
            if !response.status().is_redirection() {
                let response = self.accept(response, &url)?;
                if url.as_str() != self.url {
                    self.moved_to(&url)?;
                }
                self.response = Some(response);
                return Ok(());
            }
            url = self.redirect(&url, &response)?;
        }
        Err(self.refused(&url, "stopped after too many redirects"))
    }

    fn send(&self, url: &Url, body: Bytes) -> Result<Response, Failure> {
        let mut request = self
            .shared
            .client
            .request(self.method.clone(), url.clone())
            .headers(self.headers.clone());
        if let Some(value) = self
            .shared
            .authorization
            .as_ref()
            .filter(|_| same_party(&self.shared.origin, url))
        {
            request = request.header(AUTHORIZATION, value.clone());
        }
        if self.is_post() {
            request = request.body(body);
        }
        self.shared
            .budget
            .wait(request.send())?
            .map_err(|error| Failure::Request {
                method: self.verb(),
                url: shown_request(url),
                cause: cause(&error, url),
            })
    }

    /// Only the first request of a conversation is redirected (as git does by default), never from
    /// https down to http, and only to what is the same request under another base.
    fn redirect(&self, url: &Url, response: &Response) -> Result<Url, Failure> {
        if self.is_post() {
            return Err(self.refused(url, "only the first request of a fetch may be redirected"));
        }
        let target = response
            .headers()
            .get(LOCATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|location| url.join(location).ok())
            .ok_or_else(|| self.refused(url, "the answer has no usable location"))?;
        if !may_lead(url, &target) {
            return Err(self.refused(url, "it leads from https to another scheme"));
        }
        if !target.as_str().ends_with(&self.tail) {
            return Err(self.refused(url, "it does not lead to a git repository"));
        }
        Ok(target)
    }

    fn refused(&self, url: &Url, reason: &str) -> Failure {
        Failure::Redirect {
            method: self.verb(),
            url: shown_request(url),
            reason: reason.to_owned(),
        }
    }

    fn moved_to(&self, url: &Url) -> Result<(), Failure> {
        let base = url
            .as_str()
            .strip_suffix(&self.tail)
            .ok_or_else(|| self.refused(url, "it does not lead to a git repository"))?;
        *self.shared.moved.lock() = Some(base.to_owned());
        Ok(())
    }

    fn accept(&self, mut response: Response, url: &Url) -> Result<Response, Failure> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let mut body = Vec::new();
        while body.len() < 1024 {
            match self.shared.budget.wait(response.chunk())? {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                // The status says enough when its explanation is cut short.
                Ok(None) | Err(_) => break,
            }
        }
        let html = response
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|t| t.as_bytes().starts_with(b"text/html"));
        let body = if html {
            String::new()
        } else {
            tame(&String::from_utf8_lossy(&body))
        };
        Err(match status {
            StatusCode::UNAUTHORIZED => Failure::AuthenticationRequired(body),
            StatusCode::FORBIDDEN => Failure::AuthorizationFailed(body),
            StatusCode::NOT_FOUND => Failure::RepositoryNotFound(body),
            _ => Failure::Status {
                url: shown_request(url),
                code: status.as_u16(),
                body,
            },
        })
    }

    /// The next bytes of the answer, empty at its end.
    fn fill(&mut self) -> Result<&[u8], Failure> {
        self.perform()?;
        let limit = self.most;
        while self.chunk.is_empty() {
            let Some(response) = &mut self.response else {
                break;
            };
            match self.shared.budget.wait(response.chunk())? {
                Ok(Some(chunk)) => {
                    self.received = self.received.saturating_add(chunk.len() as u64);
                    if self.received > limit {
                        return Err(Failure::TooMuch(limit));
                    }
                    self.chunk = chunk;
                }
                Ok(None) => break,
                Err(error) => {
                    return Err(Failure::Request {
                        method: self.verb(),
                        url: parse(&self.url)
                            .map_or_else(|_| String::new(), |url| shown_request(&url)),
                        cause: if error.is_body() || error.is_decode() {
                            "unexpected EOF".to_owned()
                        } else {
                            causes(&error).join(": ")
                        },
                    });
                }
            }
        }
        Ok(&self.chunk)
    }
}

fn parse(url: &str) -> Result<Url, Failure> {
    Url::parse(url).map_err(|error| Failure::Settings(format!("invalid URL: {error}")))
}

/// The request as it may be shown: the service is no secret, other queries may be.
fn shown_request(url: &Url) -> String {
    let service = url
        .query()
        .filter(|query| *query == "service=git-upload-pack");
    let shown = shown(url);
    service.map_or_else(|| shown.clone(), |query| format!("{shown}?{query}"))
}

/// Headers of an answer, line by line.
pub(crate) struct Headers {
    exchange: Arc<Mutex<Exchange>>,
    text: Option<io::Cursor<Vec<u8>>>,
}

impl Headers {
    fn text(&mut self) -> io::Result<&mut io::Cursor<Vec<u8>>> {
        if self.text.is_none() {
            let mut exchange = self.exchange.lock();
            let done = exchange.perform();
            done.map_err(|failure| exchange.shared.budget.report(failure))?;
            let mut text = Vec::new();
            for (name, value) in exchange.response.iter().flat_map(Response::headers) {
                text.extend_from_slice(name.as_str().as_bytes());
                text.push(b':');
                text.extend_from_slice(value.as_bytes());
                text.push(b'\n');
            }
            self.text = Some(io::Cursor::new(text));
        }
        Ok(self.text.get_or_insert_default())
    }
}

impl Read for Headers {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.text()?.read(buf)
    }
}

impl BufRead for Headers {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.text()?.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if let Some(text) = &mut self.text {
            text.consume(amount);
        }
    }
}

/// Body of an answer.
pub(crate) struct Body {
    exchange: Arc<Mutex<Exchange>>,
    chunk: Bytes,
}

impl Read for Body {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let amount = available.len().min(buf.len());
        buf[..amount].copy_from_slice(&available[..amount]);
        self.consume(amount);
        Ok(amount)
    }
}

impl BufRead for Body {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.chunk.is_empty() {
            let mut exchange = self.exchange.lock();
            let filled = exchange.fill().map(|_| ());
            filled.map_err(|failure| exchange.shared.budget.report(failure))?;
            self.chunk = std::mem::take(&mut exchange.chunk);
        }
        Ok(&self.chunk)
    }

    fn consume(&mut self, amount: usize) {
        self.chunk.advance(amount.min(self.chunk.len()));
    }
}

/// Body of a request; it is sent when the answer is first read.
pub(crate) struct Post(Arc<Mutex<Exchange>>);

impl Write for Post {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.lock().posted.extend_from_slice(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Http for HttpClient {
    type Headers = Headers;
    type ResponseBody = Body;
    type PostBody = Post;

    fn get(
        &mut self,
        url: &str,
        base_url: &str,
        headers: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> gix::error::Result<GetResponse<Headers, Body>> {
        let exchange = self.exchange(Method::GET, url, base_url, headers.into_iter());
        Ok(GetResponse {
            headers: Headers {
                exchange: Arc::clone(&exchange),
                text: None,
            },
            body: Body {
                exchange,
                chunk: Bytes::new(),
            },
        })
    }

    fn post(
        &mut self,
        url: &str,
        base_url: &str,
        headers: impl IntoIterator<Item = impl AsRef<str>>,
        _body: PostBodyDataKind,
    ) -> gix::error::Result<PostResponse<Headers, Body, Post>> {
        let exchange = self.exchange(Method::POST, url, base_url, headers.into_iter());
        Ok(PostResponse {
            post_body: Post(Arc::clone(&exchange)),
            headers: Headers {
                exchange: Arc::clone(&exchange),
                text: None,
            },
            body: Body {
                exchange,
                chunk: Bytes::new(),
            },
        })
    }

    fn configure(&mut self, _config: &dyn Any) -> gix::error::Result {
        Ok(())
    }

    fn redirected_base_url(&self) -> Option<String> {
        self.shared.moved.lock().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    #[test]
    fn credentials_are_for_one_server() {
        let origin = url("https://git.example.com/app");
        assert!(same_party(
            &origin,
            &url("https://git.example.com:443/moved")
        ));
        for other in [
            "https://evil.example.com/app",
            "https://sub.git.example.com/app",
            "https://git.example.com:8443/app",
            "http://git.example.com/app",
        ] {
            assert!(!same_party(&origin, &url(other)), "{other}");
        }
        let plain = url("http://git.example.com/app");
        assert!(same_party(&plain, &origin));
        assert!(!same_party(
            &plain,
            &url("https://git.example.com:8443/app")
        ));
        assert!(!same_party(
            &url("http://git.example.com:3000/app"),
            &origin
        ));
    }

    #[test]
    fn no_redirect_leads_down_or_elsewhere() {
        let (plain, secure) = (url("http://h/"), url("https://h/"));
        assert!(
            may_lead(&plain, &secure) && may_lead(&plain, &plain) && may_lead(&secure, &secure)
        );
        assert!(!may_lead(&secure, &plain) && !may_lead(&plain, &url("file:///etc")));
    }

    #[test]
    fn a_shown_request_holds_no_secret() {
        let request = url("https://u:p@h/app/info/refs?service=git-upload-pack");
        assert_eq!(
            shown_request(&request),
            "https://h/app/info/refs?service=git-upload-pack"
        );
        assert_eq!(
            shown_request(&url("https://h/app?sig=secret")),
            "https://h/app"
        );
    }
}
