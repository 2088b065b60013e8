use std::collections::HashSet;
use std::future::Future;
use std::io;

use axum::Router;
use axum::routing::get;
use http::header::CONTENT_TYPE;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::Metrics;

/// Serves `/metrics` on `listener` until `shutdown`.
///
/// # Errors
/// When the listener breaks.
pub fn serve(
    listener: TcpListener,
    metrics: Metrics,
    shutdown: CancellationToken,
) -> impl Future<Output = io::Result<()>> + Send {
    let page = move || {
        let metrics = metrics.clone();
        async move {
            (
                [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
                metrics.encode(),
            )
        }
    };
    let router = Router::new().route("/metrics", get(page));
    async move {
        axum::serve(listener, router)
            .with_graceful_shutdown(shutdown.cancelled_owned())
            .await
    }
}

/// The encoder writes `OpenMetrics`, where a counter's family lacks the `_total` of its samples; the
/// older text format, which is what the Go controllers serve and what every scraper takes, names
/// the family like the samples and knows no end mark.
pub(super) fn plain_text(open_metrics: &str) -> String {
    let counters: HashSet<&str> = open_metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter"))
        .collect();
    let mut text = String::with_capacity(open_metrics.len() + 64 * counters.len());
    for line in open_metrics.lines() {
        if line == "# EOF" {
            continue;
        }
        let renamed = line.strip_prefix("# ").and_then(|rest| {
            let (keyword, rest) = rest.split_once(' ')?;
            let (family, rest) = rest.split_once(' ')?;
            counters
                .contains(family)
                .then(|| format!("# {keyword} {family}_total {rest}"))
        });
        text.push_str(renamed.as_deref().unwrap_or(line));
        text.push('\n');
    }
    text
}
