use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http_body_util::BodyExt;
use parking_lot::Mutex;
use serde_json::Value;

use crate::deadline::wait_for;
use crate::http_server::{HttpServer, ReceivedRequest, status};

/// Collects the JSON documents that are posted to it, as a notification controller would.
pub struct EventSink {
    server: HttpServer,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    events: Vec<Value>,
    fail_with: Option<StatusCode>,
}

impl EventSink {
    /// Starts to listen.
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let server = HttpServer::start(None, move |request| {
            let state = Arc::clone(&shared);
            Box::pin(async move {
                let Ok(body) = request.into_body().collect().await else {
                    return status(StatusCode::BAD_REQUEST);
                };
                let mut state = state.lock();
                if let Some(code) = state.fail_with {
                    return status(code);
                }
                match serde_json::from_slice(&body.to_bytes()) {
                    Ok(event) => state.events.push(event),
                    Err(_) => return status(StatusCode::BAD_REQUEST),
                }
                status(StatusCode::ACCEPTED)
            })
        });
        Self { server, state }
    }

    /// Where to post events, with a slash at the end.
    pub fn url(&self) -> String {
        format!("{}/", self.server.base_url())
    }

    /// The accepted documents in order of arrival.
    pub fn events(&self) -> Vec<Value> {
        self.state.lock().events.clone()
    }

    /// All requests, refused ones too.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.server.received()
    }

    /// Forgets what has arrived so far.
    pub fn clear(&self) {
        self.state.lock().events.clear();
        self.server.forget_received();
    }

    /// From now on answers with this status and drops the event; `None` accepts again.
    pub fn fail_with(&self, code: Option<StatusCode>) {
        self.state.lock().fail_with = code;
    }

    /// The first event that satisfies `wanted`, waiting up to `deadline` for it.
    pub async fn wait_for_event(
        &self,
        what: &str,
        deadline: Duration,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        wait_for(what, deadline, async || {
            self.events().into_iter().find(|event| wanted(event))
        })
        .await
    }
}

impl fmt::Debug for EventSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSink")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}
