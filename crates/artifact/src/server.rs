//! The file server that consumers fetch artifacts from.

mod conditions;

use std::io::{Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::{
    ACCEPT_RANGES, ALLOW, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, LAST_MODIFIED,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio_util::io::ReaderStream;
use tokio_util::sync::CancellationToken;

use crate::store::{Error, Opened, Store};
use conditions::Answer;

/// How long running downloads may take once the server is to stop.
const GRACE: Duration = Duration::from_secs(5);
const CHUNK: usize = 64 * 1024;

/// Serves the artifacts of `store` on `listener` until `shutdown`, then lets running downloads end for at
/// most five seconds.
///
/// GET and HEAD, ranges and conditional requests, as the originals' file server has them. `GET /` answers
/// 200, which is the readiness probe of the pod. Nothing is served but complete artifacts under their own
/// paths: no listings, no locks, no temporary files.
pub async fn serve(store: Arc<Store>, listener: TcpListener, shutdown: CancellationToken) {
    let app = Router::new()
        .route("/", any(root))
        .route("/{*path}", any(artifact))
        .with_state(store);
    let stop = shutdown.clone();
    let server = axum::serve(listener, app)
        .with_graceful_shutdown(async move { stop.cancelled().await })
        .into_future();
    let overdue = async {
        shutdown.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        result = server => if let Err(error) = result {
            tracing::error!(%error, "artifact server failed");
        },
        () = overdue => tracing::warn!("artifact server stopped with downloads under way"),
    }
}

async fn root(method: Method) -> Response {
    if is_read(&method) {
        StatusCode::OK.into_response()
    } else {
        not_allowed()
    }
}

async fn artifact(
    State(store): State<Arc<Store>>,
    Path(path): Path<String>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    if !is_read(&parts.method) {
        return not_allowed();
    }
    let found = {
        let path = path.clone();
        tokio::task::spawn_blocking(move || find(&store, &path)).await
    };
    match found {
        Ok(Ok(found)) => answer(found, &path, &parts.method, &parts.headers).await,
        Ok(Err(Error::Missing(_) | Error::NotRegular(_) | Error::Path(_))) => {
            StatusCode::NOT_FOUND.into_response()
        }
        Ok(Err(error)) => {
            tracing::error!(path, %error, "failed to serve artifact");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Err(error) => {
            tracing::error!(path, %error, "failed to serve artifact");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

struct Found {
    opened: Opened,
    /// Digest in quotes.
    etag: String,
    modified: Timestamp,
}

fn find(store: &Store, path: &str) -> Result<Found, Error> {
    let mut opened = store.open_file(path)?;
    let digest = store.digest(&mut opened, path, store.algorithm())?;
    // HTTP dates have whole seconds.
    let modified = Timestamp::from_second(opened.metadata.mtime()).unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(Found {
        opened,
        etag: format!("\"{digest}\""),
        modified,
    })
}

async fn answer(found: Found, path: &str, method: &Method, asked: &HeaderMap) -> Response {
    let Found {
        opened,
        etag,
        modified,
    } = found;
    let size = opened.metadata.len();
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(ETAG, etag);
    }
    let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&modified);
    if let Some(date) = date.ok().and_then(|date| HeaderValue::from_str(&date).ok()) {
        headers.insert(LAST_MODIFIED, date);
    }
    let (status, start, length) = match conditions::decide(asked, &etag, modified, size) {
        Answer::Whole => (StatusCode::OK, 0, size),
        Answer::Part { start, end } => {
            let range = format!("bytes {start}-{end}/{size}");
            headers.extend(
                HeaderValue::from_str(&range)
                    .ok()
                    .map(|range| (CONTENT_RANGE, range)),
            );
            (StatusCode::PARTIAL_CONTENT, start, end - start + 1)
        }
        Answer::NotModified => {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        Answer::Failed => {
            *response.status_mut() = StatusCode::PRECONDITION_FAILED;
            return response;
        }
        Answer::Unsatisfiable => {
            let range = format!("bytes */{size}");
            headers.extend(
                HeaderValue::from_str(&range)
                    .ok()
                    .map(|range| (CONTENT_RANGE, range)),
            );
            *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
            return response;
        }
    };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    *response.status_mut() = status;
    if method == Method::GET {
        let mut file = opened.file;
        let positioned = tokio::task::spawn_blocking(move || {
            file.seek(SeekFrom::Start(start))
                .map(|_| tokio::fs::File::from_std(file))
        });
        match positioned.await {
            Ok(Ok(file)) => {
                let stream = ReaderStream::with_capacity(file.take(length), CHUNK);
                *response.body_mut() = Body::from_stream(stream);
            }
            _ => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
    response
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.') {
        Some((_, "gz" | "tgz")) => "application/gzip",
        Some((_, "yaml")) => "application/yaml",
        _ => "application/octet-stream",
    }
}

fn is_read(method: &Method) -> bool {
    method == Method::GET || method == Method::HEAD
}

fn not_allowed() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET, HEAD")]).into_response()
}

#[cfg(test)]
mod tests;
