use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use kube::Client;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use windlass_health::{ObjectId, Tracker};
use windlass_runtime::ObjectKey;
use windlass_runtime::mapper::{ApiResource, MapError, RestMapper};

use crate::cluster::Cluster;
use crate::ignore::IgnoreRules;
use crate::memory;

/// How long the API server may take to serve a kind after it has called the CRD established.
const SERVED_WITHIN: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How one Kustomization wants its objects applied.
#[derive(Clone, Debug)]
pub struct ApplyOptions {
    /// The Kustomization that owns the objects.
    pub owner: ObjectKey,
    /// `spec.force`: recreate objects whose change the API server refuses as immutable.
    pub force: bool,
    /// `spec.ignore`, compiled.
    pub ignore: IgnoreRules,
    /// Further field managers, by prefix, whose fields are taken over (`--override-manager`).
    pub override_managers: Vec<String>,
    /// Requests in flight at once within a stage (`--concurrent-ssa`); 0 counts as 1.
    pub concurrency: usize,
    /// Nothing but drift asks for the run: objects that are to be left alone until the interval are.
    pub corrects_drift: bool,
}

impl ApplyOptions {
    /// The defaults for `owner`: no force, nothing ignored, four requests at once.
    pub fn new(owner: ObjectKey) -> Self {
        Self {
            owner,
            force: false,
            ignore: IgnoreRules::default(),
            override_managers: Vec::new(),
            concurrency: 4,
            corrects_drift: false,
        }
    }
}

/// Applies and deletes the objects of one Kustomization in one cluster, with one identity. Made for
/// one run: all stages of the run go through the same applier.
pub struct Applier {
    pub(crate) cluster: Cluster,
    pub(crate) tracker: Tracker,
    pub(crate) options: ApplyOptions,
    /// Hash of the options that change what an apply does to an object.
    pub(crate) rules: u64,
    /// Group and kind of what the CRDs of this run define.
    defined: Mutex<HashSet<(String, String)>>,
}

impl Applier {
    /// An applier that sends every request through `client`, whose identity it never leaves.
    /// `mapper` and `tracker` must belong to the cluster of `client`.
    pub fn new(
        client: Client,
        mapper: RestMapper,
        tracker: Tracker,
        options: ApplyOptions,
    ) -> Self {
        let rules = memory::hash_text(&format!(
            "{:?} {:?}",
            options.ignore, options.override_managers
        ));
        Self {
            cluster: Cluster::new(client, mapper),
            tracker,
            options,
            rules,
            defined: Mutex::default(),
        }
    }

    pub(crate) fn concurrency(&self) -> usize {
        self.options.concurrency.max(1)
    }

    /// Notes what a CRD defines.
    pub(crate) fn defines(&self, crd: &Value) {
        let text = |pointer: &str| Some(crd.pointer(pointer)?.as_str()?.to_owned());
        if let (Some(group), Some(kind)) = (text("/spec/group"), text("/spec/names/kind")) {
            self.defined.lock().insert((group, kind));
        }
    }

    /// The resource of an object and whether it is namespaced. A kind that a CRD of this run defines is
    /// given a moment to appear: discovery follows the CRD's `Established` condition with some delay.
    pub(crate) async fn resolve(&self, id: &ObjectId) -> Result<(ApiResource, bool), MapError> {
        let until = Instant::now() + SERVED_WITHIN;
        loop {
            let found = self.cluster.resolve(&id.group, &id.version, &id.kind).await;
            let defined = || (id.group.to_string(), id.kind.to_string());
            let expected = matches!(found, Err(MapError::NoMatch { .. }))
                && self.defined.lock().contains(&defined());
            if !expected || Instant::now() >= until {
                return found;
            }
            sleep(LOOK_EVERY).await;
            self.cluster.kinds_changed();
        }
    }
}

impl fmt::Debug for Applier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Applier")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
