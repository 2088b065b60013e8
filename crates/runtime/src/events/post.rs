use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use reqwest::Url;
use serde::Serialize;
use tokio::sync::mpsc;
use tracing::error;

use super::{Job, Occurrence, RecorderError, Severity, hostname};

/// Flux: kustomize-controller spec §17, source-controller spec §14.
const TIMEOUT: Duration = Duration::from_secs(5);
const RETRIES: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// A notification as notification-controller takes it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Notification<'a> {
    involved_object: &'a ObjectReference,
    severity: &'static str,
    timestamp: Time,
    message: &'a str,
    reason: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: &'a BTreeMap<String, String>,
    reporting_controller: &'a str,
    reporting_instance: &'a str,
}

/// Whether an event is posted at all: traces are not, nor what is about no namespaced object.
pub(super) fn wants(occurrence: &Occurrence) -> bool {
    let r = &occurrence.reference;
    let named = [&r.kind, &r.name, &r.namespace]
        .iter()
        .all(|part| part.as_deref().is_some_and(|part| !part.is_empty()));
    named && occurrence.severity != Severity::Trace
}

/// Posts notifications, one after the other, off the reconciles' path.
pub(super) struct Poster {
    http: reqwest::Client,
    url: Url,
    component: Arc<str>,
    instance: String,
    /// The receiver was unreachable through all tries: until it answers again each event gets one,
    /// so that a backlog drains instead of growing.
    down: bool,
}

enum Answer {
    Done,
    Refused(String),
    Unavailable(String),
}

impl Poster {
    pub(super) fn new(address: &str, component: Arc<str>) -> Result<Self, RecorderError> {
        let url = Url::parse(address)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| RecorderError::Address("not an absolute http(s) URL".to_owned()))?;
        // Only fails when one is installed already, which is as good.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .pool_max_idle_per_host(1)
            .build()
            .map_err(|error| RecorderError::Address(error.to_string()))?;
        Ok(Self {
            http,
            url,
            component,
            instance: hostname(),
            down: false,
        })
    }

    pub(super) async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(job) = jobs.recv().await {
            match job {
                Job::Event(occurrence) => self.post(&occurrence).await,
                Job::Flush(tell) => {
                    let _ = tell.send(());
                }
            }
        }
    }

    async fn post(&mut self, occurrence: &Occurrence) {
        let notification = Notification {
            involved_object: &occurrence.reference,
            severity: match occurrence.severity {
                Severity::Error => "error",
                Severity::Info | Severity::Trace => "info",
            },
            timestamp: Time(occurrence.at),
            message: &occurrence.message,
            reason: &occurrence.reason,
            metadata: &occurrence.metadata,
            reporting_controller: &self.component,
            reporting_instance: &self.instance,
        };
        let tries = if self.down { 1 } else { 1 + RETRIES };
        let mut pause = FIRST_PAUSE;
        let mut failure = String::new();
        for attempt in 1..=tries {
            match self.send(&notification).await {
                Answer::Done => {
                    self.down = false;
                    return;
                }
                Answer::Refused(why) => {
                    self.down = false;
                    failure = why;
                    break;
                }
                Answer::Unavailable(why) => {
                    failure = why;
                    if attempt == tries {
                        self.down = true;
                    } else {
                        tokio::time::sleep(pause).await;
                        pause *= 2;
                    }
                }
            }
        }
        error!(
            reason = occurrence.reason,
            namespace = occurrence.reference.namespace,
            name = occurrence.reference.name,
            error = failure,
            "unable to send event"
        );
    }

    async fn send(&self, notification: &Notification<'_>) -> Answer {
        let sent = self.http.post(self.url.clone()).json(notification).send();
        match sent.await.map(|answer| answer.status()) {
            // The receiver has seen this event already.
            Ok(StatusCode::TOO_MANY_REQUESTS) => Answer::Done,
            Ok(status) if status.is_success() => Answer::Done,
            Ok(status) if status.is_server_error() => {
                Answer::Unavailable(format!("receiver answered {status}"))
            }
            Ok(status) => Answer::Refused(format!("receiver answered {status}")),
            // The address may carry credentials.
            Err(error) => Answer::Unavailable(error.without_url().to_string()),
        }
    }
}
