use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use tokio::sync::Notify;
use windlass_api::source::Artifact;
use windlass_archive::{Limits, Tree, write_tar_gz};

use super::{FetchError, Fetcher, FetcherOptions};
use crate::digest::{Digest, DigestAlgorithm};

fn tree(text: &str) -> Tree {
    let mut builder = Tree::builder(Limits::default());
    builder.file("a/b.yaml", text.to_owned(), false).unwrap();
    builder.build()
}

fn archive(tree: &Tree) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_tar_gz(tree, &mut bytes).unwrap();
    bytes
}

fn artifact(url: &str, content: &[u8]) -> Artifact {
    Artifact {
        digest: Digest::of_reader(DigestAlgorithm::Sha256, content)
            .unwrap()
            .to_string(),
        last_update_time: Time(Timestamp::UNIX_EPOCH),
        metadata: None,
        path: String::new(),
        revision: "r".to_owned(),
        size: None,
        url: url.to_owned(),
    }
}

fn fetcher(change: impl FnOnce(&mut FetcherOptions)) -> Fetcher {
    let mut options = FetcherOptions {
        retries: 2,
        backoff_min: Duration::from_millis(1),
        backoff_max: Duration::from_millis(2),
        ..FetcherOptions::default()
    };
    change(&mut options);
    Fetcher::new(options).unwrap()
}

/// Serves whatever `answer` gives for the number of the request; returns the URL and the count.
async fn server<F, R>(answer: F) -> (String, Arc<AtomicUsize>)
where
    F: Fn(usize) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response> + Send,
{
    let count = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&count);
    let app = Router::new().fallback(move |_: Request| {
        let (seen, answer) = (Arc::clone(&seen), answer.clone());
        async move { answer(seen.fetch_add(1, Ordering::SeqCst)).await }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/x.tar.gz", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (url, count)
}

#[tokio::test]
async fn fetched_once_then_kept() {
    let content = archive(&tree("x"));
    let body = content.clone();
    let (url, count) = server(move |_| std::future::ready(body.clone().into_response())).await;
    let fetcher = fetcher(|_| {});
    let artifact = artifact(&url, &content);
    assert_eq!(fetcher.fetch(&artifact).await.unwrap(), tree("x"));
    // The same content from elsewhere is the same tree.
    let mut moved = artifact.clone();
    moved.url = "http://192.0.2.1/never".to_owned();
    assert_eq!(fetcher.fetch(&moved).await.unwrap(), tree("x"));
    let counters = fetcher.counters();
    assert_eq!(
        (counters.downloads, counters.extractions, counters.hits),
        (1, 1, 1)
    );
    assert_eq!(counters.cached_bytes, 1 + 200);
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn many_at_once_make_one_download_even_without_a_cache() {
    let content = archive(&tree("x"));
    let gate = Arc::new(Notify::new());
    let (body, opened) = (content.clone(), Arc::clone(&gate));
    let (url, count) = server(move |_| {
        let (body, gate) = (body.clone(), Arc::clone(&opened));
        async move {
            gate.notified().await;
            body.into_response()
        }
    })
    .await;
    let fetcher = Arc::new(fetcher(|options| options.max_cache_bytes = 0));
    let artifact = artifact(&url, &content);
    let spawn = || {
        let (fetcher, artifact) = (Arc::clone(&fetcher), artifact.clone());
        tokio::spawn(async move { fetcher.fetch(&artifact).await })
    };
    let first = spawn();
    let waiting: Vec<_> = (0..20).map(|_| spawn()).collect();
    let digest: Digest = artifact.digest.parse().unwrap();
    let boarded = || {
        fetcher
            .flights
            .lock()
            .get(&digest)
            .map_or(0, Arc::strong_count)
    };
    wait_until(|| boarded() == 22 && count.load(Ordering::SeqCst) == 1).await;
    // Whoever downloads gives up: another one takes over.
    first.abort();
    wait_until(|| boarded() == 21 && count.load(Ordering::SeqCst) == 2).await;
    gate.notify_one();
    gate.notify_one();
    for task in waiting {
        assert_eq!(task.await.unwrap().unwrap(), tree("x"));
    }
    assert_eq!(count.load(Ordering::SeqCst), 2);
    assert_eq!(fetcher.counters().extractions, 1);
    assert_eq!(fetcher.counters().cached_bytes, 0);
    assert!(fetcher.flights.lock().is_empty());
}

async fn wait_until(condition: impl Fn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(20), async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    waited.await.expect("the condition within 20 s");
}

#[tokio::test]
async fn not_found_is_told_at_once_and_asked_again_later() {
    let content = archive(&tree("x"));
    let body = content.clone();
    let (url, count) = server(move |request| {
        let found = request > 0;
        let body = body.clone();
        std::future::ready(if found {
            body.into_response()
        } else {
            StatusCode::NOT_FOUND.into_response()
        })
    })
    .await;
    let fetcher = fetcher(|_| {});
    let artifact = artifact(&url, &content);
    let error = fetcher.fetch(&artifact).await.unwrap_err();
    assert!(matches!(error, FetchError::NotFound));
    assert_eq!(error.to_string(), "file not found");
    assert_eq!(count.load(Ordering::SeqCst), 1);
    assert_eq!(fetcher.fetch(&artifact).await.unwrap(), tree("x"));
    assert!(fetcher.flights.lock().is_empty());
}

#[tokio::test]
async fn r_7_transient_failures_are_retried() {
    let content = archive(&tree("x"));
    let body = content.clone();
    let (url, count) = server(move |request| {
        let body = body.clone();
        std::future::ready(match request {
            0 => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            // Cut off in the middle.
            1 => {
                let half = body[..body.len() / 2].to_vec();
                let broken: [Result<_, std::io::Error>; 2] =
                    [Ok(half), Err(std::io::ErrorKind::ConnectionReset.into())];
                let stream = tokio_util::io::ReaderStream::new(Broken(broken.into()));
                Response::new(Body::from_stream(stream))
            }
            _ => body.into_response(),
        })
    })
    .await;
    assert_eq!(
        fetcher(|_| {})
            .fetch(&artifact(&url, &content))
            .await
            .unwrap(),
        tree("x")
    );
    assert_eq!(count.load(Ordering::SeqCst), 3);
}

/// Gives its chunks, then its error.
struct Broken(std::collections::VecDeque<Result<Vec<u8>, std::io::Error>>);

impl tokio::io::AsyncRead for Broken {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(match self.0.pop_front() {
            Some(Ok(chunk)) => {
                buffer.put_slice(&chunk);
                Ok(())
            }
            Some(Err(error)) => Err(error),
            None => Ok(()),
        })
    }
}

#[tokio::test]
async fn retries_end_and_name_their_cause_without_secrets() {
    let (url, count) =
        server(|_| std::future::ready(StatusCode::BAD_GATEWAY.into_response())).await;
    let secret = url.replace("http://", "http://user:hunter2@") + "?sig=hunter3";
    let error = fetcher(|_| {})
        .fetch(&artifact(&secret, b""))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "failed to download archive from {url}, giving up after 3 attempt(s): \
             status: 502 Bad Gateway"
        )
    );
    assert_eq!(count.load(Ordering::SeqCst), 3);

    let (url, count) = server(|_| std::future::ready(StatusCode::FORBIDDEN.into_response())).await;
    let error = fetcher(|_| {})
        .fetch(&artifact(&url, b""))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("failed to download archive from {url}, status: 403 Forbidden")
    );
    assert_eq!(count.load(Ordering::SeqCst), 1);

    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("http://user:hunter2@{closed}/x?sig=hunter3");
    let error = fetcher(|_| {})
        .fetch(&artifact(&url, b""))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("Connection refused") && !error.contains("hunter"),
        "{error}"
    );
}

#[tokio::test]
async fn a_src_14_another_file_than_the_artifact_means_is_refused() {
    let content = archive(&tree("x"));
    let mut appended = content.clone();
    appended.push(0);
    for body in [
        archive(&tree("y")),
        appended,
        content[..content.len() - 1].to_vec(),
        vec![],
    ] {
        let (url, count) = server(move |_| std::future::ready(body.clone().into_response())).await;
        let fetcher = fetcher(|_| {});
        let error = fetcher.fetch(&artifact(&url, &content)).await.unwrap_err();
        assert!(matches!(error, FetchError::Mismatch { .. }), "{error}");
        assert_eq!(count.load(Ordering::SeqCst), 1);
        assert_eq!(fetcher.counters().cached_bytes, 0);
    }
    let mut md5 = artifact("http://192.0.2.1/", b"");
    md5.digest = "md5:00".to_owned();
    let error = fetcher(|_| {}).fetch(&md5).await.unwrap_err();
    assert!(matches!(error, FetchError::Digest { .. }));
}

#[tokio::test]
async fn a_src_19_what_expands_beyond_the_limits_is_refused() {
    let limits = Limits {
        max_total_bytes: 100_000,
        max_file_bytes: 50_000,
        ..Limits::default()
    };
    let bomb = {
        let mut builder = Tree::builder(Limits::default());
        builder.file("zeros", vec![0; 10_000_000], false).unwrap();
        archive(&builder.build())
    };
    let long = vec![7; 100_001];
    for (body, want) in [
        (bomb, "failed to extract archive: file"),
        (long, "larger than 100000"),
    ] {
        let limits = limits.clone();
        let artifact_content = body.clone();
        let (url, _) = server(move |_| std::future::ready(body.clone().into_response())).await;
        let fetcher = fetcher(move |options| options.limits = limits);
        let error = fetcher
            .fetch(&artifact(&url, &artifact_content))
            .await
            .unwrap_err();
        assert!(error.to_string().contains(want), "{error}");
    }
    // Not even an archive, yet with the right digest.
    let mut noise = Vec::new();
    noise.write_all(b"<html></html>").unwrap();
    let body = noise.clone();
    let (url, _) = server(move |_| std::future::ready(body.clone().into_response())).await;
    let error = fetcher(|_| {})
        .fetch(&artifact(&url, &noise))
        .await
        .unwrap_err();
    assert!(matches!(error, FetchError::Extract(_)), "{error}");
}
