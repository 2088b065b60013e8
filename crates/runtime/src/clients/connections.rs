//! How requests are spread over connections.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use parking_lot::Mutex;
use tower::Service;

/// Watches on one connection. A server takes so many streams on each and lets all beyond wait,
/// which for a watch can mean for ever; the lowest limit of the usual proxies is 100.
pub(super) const WATCHES_PER_CONNECTION: usize = 64;

/// Sends short requests through one client and watches through others, each of which keeps a
/// connection (HTTP/2) or a pool (HTTP/1.1) of its own. So watches take no stream and no window away
/// from what somebody waits for.
pub(super) struct Spread<C> {
    make: Arc<dyn Fn() -> C + Send + Sync>,
    requests: C,
    watches: Arc<Mutex<Vec<Lane<C>>>>,
}

/// A client, and as many copies of the token as there are watches on it.
struct Lane<C> {
    client: C,
    token: Arc<()>,
}

impl<C> Lane<C> {
    fn watches(&self) -> usize {
        Arc::strong_count(&self.token) - 1
    }
}

impl<C: Clone> Clone for Spread<C> {
    fn clone(&self) -> Self {
        Self {
            make: Arc::clone(&self.make),
            requests: self.requests.clone(),
            watches: Arc::clone(&self.watches),
        }
    }
}

impl<C: Clone> Spread<C> {
    /// `make` gives clients that share nothing.
    pub(super) fn new(make: impl Fn() -> C + Send + Sync + 'static) -> Self {
        Self {
            requests: make(),
            make: Arc::new(make),
            watches: Arc::default(),
        }
    }

    /// The first client with room, so that the last ones empty themselves and are given up.
    fn room(&self) -> (C, Arc<()>) {
        let mut lanes = self.watches.lock();
        let found = lanes
            .iter()
            .find(|lane| lane.watches() < WATCHES_PER_CONNECTION)
            .map(|lane| (lane.client.clone(), Arc::clone(&lane.token)));
        let place = found.unwrap_or_else(|| {
            let (client, token) = ((self.make)(), Arc::new(()));
            lanes.push(Lane {
                client: client.clone(),
                token: Arc::clone(&token),
            });
            (client, token)
        });
        lanes.retain(|lane| lane.watches() > 0);
        place
    }
}

impl<C, A, B> Service<Request<A>> for Spread<C>
where
    C: Service<Request<A>, Response = Response<B>> + Clone,
    C::Future: Send + 'static,
{
    type Response = Response<Held<B>>;
    type Error = C::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, C::Error>> + Send>>;

    /// Clients of the pool are always ready.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), C::Error>> {
        self.requests.poll_ready(cx)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let (answer, place) = if is_watch(&request) {
            let (mut client, place) = self.room();
            (client.call(request), Some(place))
        } else {
            (self.requests.call(request), None)
        };
        Box::pin(async move {
            let answer = answer.await?;
            Ok(answer.map(|body| Held {
                body,
                _place: place,
            }))
        })
    }
}

fn is_watch<A>(request: &Request<A>) -> bool {
    let query = request.uri().query().unwrap_or_default();
    query.split('&').any(|part| part == "watch=true")
}

/// A body that keeps its place on a connection until it is dropped.
pub(super) struct Held<B> {
    body: B,
    _place: Option<Arc<()>>,
}

impl<B: Body + Unpin> Body for Held<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
