//! Events on objects: Kubernetes events, and notifications to `--events-addr`.

mod cluster;
mod post;

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::jiff::Timestamp;
use kube::{Client, Resource, ResourceExt};
use tokio::sync::{mpsc, oneshot};
use tracing::warn;
use windlass_api::meta::EVENT_ANNOTATION_PREFIX;

/// Events that may wait, for the cluster and for the receiver of notifications each. Beyond it new
/// ones are dropped.
const BACKLOG: usize = 4096;

/// How long the end of a process waits for the last events.
const FLUSH: Duration = Duration::from_secs(5);

/// How much an event matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// Worth telling; a `Normal` Kubernetes event.
    Info,
    /// A failure; a `Warning` Kubernetes event.
    Error,
    /// Only a `Normal` Kubernetes event, never posted.
    Trace,
}

/// What is to be said about an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRecord {
    /// How much it matters.
    pub severity: Severity,
    /// Machine-readable reason.
    pub reason: String,
    /// Human-readable text.
    pub message: String,
    /// Annotations of the Kubernetes event and metadata of the notification, with full keys.
    pub metadata: BTreeMap<String, String>,
    /// Whether it only says that all is as it was: it is posted, so that receivers that follow
    /// every run do, but the API server is spared a Kubernetes event.
    pub routine: bool,
}

impl EventRecord {
    /// An event without metadata.
    pub fn new(severity: Severity, reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity,
            reason: reason.into(),
            message: message.into(),
            metadata: BTreeMap::new(),
            routine: false,
        }
    }

    /// The same with one more metadata entry.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }
}

/// The object that events are about.
#[derive(Clone, Debug)]
pub struct Involved {
    /// Which object.
    pub reference: ObjectReference,
    /// Its annotations; those under `event.toolkit.fluxcd.io/` travel with every event.
    pub annotations: BTreeMap<String, String>,
}

impl Involved {
    /// The object as read from the cluster.
    pub fn of<K: Resource<DynamicType = ()>>(object: &K) -> Self {
        Self {
            reference: object.object_ref(&()),
            annotations: object.annotations().clone(),
        }
    }
}

/// An event with everything that is written about it.
#[derive(Debug)]
struct Occurrence {
    reference: ObjectReference,
    severity: Severity,
    reason: String,
    message: String,
    metadata: BTreeMap<String, String>,
    at: Timestamp,
}

impl Occurrence {
    /// What makes two occurrences the same event seen again. As in client-go the metadata does not
    /// count: the event keeps that of its first occurrence.
    fn identity(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let r = &self.reference;
        (&r.api_version, &r.kind, &r.namespace, &r.name, &r.uid).hash(&mut hasher);
        (self.severity, &self.reason, &self.message).hash(&mut hasher);
        hasher.finish()
    }
}

enum Job {
    Event(Arc<Occurrence>),
    Flush(oneshot::Sender<()>),
}

/// Why a recorder could not be made.
#[derive(Debug, thiserror::Error)]
pub enum RecorderError {
    /// `--events-addr` is not an absolute http(s) URL, or no client can be made for it.
    #[error("events address: {0}")]
    Address(String),
}

struct Queues {
    cluster: mpsc::Sender<Job>,
    post: Option<mpsc::Sender<Job>>,
}

/// Writes events in the background, and stops when its last clone is dropped. Clones share the
/// queue.
#[derive(Clone)]
pub struct Recorder(Arc<Queues>);

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("posts", &self.0.post.is_some())
            .finish_non_exhaustive()
    }
}

impl Recorder {
    /// A recorder that reports as `component` (`kustomize-controller`), and posts to `events_addr`
    /// (an empty one means no posts). Starts its tasks; call it inside a tokio runtime.
    ///
    /// # Errors
    /// When `events_addr` is not a URL.
    pub fn new(client: Client, component: &str, events_addr: &str) -> Result<Self, RecorderError> {
        let component: Arc<str> = component.into();
        let post = if events_addr.is_empty() {
            None
        } else {
            let poster = post::Poster::new(events_addr, component.clone())?;
            let (sender, jobs) = mpsc::channel(BACKLOG);
            tokio::spawn(poster.run(jobs));
            Some(sender)
        };
        let (cluster, jobs) = mpsc::channel(BACKLOG);
        tokio::spawn(cluster::Writer::new(client, component).run(jobs));
        Ok(Self(Arc::new(Queues { cluster, post })))
    }

    /// Hands over an event without waiting for it to be written. Annotations of the object under
    /// `event.toolkit.fluxcd.io/` are added to its metadata and win.
    pub fn record(&self, object: &Involved, event: EventRecord) {
        let mut metadata = event.metadata;
        metadata.extend(
            object
                .annotations
                .iter()
                .filter(|(key, _)| key.starts_with(EVENT_ANNOTATION_PREFIX))
                .map(|(key, value)| (key.clone(), value.clone())),
        );
        let occurrence = Arc::new(Occurrence {
            reference: object.reference.clone(),
            severity: event.severity,
            reason: event.reason,
            message: event.message,
            metadata,
            at: Timestamp::now(),
        });
        if !event.routine {
            hand_over(&self.0.cluster, &occurrence);
        }
        if let Some(post) = &self.0.post
            && post::wants(&occurrence)
        {
            hand_over(post, &occurrence);
        }
    }

    /// Waits until everything handed over so far has been written or given up, for 5 s at
    /// most: it is for the end of a process.
    pub async fn flush(&self) {
        if tokio::time::timeout(FLUSH, self.written()).await.is_err() {
            warn!("not all events could be written before the end");
        }
    }

    async fn written(&self) {
        let queues = std::iter::once(&self.0.cluster).chain(&self.0.post);
        let mut done = Vec::new();
        for queue in queues {
            let (tell, told) = oneshot::channel();
            if queue.send(Job::Flush(tell)).await.is_ok() {
                done.push(told);
            }
        }
        for told in done {
            // An error means the task is gone, and with it what it held.
            let _ = told.await;
        }
    }
}

fn hand_over(queue: &mpsc::Sender<Job>, occurrence: &Arc<Occurrence>) {
    if queue.try_send(Job::Event(occurrence.clone())).is_err() {
        warn!(
            reason = occurrence.reason,
            namespace = occurrence.reference.namespace,
            name = occurrence.reference.name,
            "event dropped: too many are waiting"
        );
    }
}

/// Name of this process towards others: the host's, which in a pod is the pod's.
pub(crate) fn hostname() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map(|name| name.trim().to_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_end_waits_for_five_seconds_at_most() {
        let (cluster, mut jobs) = mpsc::channel(1);
        let recorder = Recorder(Arc::new(Queues {
            cluster,
            post: None,
        }));
        let started = tokio::time::Instant::now();
        let both = async { tokio::join!(recorder.flush(), jobs.recv()) };
        let ended = tokio::time::timeout(2 * FLUSH, both).await;
        let ((), asked) = ended.expect("the end waits too long");
        assert_eq!(started.elapsed(), FLUSH);
        // It was asked, and never told that all is written.
        assert!(matches!(asked, Some(Job::Flush(tell)) if tell.is_closed()));
    }
}
