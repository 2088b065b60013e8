//! One artifact over HTTP: retried, hashed and extracted while it arrives.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, Response, StatusCode};
use tokio::sync::mpsc;
use url::Url;
use windlass_archive::{Limits, Tree, read_tar_gz};

use crate::digest::{Digest, Hasher};
use crate::fetch::{FetchError, FetcherOptions};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest silence of the server.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest pause that a server may ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_mins(2);
/// Chunks between the network and the extraction; bounds what is in flight.
const CHUNKS: usize = 8;

#[derive(Debug)]
pub(crate) struct Downloader {
    client: Client,
    retries: u32,
    backoff_min: Duration,
    backoff_max: Duration,
    limits: Limits,
    requests: AtomicU64,
    extractions: AtomicU64,
}

/// How an attempt failed.
enum Failure {
    Final(FetchError),
    /// May go better next time, at the earliest after the pause that the server asked for.
    Transient {
        cause: String,
        pause: Option<Duration>,
    },
}

impl Downloader {
    pub(crate) fn new(options: FetcherOptions) -> Result<Self, FetchError> {
        let client = Client::builder()
            .user_agent(concat!("windlass/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            // The digest is that of the file as it is stored: nothing may be decompressed on the way.
            .no_gzip()
            .no_deflate()
            .no_brotli()
            .no_zstd()
            .build()
            .map_err(|error| FetchError::Internal(causes(&error)))?;
        Ok(Self {
            client,
            retries: options.retries,
            backoff_min: options.backoff_min,
            backoff_max: options.backoff_max,
            limits: options.limits,
            requests: AtomicU64::new(0),
            extractions: AtomicU64::new(0),
        })
    }

    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub(crate) fn extractions(&self) -> u64 {
        self.extractions.load(Ordering::Relaxed)
    }

    /// Downloads `url`, trying again while that may help.
    pub(crate) async fn download(&self, url: &Url, digest: &Digest) -> Result<Tree, FetchError> {
        let mut attempts = 0;
        let mut backoff = self.backoff_min;
        loop {
            attempts += 1;
            let (cause, pause) = match self.attempt(url, digest).await {
                Ok(tree) => return Ok(tree),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Transient { cause, pause }) => (cause, pause),
            };
            if attempts > self.retries {
                return Err(FetchError::Transport {
                    url: shown(url),
                    attempts,
                    cause,
                });
            }
            let pause = pause
                .unwrap_or(Duration::ZERO)
                .min(MAX_RETRY_AFTER)
                .max(backoff);
            tracing::debug!(
                url = shown(url),
                cause,
                ?pause,
                "retrying artifact download"
            );
            tokio::time::sleep(pause).await;
            backoff = backoff.saturating_mul(2).min(self.backoff_max);
        }
    }

    async fn attempt(&self, url: &Url, digest: &Digest) -> Result<Tree, Failure> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let response = self
            .client
            .get(url.clone())
            .send()
            .await
            .map_err(transient)?;
        let status = response.status();
        if status == StatusCode::NOT_FOUND {
            return Err(Failure::Final(FetchError::NotFound));
        }
        if status != StatusCode::OK {
            let cause = format!("status: {status}");
            let again = status == StatusCode::TOO_MANY_REQUESTS
                || status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED;
            return Err(if again {
                Failure::Transient {
                    cause,
                    pause: retry_after(&response),
                }
            } else {
                let (url, status) = (shown(url), status.to_string());
                Failure::Final(FetchError::Status { url, status })
            });
        }
        self.receive(url, digest, response).await
    }

    /// Feeds the body to a blocking thread that hashes and extracts it. What was extracted is let go
    /// unless the digest of the whole body is the right one.
    async fn receive(
        &self,
        url: &Url,
        digest: &Digest,
        mut response: Response,
    ) -> Result<Tree, Failure> {
        let limit = self.limits.max_total_bytes;
        let too_large = || {
            Failure::Final(FetchError::TooLarge {
                url: shown(url),
                limit,
            })
        };
        if response
            .content_length()
            .is_some_and(|length| length > limit)
        {
            return Err(too_large());
        }
        let (sender, receiver) = mpsc::channel(CHUNKS);
        let limits = self.limits.clone();
        let algorithm = digest.algorithm();
        let extraction = tokio::task::spawn_blocking(move || {
            let mut body = Body {
                receiver,
                chunk: Bytes::new(),
                hasher: Hasher::new(algorithm),
            };
            let tree = read_tar_gz(&mut body, &limits);
            // What follows the archive, or an error in it, belongs to the digest as well.
            let drained = io::copy(&mut body, &mut io::sink());
            (tree, drained.map(|_| body.hasher.finish()))
        });
        let mut total = 0_u64;
        while let Some(chunk) = response.chunk().await.map_err(transient)? {
            total += chunk.len() as u64;
            if total > limit {
                return Err(too_large());
            }
            // Nobody listens when extraction panicked; joining it tells.
            if sender.send(chunk).await.is_err() {
                break;
            }
        }
        drop(sender);
        let internal = |error: String| Failure::Final(FetchError::Internal(error));
        let (tree, computed) = extraction
            .await
            .map_err(|error| internal(error.to_string()))?;
        let computed = computed.map_err(|error| internal(error.to_string()))?;
        if computed != *digest {
            let (expected, computed) = (digest.to_string(), computed.to_string());
            return Err(Failure::Final(FetchError::Mismatch { expected, computed }));
        }
        let tree = tree.map_err(|error| Failure::Final(FetchError::Extract(error.to_string())))?;
        self.extractions.fetch_add(1, Ordering::Relaxed);
        Ok(tree)
    }
}

/// The body of a response for blocking readers, hashed as it is read.
struct Body {
    receiver: mpsc::Receiver<Bytes>,
    chunk: Bytes,
    hasher: Hasher,
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            match self.receiver.blocking_recv() {
                Some(chunk) => {
                    self.hasher.update(&chunk);
                    self.chunk = chunk;
                }
                None => return Ok(0),
            }
        }
        let length = self.chunk.len().min(buffer.len());
        buffer[..length].copy_from_slice(&self.chunk.split_to(length));
        Ok(length)
    }
}

fn transient(error: reqwest::Error) -> Failure {
    // The address stands in the message already, and here it would have its credentials.
    Failure::Transient {
        cause: causes(&error.without_url()),
        pause: None,
    }
}

/// An error with everything behind it: "error sending request" alone helps nobody.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

/// Only seconds: servers of artifacts give no dates.
fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}

/// The address without what may be secret in it.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}
