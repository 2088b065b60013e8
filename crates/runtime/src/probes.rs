//! Liveness and readiness.

use std::future::Future;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Serves `/healthz` (200 as long as the process answers) and `/readyz` (200 once `ready` says so,
/// else 500) on `listener` until `shutdown`.
///
/// # Errors
/// When the listener breaks.
pub fn serve(
    listener: TcpListener,
    ready: impl Fn() -> bool + Send + Sync + 'static,
    shutdown: CancellationToken,
) -> impl Future<Output = io::Result<()>> + Send {
    let ready = Arc::new(ready);
    let readyz = move || {
        let answer = if ready() {
            (StatusCode::OK, "ok")
        } else {
            (StatusCode::INTERNAL_SERVER_ERROR, "not ready")
        };
        async move { answer }
    };
    let router = Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(readyz));
    async move {
        axum::serve(listener, router)
            .with_graceful_shutdown(shutdown.cancelled_owned())
            .await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[tokio::test]
    async fn readiness_follows_and_liveness_does_not() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let ready = Arc::new(AtomicBool::new(false));
        let flag = ready.clone();
        let stop = CancellationToken::new();
        let server = tokio::spawn(serve(
            listener,
            move || flag.load(Ordering::SeqCst),
            stop.clone(),
        ));
        let status = async |path: &str| {
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            client
                .get(format!("{base}{path}"))
                .send()
                .await
                .unwrap()
                .status()
        };
        assert_eq!(status("/healthz").await, 200);
        assert_eq!(status("/readyz").await, 500);
        ready.store(true, Ordering::SeqCst);
        assert_eq!(status("/readyz").await, 200);
        stop.cancel();
        server.await.unwrap().unwrap();
    }
}
