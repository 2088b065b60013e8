//! The consumer's side: artifacts by URL, as trees.

mod cache;
mod download;
mod error;
mod hosts;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use windlass_api::source::Artifact;
use windlass_archive::{Limits, Tree};

use crate::digest::Digest;
use cache::Cache;
use download::Downloader;

pub use error::FetchError;
pub use hosts::HostOverrides;

/// How artifacts are fetched and kept.
#[derive(Debug, Clone)]
pub struct FetcherOptions {
    /// How often a failed download is tried again (`--http-retry`).
    pub retries: u32,
    /// Pause before the first retry; it doubles from one to the next.
    pub backoff_min: Duration,
    /// Longest pause between retries.
    pub backoff_max: Duration,
    /// How many bytes of extracted trees are kept; 0 keeps none.
    pub max_cache_bytes: u64,
    /// Bounds of each tree. The compressed download may not exceed `max_total_bytes` either.
    pub limits: Limits,
    /// Hosts to fetch from instead of those that the artifacts name.
    pub hosts: HostOverrides,
}

impl Default for FetcherOptions {
    /// The values of Flux (nine retries, 5 s to 30 s apart), a cache of 64 MiB, no other hosts.
    fn default() -> Self {
        Self {
            retries: 9,
            backoff_min: Duration::from_secs(5),
            backoff_max: Duration::from_secs(30),
            max_cache_bytes: 64 * 1024 * 1024,
            limits: Limits::default(),
            hosts: HostOverrides::default(),
        }
    }
}

/// What a fetcher has done so far, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Requests made, retries included.
    pub downloads: u64,
    /// Archives extracted and found to have their digest.
    pub extractions: u64,
    /// Fetches answered without a request of their own: from the cache, or by one under way.
    pub hits: u64,
    /// Bytes of the trees in the cache now.
    pub cached_bytes: u64,
}

/// Fetches artifacts. Trees are kept by digest within a budget, the one not used for longest goes first,
/// and however many ask for one digest at once, it is fetched once.
#[derive(Debug)]
pub struct Fetcher {
    downloader: Downloader,
    hosts: HostOverrides,
    cache: Mutex<Cache>,
    flights: Mutex<HashMap<Digest, Arc<Flight>>>,
    hits: AtomicU64,
}

/// One fetch under way. Whoever holds the lock does the work; it passes on when that one gives up.
type Flight = tokio::sync::Mutex<Option<Landing>>;

/// How a fetch ended, for those that waited, and from where it was tried.
#[derive(Debug)]
struct Landing {
    url: String,
    result: Result<Tree, FetchError>,
}

impl Fetcher {
    /// Prepares a fetcher with one connection pool. Fails when the HTTP client cannot be built.
    pub fn new(options: FetcherOptions) -> Result<Fetcher, FetchError> {
        Ok(Fetcher {
            cache: Mutex::new(Cache::new(options.max_cache_bytes)),
            hosts: options.hosts.clone(),
            downloader: Downloader::new(options)?,
            flights: Mutex::default(),
            hits: AtomicU64::new(0),
        })
    }

    /// The content of `artifact`, which is certain to have the artifact's digest.
    pub async fn fetch(&self, artifact: &Artifact) -> Result<Tree, FetchError> {
        let digest: Digest = artifact
            .digest
            .parse()
            .map_err(|source| FetchError::Digest {
                digest: artifact.digest.clone(),
                source,
            })?;
        if let Some(tree) = self.cache.lock().get(&digest, Instant::now()) {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return Ok(tree);
        }
        let boarding = Boarding::new(self, &digest);
        let mut landing = boarding.flight.lock().await;
        match &*landing {
            Some(Landing {
                result: Ok(tree), ..
            }) => {
                self.hits.fetch_add(1, Ordering::Relaxed);
                return Ok(tree.clone());
            }
            Some(Landing {
                url,
                result: Err(error),
            }) if *url == artifact.url => {
                return Err(error.clone());
            }
            // Nobody before got to an end, or from elsewhere only.
            _ => {}
        }
        // Somebody may have landed between the first look and boarding.
        let cached = self.cache.lock().get(&digest, Instant::now());
        if let Some(tree) = cached {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return Ok(tree);
        }
        let url = self.hosts.apply(&artifact.url)?;
        let result = self.downloader.download(&url, &digest).await;
        if let Ok(tree) = &result {
            self.cache
                .lock()
                .insert(digest.clone(), tree.clone(), Instant::now());
        }
        *landing = Some(Landing {
            url: artifact.url.clone(),
            result: result.clone(),
        });
        result
    }

    /// What has been done so far.
    pub fn counters(&self) -> Counters {
        Counters {
            downloads: self.downloader.requests(),
            extractions: self.downloader.extractions(),
            hits: self.hits.load(Ordering::Relaxed),
            cached_bytes: self.cache.lock().bytes(),
        }
    }
}

/// A seat on a flight; the last to leave takes it off the list, also when it was cancelled.
struct Boarding<'a> {
    fetcher: &'a Fetcher,
    digest: Digest,
    flight: Arc<Flight>,
}

impl<'a> Boarding<'a> {
    fn new(fetcher: &'a Fetcher, digest: &Digest) -> Self {
        let flight = Arc::clone(fetcher.flights.lock().entry(digest.clone()).or_default());
        Self {
            fetcher,
            digest: digest.clone(),
            flight,
        }
    }
}

impl Drop for Boarding<'_> {
    fn drop(&mut self) {
        let mut flights = self.fetcher.flights.lock();
        // The list and this seat. Newcomers board under the lock held here. A failure that has landed is
        // only for those who waited for it: whoever asks later tries again.
        let last = Arc::strong_count(&self.flight) == 2;
        let over = self
            .flight
            .try_lock()
            .is_ok_and(|landing| landing.is_some());
        let listed = flights
            .get(&self.digest)
            .is_some_and(|on| Arc::ptr_eq(on, &self.flight));
        if listed && (last || over) {
            flights.remove(&self.digest);
        }
    }
}

#[cfg(test)]
mod tests;
