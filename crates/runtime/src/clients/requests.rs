use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{Request, Response, StatusCode};
use kube::client::Body;
use tower::retry::Policy;
use tower::{BoxError, Layer, Service};

use crate::metrics::Metrics;

/// How often a request is repeated when the server asks for it.
const TRIES: u32 = 10;
/// The longest single wait a server can ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// How long the server may take to begin its answer. It gives up by itself after 60 s.
const ANSWER_WITHIN: Duration = Duration::from_secs(90);

/// Repeats a request exactly when the server says so: an overload answer with `Retry-After` in
/// seconds. Anything else is the caller's to judge.
#[derive(Clone, Debug, Default)]
pub(super) struct RetryWhenAsked {
    tried: u32,
}

impl<B> Policy<Request<Body>, Response<B>, BoxError> for RetryWhenAsked {
    type Future = tokio::time::Sleep;

    fn retry(
        &mut self,
        _: &mut Request<Body>,
        result: &mut Result<Response<B>, BoxError>,
    ) -> Option<Self::Future> {
        let response = result.as_ref().ok()?;
        let overloaded = response.status() == StatusCode::TOO_MANY_REQUESTS
            || response.status().is_server_error();
        if !overloaded || self.tried >= TRIES {
            return None;
        }
        let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
        let wait = Duration::from_secs(seconds.parse().ok()?).min(LONGEST_WAIT);
        self.tried += 1;
        Some(tokio::time::sleep(wait))
    }

    fn clone_request(&mut self, request: &Request<Body>) -> Option<Request<Body>> {
        let mut copy = Request::new(request.body().try_clone()?);
        *copy.method_mut() = request.method().clone();
        *copy.uri_mut() = request.uri().clone();
        *copy.version_mut() = request.version();
        copy.headers_mut().clone_from(request.headers());
        copy.extensions_mut().clone_from(request.extensions());
        Some(copy)
    }
}

/// Counts every answer in `rest_client_requests_total`; a request without one has code `<error>`.
#[derive(Clone, Debug)]
pub(super) struct CountLayer {
    host: Arc<str>,
    metrics: Metrics,
}

impl CountLayer {
    pub(super) fn new(host: impl Into<Arc<str>>, metrics: Metrics) -> Self {
        Self {
            host: host.into(),
            metrics,
        }
    }
}

impl<S> Layer<S> for CountLayer {
    type Service = Count<S>;

    fn layer(&self, inner: S) -> Count<S> {
        Count {
            inner,
            layer: self.clone(),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Count<S> {
    inner: S,
    layer: CountLayer,
}

impl<S, A, B> Service<Request<A>> for Count<S>
where
    S: Service<Request<A>, Response = Response<B>>,
    S::Future: Send + 'static,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let method = request.method().clone();
        let CountLayer { host, metrics } = self.layer.clone();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let result = answer.await;
            let code = match &result {
                Ok(response) => response.status().as_str().to_owned(),
                Err(_) => "<error>".to_owned(),
            };
            metrics.request(&code, &host, method.as_str());
            result
        })
    }
}

/// Bounds the time until the answer begins, so that no worker hangs on a connection that went
/// quiet. Bodies are not bounded: watches last for minutes.
#[derive(Clone, Debug)]
pub(super) struct Deadline<S> {
    inner: S,
}

impl<S> Deadline<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner }
    }
}

impl<S, A> Service<Request<A>> for Deadline<S>
where
    S: Service<Request<A>>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let answer = self.inner.call(request);
        Box::pin(async move {
            match tokio::time::timeout(ANSWER_WITHIN, answer).await {
                Ok(result) => result.map_err(Into::into),
                Err(_) => Err("the API server did not answer in time".into()),
            }
        })
    }
}
