use std::collections::HashMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Event, EventSource};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use k8s_openapi::jiff::Timestamp;
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::json;
use tokio::sync::mpsc;
use tracing::debug;

use super::{Job, Occurrence, Severity, hostname};

/// Events whose repeats are counted. The API server drops an event after an hour, and a repeat of
/// one that is forgotten here is merely a new event.
const REMEMBERED: usize = 2048;

/// An event that was written and may be seen again.
struct Seen {
    name: String,
    count: i32,
    last: Timestamp,
}

/// Writes Kubernetes events, one after the other, which keeps their order and the counts of their
/// repeats right.
pub(super) struct Writer {
    client: Client,
    component: Arc<str>,
    instance: String,
    seen: HashMap<u64, Seen>,
}

impl Writer {
    pub(super) fn new(client: Client, component: Arc<str>) -> Self {
        Self {
            client,
            component,
            instance: hostname(),
            seen: HashMap::new(),
        }
    }

    pub(super) async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(job) = jobs.recv().await {
            match job {
                Job::Event(occurrence) => {
                    if let Err(error) = self.write(&occurrence).await {
                        // A namespace on its way out takes no events; nobody misses them.
                        debug!(
                            reason = occurrence.reason,
                            namespace = occurrence.reference.namespace,
                            name = occurrence.reference.name,
                            error = %error,
                            "event not written"
                        );
                    }
                }
                Job::Flush(tell) => {
                    let _ = tell.send(());
                }
            }
        }
    }

    async fn write(&mut self, occurrence: &Occurrence) -> Result<(), kube::Error> {
        // Cluster-scoped objects have their events in the default namespace.
        let namespace = occurrence.reference.namespace.as_deref();
        let namespace = namespace.unwrap_or("default");
        let api: Api<Event> = Api::namespaced(self.client.clone(), namespace);
        let identity = occurrence.identity();
        if let Some(seen) = self.seen.get_mut(&identity) {
            let patch = json!({"count": seen.count + 1, "lastTimestamp": Time(occurrence.at)});
            let sent = api
                .patch(&seen.name, &PatchParams::default(), &Patch::Merge(patch))
                .await;
            match sent {
                Ok(_) => {
                    seen.count += 1;
                    seen.last = occurrence.at;
                    return Ok(());
                }
                // Expired on the server: it starts over.
                Err(kube::Error::Api(status)) if status.code == 404 => {
                    self.seen.remove(&identity);
                }
                Err(error) => return Err(error),
            }
        }
        let event = self.event(occurrence, namespace);
        let name = event.metadata.name.clone().unwrap_or_default();
        api.create(&PostParams::default(), &event).await?;
        self.remember(identity, name, occurrence.at);
        Ok(())
    }

    fn event(&self, occurrence: &Occurrence, namespace: &str) -> Event {
        let about = occurrence.reference.name.as_deref().unwrap_or_default();
        Event {
            metadata: ObjectMeta {
                // Unique per object and instant, in the form event names always have.
                name: Some(format!("{about}.{:x}", occurrence.at.as_nanosecond())),
                namespace: Some(namespace.to_owned()),
                annotations: (!occurrence.metadata.is_empty()).then(|| occurrence.metadata.clone()),
                ..ObjectMeta::default()
            },
            involved_object: occurrence.reference.clone(),
            reason: Some(occurrence.reason.clone()),
            message: Some(occurrence.message.clone()),
            source: Some(EventSource {
                component: Some(self.component.to_string()),
                host: None,
            }),
            first_timestamp: Some(Time(occurrence.at)),
            last_timestamp: Some(Time(occurrence.at)),
            count: Some(1),
            type_: Some(
                match occurrence.severity {
                    Severity::Error => "Warning",
                    Severity::Info | Severity::Trace => "Normal",
                }
                .to_owned(),
            ),
            reporting_component: Some(self.component.to_string()),
            reporting_instance: Some(self.instance.clone()),
            ..Event::default()
        }
    }

    fn remember(&mut self, identity: u64, name: String, at: Timestamp) {
        if self.seen.len() >= REMEMBERED {
            let mut ages: Vec<Timestamp> = self.seen.values().map(|seen| seen.last).collect();
            ages.sort_unstable();
            let median = ages[ages.len() / 2];
            self.seen.retain(|_, seen| seen.last > median);
        }
        let seen = Seen {
            name,
            count: 1,
            last: at,
        };
        self.seen.insert(identity, seen);
    }
}
