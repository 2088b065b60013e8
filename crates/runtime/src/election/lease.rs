use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use k8s_openapi::jiff::Timestamp;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};
use tokio::time::Instant;

use super::ElectionOptions;

/// One process standing for election, with what it has seen of the lease.
pub(super) struct Candidate {
    api: Api<Lease>,
    options: ElectionOptions,
    /// The lease as last seen, and when it was first seen that way.
    seen: Option<(Lease, Instant)>,
    /// Whether this candidate has held the lease.
    led: bool,
}

/// An answer that means somebody else was faster.
fn lost_race(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 409)
}

impl Candidate {
    pub(super) fn new(client: Client, options: ElectionOptions) -> Self {
        Self {
            api: Api::namespaced(client, &options.namespace),
            options,
            seen: None,
            led: false,
        }
    }

    fn holder(&self) -> Option<&str> {
        let (lease, _) = self.seen.as_ref()?;
        lease.spec.as_ref()?.holder_identity.as_deref()
    }

    /// Whether somebody else was seen to hold the lease.
    pub(super) fn was_taken(&self) -> bool {
        self.holder()
            .is_some_and(|holder| !holder.is_empty() && holder != self.options.identity)
    }

    fn observe(&mut self, lease: Lease) {
        match &mut self.seen {
            // Any write counts, renewals most of all: they change the spec.
            Some((old, _)) if old.spec == lease.spec => *old = lease,
            seen => *seen = Some((lease, Instant::now())),
        }
    }

    /// Takes or renews the lease; answers whether this candidate holds it now.
    pub(super) async fn try_hold(&mut self) -> Result<bool, kube::Error> {
        let Some(current) = self.api.get_opt(&self.options.lease).await? else {
            let lease = Lease {
                metadata: ObjectMeta {
                    name: Some(self.options.lease.clone()),
                    namespace: Some(self.options.namespace.clone()),
                    ..ObjectMeta::default()
                },
                spec: Some(self.claim(None)),
            };
            let created = self.api.create(&PostParams::default(), &lease).await;
            return self.settle(created);
        };
        self.observe(current);
        if self.is_held_by_other() {
            return Ok(false);
        }
        let Some((current, _)) = &self.seen else {
            return Ok(false);
        };
        let mut lease = current.clone();
        lease.spec = Some(self.claim(current.spec.as_ref()));
        self.replace(lease).await
    }

    /// Writes over the lease as it was seen; its resource version makes that safe.
    async fn replace(&mut self, lease: Lease) -> Result<bool, kube::Error> {
        let replaced = self
            .api
            .replace(&self.options.lease, &PostParams::default(), &lease)
            .await;
        self.settle(replaced)
    }

    fn settle(&mut self, written: Result<Lease, kube::Error>) -> Result<bool, kube::Error> {
        match written {
            Ok(lease) => {
                self.observe(lease);
                self.led = true;
                Ok(true)
            }
            Err(error) if lost_race(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn is_held_by_other(&self) -> bool {
        let Some((lease, since)) = self.seen.as_ref().filter(|_| self.was_taken()) else {
            return false;
        };
        // A leader that was replaced has lost for good, even when the other one is gone by now.
        if self.led {
            return true;
        }
        let seconds = lease.spec.as_ref().and_then(|s| s.lease_duration_seconds);
        let valid = Duration::from_secs(u64::try_from(seconds.unwrap_or(0)).unwrap_or(0));
        since.elapsed() < valid
    }

    fn claim(&self, current: Option<&LeaseSpec>) -> LeaseSpec {
        let now = Some(MicroTime(Timestamp::now()));
        let mut spec = current.cloned().unwrap_or_default();
        let mine = spec.holder_identity.as_deref() == Some(&self.options.identity);
        if !mine {
            spec.acquire_time.clone_from(&now);
            spec.lease_transitions = Some(match current {
                Some(current) => current.lease_transitions.unwrap_or(0) + 1,
                None => 0,
            });
        }
        spec.holder_identity = Some(self.options.identity.clone());
        let seconds = self.options.lease_duration.as_secs().max(1);
        spec.lease_duration_seconds = Some(i32::try_from(seconds).unwrap_or(i32::MAX));
        spec.renew_time = now;
        spec
    }

    /// Gives the lease back, so that the next candidate need not wait for it to expire.
    pub(super) async fn release(&mut self) -> Result<(), kube::Error> {
        let Some(current) = self.api.get_opt(&self.options.lease).await? else {
            return Ok(());
        };
        self.observe(current.clone());
        if self.holder() != Some(&self.options.identity) {
            return Ok(());
        }
        let now = Some(MicroTime(Timestamp::now()));
        let mut lease = current;
        lease.spec = Some(LeaseSpec {
            holder_identity: Some(String::new()),
            lease_duration_seconds: Some(1),
            acquire_time: now.clone(),
            renew_time: now,
            ..lease.spec.unwrap_or_default()
        });
        self.replace(lease).await.map(|_| ())
    }
}
