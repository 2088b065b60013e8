use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use parking_lot::Mutex;
use tokio::time::Instant;
use tower::{Layer, Service};

/// Set on every answer of a server that has API priority and fairness, which then does the
/// throttling (Flux: kustomize-controller spec §15, `--kube-api-qps`).
const FAIRNESS: &str = "x-kubernetes-pf-flowschema-uid";

/// A token bucket over the requests of one cluster. It lets everything pass until the first answer
/// has shown whether the server throttles by itself, and for good if it does.
#[derive(Clone, Debug)]
pub(super) struct ThrottleLayer(Option<Arc<Bucket>>);

#[derive(Debug)]
struct Bucket {
    interval: Duration,
    burst: u32,
    /// When the bucket will be full again.
    full_at: Mutex<Option<Instant>>,
    /// Whether the server is known to leave throttling to its clients.
    needed: AtomicBool,
    known: AtomicBool,
}

impl Bucket {
    /// Takes a token; answers when the request may go.
    fn take(&self, now: Instant) -> Instant {
        let mut full_at = self.full_at.lock();
        let full = full_at.map_or(now, |at| at.max(now)) + self.interval;
        *full_at = Some(full);
        // With `burst` tokens in hand the bucket may be that many intervals short of full.
        full.checked_sub(self.interval * self.burst.max(1))
            .map_or(now, |at| at.max(now))
    }

    fn learn<B>(&self, response: &Response<B>) {
        if response.headers().contains_key(FAIRNESS) {
            self.needed.store(false, Ordering::Relaxed);
            self.known.store(true, Ordering::Relaxed);
        } else if !self.known.load(Ordering::Relaxed) && response.status().is_success() {
            self.needed.store(true, Ordering::Relaxed);
            self.known.store(true, Ordering::Relaxed);
        }
    }
}

impl ThrottleLayer {
    /// No limit when `qps` is not positive.
    pub(super) fn new(qps: f32, burst: u32) -> Self {
        if qps.is_nan() || qps <= 0.0 {
            return Self(None);
        }
        Self(Some(Arc::new(Bucket {
            interval: Duration::from_secs_f32(1.0 / qps.max(0.001)),
            burst,
            full_at: Mutex::default(),
            needed: AtomicBool::new(false),
            known: AtomicBool::new(false),
        })))
    }
}

impl<S> Layer<S> for ThrottleLayer {
    type Service = Throttle<S>;

    fn layer(&self, inner: S) -> Throttle<S> {
        Throttle {
            inner,
            bucket: self.0.clone(),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Throttle<S> {
    inner: S,
    bucket: Option<Arc<Bucket>>,
}

impl<S, A, B> Service<Request<A>> for Throttle<S>
where
    S: Service<Request<A>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    A: Send + 'static,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let fresh = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, fresh);
        let Some(bucket) = self.bucket.clone() else {
            return Box::pin(inner.call(request));
        };
        Box::pin(async move {
            if bucket.needed.load(Ordering::Relaxed) {
                let go = bucket.take(Instant::now());
                tokio::time::sleep_until(go).await;
            }
            let response = inner.call(request).await?;
            bucket.learn(&response);
            Ok(response)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use tower::ServiceExt;

    use super::*;

    async fn time_for(requests: usize, fairness: bool) -> Duration {
        let server = tower::service_fn(move |_: Request<()>| async move {
            let mut response = Response::new(());
            if fairness {
                response
                    .headers_mut()
                    .insert(FAIRNESS, http::HeaderValue::from_static("uid"));
            }
            Ok::<_, Infallible>(response)
        });
        let service = ThrottleLayer::new(10.0, 5).layer(server);
        let start = Instant::now();
        for _ in 0..requests {
            service
                .clone()
                .oneshot(Request::new(()))
                .await
                .expect("infallible");
        }
        start.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn limits_where_the_server_does_not() {
        // One goes before anything is known, five are the burst, twenty wait 100 ms each.
        let took = time_for(26, false).await;
        assert!(
            took >= Duration::from_millis(1990) && took <= Duration::from_millis(2050),
            "{took:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn leaves_throttling_to_a_server_with_fairness() {
        assert!(time_for(1000, true).await < Duration::from_millis(1));
    }
}
