//! The metrics of the contract and the page they are served on.

mod labels;
mod page;
mod process;

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{
    Histogram, exponential_buckets, exponential_buckets_range,
};
use prometheus_client::registry::Registry;
use std::sync::atomic::AtomicU64;

use crate::ObjectKey;
pub use page::serve;

use labels::{ControllerLabel, LeaseLabel, ObjectLabels, QueueLabels, RequestLabels, ResultLabels};

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;
type FloatGauge = Gauge<f64, AtomicU64>;

/// How a reconcile ended, as `controller_runtime_reconcile_total` counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReconcileResult {
    /// Nothing more to do.
    Success,
    /// It runs again after a fixed delay.
    RequeueAfter,
    /// It runs again at once.
    Requeue,
    /// It failed and is retried with exponential delays.
    Error,
}

impl ReconcileResult {
    fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::RequeueAfter => "requeue_after",
            Self::Requeue => "requeue",
            Self::Error => "error",
        }
    }
}

/// Something that knows for how long its current work has been going on: asked at each scrape.
pub(crate) trait InProgress: Send + Sync {
    /// Seconds spent so far, by every piece of work that is not done.
    fn running(&self) -> Vec<f64>;
}

struct Families {
    registry: RwLock<Registry>,
    durations: Histograms<ObjectLabels>,
    reconciles: Family<ResultLabels, Counter>,
    reconcile_errors: Family<ControllerLabel, Counter>,
    reconcile_panics: Family<ControllerLabel, Counter>,
    reconcile_time: Histograms<ControllerLabel>,
    active_workers: Family<ControllerLabel, Gauge>,
    max_workers: Family<ControllerLabel, Gauge>,
    depth: Family<QueueLabels, Gauge>,
    adds: Family<QueueLabels, Counter>,
    retries: Family<QueueLabels, Counter>,
    queued_for: Histograms<QueueLabels>,
    worked_for: Histograms<QueueLabels>,
    unfinished: Family<QueueLabels, FloatGauge>,
    longest: Family<QueueLabels, FloatGauge>,
    requests: Family<RequestLabels, Counter>,
    leader: Family<LeaseLabel, Gauge>,
    queues: Mutex<Vec<(QueueLabels, Weak<dyn InProgress>)>>,
}

/// The process's metrics. Clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<Families>);

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

fn reconcile_buckets() -> Histogram {
    Histogram::new(exponential_buckets_range(0.01, 1800.0, 10))
}

fn controller_buckets() -> Histogram {
    Histogram::new([
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0,
    ])
}

fn queue_buckets() -> Histogram {
    Histogram::new(exponential_buckets(10e-9, 10.0, 12))
}

impl Metrics {
    /// Fresh metrics, all at zero.
    pub fn new() -> Self {
        let families = Families {
            registry: RwLock::new(Registry::default()),
            durations: Family::new_with_constructor(reconcile_buckets),
            reconciles: Family::default(),
            reconcile_errors: Family::default(),
            reconcile_panics: Family::default(),
            reconcile_time: Family::new_with_constructor(controller_buckets),
            active_workers: Family::default(),
            max_workers: Family::default(),
            depth: Family::default(),
            adds: Family::default(),
            retries: Family::default(),
            queued_for: Family::new_with_constructor(queue_buckets),
            worked_for: Family::new_with_constructor(queue_buckets),
            unfinished: Family::default(),
            longest: Family::default(),
            requests: Family::default(),
            leader: Family::default(),
            queues: Mutex::default(),
        };
        families.register();
        Self(Arc::new(families))
    }

    /// Adds metrics of a controller's own. Counters are registered without their `_total`, which
    /// the page adds.
    pub fn register(&self, with: impl FnOnce(&mut Registry)) {
        with(&mut self.0.registry.write());
    }

    /// Records how long one reconcile of an object took.
    pub fn observe_reconcile(&self, kind: &'static str, key: &ObjectKey, took: Duration) {
        self.0
            .durations
            .get_or_create(&ObjectLabels::new(kind, key))
            .observe(took.as_secs_f64());
    }

    /// Drops the series of an object that is gone.
    pub fn forget(&self, kind: &'static str, key: &ObjectKey) {
        self.0.durations.remove(&ObjectLabels::new(kind, key));
    }

    /// Records whether this process leads under a lease name.
    pub fn leading(&self, lease: &str, leads: bool) {
        self.0
            .leader
            .get_or_create(&LeaseLabel {
                name: lease.to_owned(),
            })
            .set(i64::from(leads));
    }

    /// The page in the Prometheus text format, version 0.0.4.
    ///
    /// # Panics
    /// Never: writing to a string does not fail.
    pub fn encode(&self) -> String {
        self.0.measure_running();
        let mut text = String::new();
        #[expect(clippy::expect_used, reason = "a String takes every write")]
        prometheus_client::encoding::text::encode(&mut text, &self.0.registry.read())
            .expect("a String takes every write");
        page::plain_text(&text)
    }

    pub(crate) fn queue(&self, name: &'static str) -> QueueMetrics {
        let labels = QueueLabels {
            name,
            controller: name,
        };
        let controller = ControllerLabel { controller: name };
        let f = &self.0;
        QueueMetrics {
            depth: f.depth.get_or_create_owned(&labels),
            adds: f.adds.get_or_create_owned(&labels),
            retries: f.retries.get_or_create_owned(&labels),
            queued_for: f.queued_for.get_or_create_owned(&labels),
            worked_for: f.worked_for.get_or_create_owned(&labels),
            active: f.active_workers.get_or_create_owned(&controller),
            max: f.max_workers.get_or_create_owned(&controller),
            errors: f.reconcile_errors.get_or_create_owned(&controller),
            panics: f.reconcile_panics.get_or_create_owned(&controller),
            time: f.reconcile_time.get_or_create_owned(&controller),
            results: [
                ReconcileResult::Success,
                ReconcileResult::RequeueAfter,
                ReconcileResult::Requeue,
                ReconcileResult::Error,
            ]
            .map(|result| {
                f.reconciles.get_or_create_owned(&ResultLabels {
                    controller: name,
                    result: result.as_str(),
                })
            }),
        }
    }

    pub(crate) fn watch_queue(&self, name: &'static str, queue: Weak<dyn InProgress>) {
        let labels = QueueLabels {
            name,
            controller: name,
        };
        self.0.queues.lock().push((labels, queue));
    }

    pub(crate) fn request(&self, code: &str, host: &str, method: &str) {
        self.0
            .requests
            .get_or_create(&RequestLabels {
                code: code.to_owned(),
                host: host.to_owned(),
                method: method.to_owned(),
            })
            .inc();
    }
}

impl Families {
    fn register(&self) {
        let mut registry = self.registry.write();
        registry.register_collector(Box::new(process::ProcessCollector));
        let r = &mut *registry;
        // Names without the suffix the encoder adds.
        r.register(
            "gotk_reconcile_duration_seconds",
            "The duration in seconds of a GitOps Toolkit resource reconciliation",
            self.durations.clone(),
        );
        r.register(
            "controller_runtime_reconcile",
            "Total number of reconciliations per controller",
            self.reconciles.clone(),
        );
        r.register(
            "controller_runtime_reconcile_errors",
            "Total number of reconciliation errors per controller",
            self.reconcile_errors.clone(),
        );
        r.register(
            "controller_runtime_reconcile_panics",
            "Total number of reconciliation panics per controller",
            self.reconcile_panics.clone(),
        );
        r.register(
            "controller_runtime_reconcile_time_seconds",
            "Length of time per reconciliation per controller",
            self.reconcile_time.clone(),
        );
        r.register(
            "controller_runtime_active_workers",
            "Number of currently used workers per controller",
            self.active_workers.clone(),
        );
        r.register(
            "controller_runtime_max_concurrent_reconciles",
            "Maximum number of concurrent reconciles per controller",
            self.max_workers.clone(),
        );
        r.register(
            "workqueue_depth",
            "Current depth of workqueue",
            self.depth.clone(),
        );
        r.register(
            "workqueue_adds",
            "Total number of adds handled by workqueue",
            self.adds.clone(),
        );
        r.register(
            "workqueue_retries",
            "Total number of retries handled by workqueue",
            self.retries.clone(),
        );
        r.register(
            "workqueue_queue_duration_seconds",
            "How long in seconds an item stays in workqueue before being requested",
            self.queued_for.clone(),
        );
        r.register(
            "workqueue_work_duration_seconds",
            "How long in seconds processing an item from workqueue takes",
            self.worked_for.clone(),
        );
        r.register(
            "workqueue_unfinished_work_seconds",
            "How many seconds of work is in progress and has not been observed by work_duration",
            self.unfinished.clone(),
        );
        r.register(
            "workqueue_longest_running_processor_seconds",
            "How many seconds has the longest running processor for workqueue been running",
            self.longest.clone(),
        );
        r.register(
            "rest_client_requests",
            "Number of HTTP requests, partitioned by status code, method, and host",
            self.requests.clone(),
        );
        r.register(
            "leader_election_master_status",
            "Whether the reporting system is master of the relevant lease (1) or not (0)",
            self.leader.clone(),
        );
    }

    fn measure_running(&self) {
        self.queues.lock().retain(|(labels, queue)| {
            let Some(queue) = queue.upgrade() else {
                return false;
            };
            let running = queue.running();
            self.unfinished
                .get_or_create(labels)
                .set(running.iter().sum());
            self.longest
                .get_or_create(labels)
                .set(running.iter().copied().fold(0.0, f64::max));
            true
        });
    }
}

/// The series of one queue and its workers.
#[derive(Debug)]
pub(crate) struct QueueMetrics {
    pub(crate) depth: Gauge,
    pub(crate) adds: Counter,
    pub(crate) retries: Counter,
    pub(crate) queued_for: Histogram,
    pub(crate) worked_for: Histogram,
    pub(crate) active: Gauge,
    pub(crate) max: Gauge,
    errors: Counter,
    panics: Counter,
    time: Histogram,
    results: [Counter; 4],
}

impl QueueMetrics {
    pub(crate) fn finished(&self, result: ReconcileResult, took: Duration) {
        let index = match result {
            ReconcileResult::Success => 0,
            ReconcileResult::RequeueAfter => 1,
            ReconcileResult::Requeue => 2,
            ReconcileResult::Error => 3,
        };
        self.results[index].inc();
        if result == ReconcileResult::Error {
            self.errors.inc();
        }
        self.time.observe(took.as_secs_f64());
        self.worked_for.observe(took.as_secs_f64());
    }

    pub(crate) fn panicked(&self) {
        self.panics.inc();
    }
}

#[cfg(test)]
mod tests;
