//! From group, version and kind to the resource path and scope, as the API server publishes them.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kube::Client;
pub use kube::discovery::{ApiResource, Scope};
use parking_lot::RwLock;
use tokio::time::Instant;

/// How long "the server does not serve that kind" is believed without asking again.
const MISS_FOR: Duration = Duration::from_secs(2);

/// Why a kind could not be resolved.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// The server does not serve the kind.
    #[error("no matches for kind \"{kind}\" in version \"{api_version}\"")]
    NoMatch {
        /// `group/version`, or the version alone for the core group.
        api_version: String,
        /// The kind asked for.
        kind: String,
    },
    /// Discovery itself failed.
    #[error("discovery of {api_version}: {source}")]
    Discovery {
        /// `group/version`, or the version alone for the core group.
        api_version: String,
        /// What the server or the transport said.
        #[source]
        source: Box<kube::Error>,
    },
}

/// What one group version serves: kind → (plural, scope). Small, unlike the whole of discovery,
/// which most controllers need a dozen kinds of.
type Kinds = HashMap<String, (String, Scope)>;

/// What the cache says of a kind.
enum Lookup {
    Served(String, Scope),
    /// Not served, as of an answer that is still believed.
    Missing,
    /// The server has to be asked.
    Unknown,
}

#[derive(Default)]
struct Slot {
    /// Kinds as of `at`, learnt in `epoch`; none before the first answer.
    known: RwLock<Option<Known>>,
    /// Held while asking, so that a crowd asks once.
    asking: tokio::sync::Mutex<()>,
}

struct Known {
    kinds: Kinds,
    at: Instant,
    epoch: u64,
}

struct Inner {
    client: Client,
    slots: RwLock<HashMap<String, Arc<Slot>>>,
    epoch: AtomicU64,
}

/// A cache over the discovery of one cluster. Clones share it.
#[derive(Clone)]
pub struct RestMapper(Arc<Inner>);

impl fmt::Debug for RestMapper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestMapper")
            .field("group_versions", &self.0.slots.read().len())
            .finish_non_exhaustive()
    }
}

impl RestMapper {
    /// An empty cache over `client`'s cluster; nothing is requested before the first lookup.
    pub fn new(client: Client) -> Self {
        Self(Arc::new(Inner {
            client,
            slots: RwLock::default(),
            epoch: AtomicU64::new(0),
        }))
    }

    /// The resource and scope of a kind. Asks the server once per group and version, and again
    /// (at most every two seconds) when the kind is not among what it answered.
    ///
    /// # Errors
    /// [`MapError::NoMatch`] when the server does not serve the kind.
    pub async fn resolve(
        &self,
        group: &str,
        version: &str,
        kind: &str,
    ) -> Result<(ApiResource, Scope), MapError> {
        let api_version = if group.is_empty() {
            version.to_owned()
        } else {
            format!("{group}/{version}")
        };
        let slot = self.slot(&api_version);
        let mut found = self.lookup(&slot, kind);
        if matches!(found, Lookup::Unknown) {
            let _turn = slot.asking.lock().await;
            found = self.lookup(&slot, kind);
            if matches!(found, Lookup::Unknown) {
                self.ask(&slot, group, &api_version).await?;
                found = self.lookup(&slot, kind);
            }
        }
        let Lookup::Served(plural, scope) = found else {
            return Err(MapError::NoMatch {
                api_version,
                kind: kind.to_owned(),
            });
        };
        let resource = ApiResource {
            group: group.to_owned(),
            version: version.to_owned(),
            api_version,
            kind: kind.to_owned(),
            plural,
        };
        Ok((resource, scope))
    }

    /// Forgets which kinds were missing; call it after applying CRDs or API services. Kinds that
    /// were found stay known.
    pub fn invalidate(&self) {
        self.0.epoch.fetch_add(1, Ordering::Relaxed);
    }

    /// Forgets one group version altogether; call it when the server answers 404 to a path that
    /// [`RestMapper::resolve`] gave.
    pub fn forget(&self, resource: &ApiResource) {
        self.0.slots.write().remove(&resource.api_version);
    }

    fn slot(&self, api_version: &str) -> Arc<Slot> {
        if let Some(slot) = self.0.slots.read().get(api_version) {
            return slot.clone();
        }
        self.0
            .slots
            .write()
            .entry(api_version.to_owned())
            .or_default()
            .clone()
    }

    fn lookup(&self, slot: &Slot, kind: &str) -> Lookup {
        let known = slot.known.read();
        let Some(known) = known.as_ref() else {
            return Lookup::Unknown;
        };
        if let Some((plural, scope)) = known.kinds.get(kind) {
            return Lookup::Served(plural.clone(), scope.clone());
        }
        let current = known.epoch == self.0.epoch.load(Ordering::Relaxed);
        if current && known.at.elapsed() < MISS_FOR {
            Lookup::Missing
        } else {
            Lookup::Unknown
        }
    }

    async fn ask(&self, slot: &Slot, group: &str, api_version: &str) -> Result<(), MapError> {
        // Read before asking: an invalidation while the answer is under way must count.
        let epoch = self.0.epoch.load(Ordering::Relaxed);
        let answer = if group.is_empty() {
            self.0.client.list_core_api_resources(api_version).await
        } else {
            self.0.client.list_api_group_resources(api_version).await
        };
        let kinds = match answer {
            Ok(list) => list
                .resources
                .into_iter()
                // Subresources are listed among the resources, with kinds of their own.
                .filter(|resource| !resource.name.contains('/'))
                .map(|resource| {
                    let scope = if resource.namespaced {
                        Scope::Namespaced
                    } else {
                        Scope::Cluster
                    };
                    (resource.kind, (resource.name, scope))
                })
                .collect(),
            Err(kube::Error::Api(status)) if status.code == 404 => Kinds::new(),
            Err(source) => {
                return Err(MapError::Discovery {
                    api_version: api_version.to_owned(),
                    source: Box::new(source),
                });
            }
        };
        *slot.known.write() = Some(Known {
            kinds,
            at: Instant::now(),
            epoch,
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use http::{Request, Response};
    use kube::client::Body;
    use serde_json::{Value, json};

    use super::*;

    type Answer = Box<dyn Fn(usize) -> Value + Send + Sync>;

    fn mapper(answer: Answer) -> (RestMapper, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let answer = Arc::new(answer);
        let service = tower::service_fn(move |_: Request<Body>| {
            let n = count.fetch_add(1, Ordering::SeqCst);
            let answer = answer.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(5)).await;
                let body = serde_json::to_vec(&answer(n)).unwrap();
                Ok::<_, std::convert::Infallible>(Response::new(Body::from(body)))
            }
        });
        (RestMapper::new(Client::new(service, "default")), asked)
    }

    fn serving(kinds: &[(&str, &str, bool)]) -> Value {
        let resources: Vec<Value> = kinds
            .iter()
            .map(|(kind, name, namespaced)| {
                json!({"kind": kind, "name": name, "namespaced": namespaced,
                       "singularName": "", "verbs": ["get"]})
            })
            .collect();
        json!({"kind": "APIResourceList", "groupVersion": "apps/v1", "resources": resources})
    }

    #[tokio::test(start_paused = true)]
    async fn a_crowd_asks_once() {
        let (mapper, asked) = mapper(Box::new(|_| {
            serving(&[
                ("Deployment", "deployments", true),
                ("Scale", "deployments/scale", true),
            ])
        }));
        let lookups = (0..20).map(|_| mapper.resolve("apps", "v1", "Deployment"));
        for found in futures::future::join_all(lookups).await {
            let (resource, scope) = found.unwrap();
            assert_eq!(resource.plural, "deployments");
            assert_eq!(resource.api_version, "apps/v1");
            assert_eq!(scope, Scope::Namespaced);
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        // A subresource's kind is not a kind of its own.
        assert!(mapper.resolve("apps", "v1", "Scale").await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn misses_are_asked_again_at_a_bounded_rate_or_when_told() {
        let (mapper, asked) = mapper(Box::new(|n| match n {
            0 | 1 => serving(&[]),
            _ => serving(&[("Widget", "widgets", false)]),
        }));
        for _ in 0..10 {
            let error = mapper.resolve("demo", "v1", "Widget").await.unwrap_err();
            assert_eq!(
                error.to_string(),
                "no matches for kind \"Widget\" in version \"demo/v1\""
            );
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        tokio::time::sleep(MISS_FOR).await;
        assert!(mapper.resolve("demo", "v1", "Widget").await.is_err());
        assert_eq!(asked.load(Ordering::SeqCst), 2);
        mapper.invalidate();
        let (_, scope) = mapper.resolve("demo", "v1", "Widget").await.unwrap();
        assert_eq!(scope, Scope::Cluster);
        assert_eq!(asked.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn an_unknown_group_is_no_match_and_not_an_outage() {
        let (mapper, _) = mapper(Box::new(|_| Value::Null));
        // Something that is no discovery document is an outage.
        assert!(matches!(
            mapper.resolve("", "v1", "Pod").await,
            Err(MapError::Discovery { .. })
        ));
        let service = tower::service_fn(|_: Request<Body>| async {
            let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure",
                                "reason": "NotFound", "code": 404, "message": "gone"});
            let mut response = Response::new(Body::from(serde_json::to_vec(&status).unwrap()));
            *response.status_mut() = http::StatusCode::NOT_FOUND;
            Ok::<_, std::convert::Infallible>(response)
        });
        let mapper = RestMapper::new(Client::new(service, "default"));
        let error = mapper.resolve("nope.dev", "v1", "X").await.unwrap_err();
        assert!(matches!(error, MapError::NoMatch { .. }), "{error}");
    }
}
