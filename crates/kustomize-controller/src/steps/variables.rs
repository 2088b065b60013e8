//! The variables of `spec.postBuild`.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::{Api, Client, ResourceExt};
use windlass_api::{
    Redacted,
    kustomize::{Kustomization, SubstituteKind, SubstituteReference, SubstituteStrategy},
};

use super::identity::api_message;

/// Variables to substitute, or the error that the first substituted object shows.
pub(crate) struct Variables {
    pub(crate) values: Result<BTreeMap<String, String>, String>,
    /// Whether expressions are evaluated at all.
    pub(crate) evaluate: bool,
    /// The values that come from Secrets.
    pub(crate) secret: Arc<[Redacted<String>]>,
}

/// Shorter values of Secrets cannot be told from the words of a message.
const SHORTEST_SECRET: usize = 6;

impl Variables {
    /// Hash of names and values.
    pub(crate) fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.values.hash(&mut hasher);
        self.evaluate.hash(&mut hasher);
        hasher.finish()
    }
}

/// Reads them once for the whole run, with the controller's own identity and from the object's
/// own namespace (Flux: spec §7.3). `None` when `postBuild` is not set.
pub(crate) async fn read(client: &Client, object: &Kustomization) -> Option<Variables> {
    let post_build = object.spec.post_build.as_ref()?;
    let namespace = object.namespace().unwrap_or_default();
    let mut values = BTreeMap::new();
    let mut secret = Vec::new();
    for reference in &post_build.substitute_from {
        match read_one(client, &namespace, reference).await {
            Ok(found) => {
                if reference.kind == SubstituteKind::Secret {
                    secret.extend(found.values().filter_map(|value| worth_hiding(value)));
                }
                values.extend(found);
            }
            Err(error) => {
                return Some(Variables {
                    values: Err(error),
                    evaluate: true,
                    secret: Arc::default(),
                });
            }
        }
    }
    values.extend(post_build.substitute.clone());
    for value in values.values_mut() {
        value.retain(|c| c != '\n');
    }
    let always = post_build.substitute_strategy == Some(SubstituteStrategy::Always);
    Some(Variables {
        evaluate: always || !values.is_empty(),
        values: Ok(values),
        secret: secret.into(),
    })
}

/// The value of a Secret as it is substituted.
fn worth_hiding(value: &str) -> Option<Redacted<String>> {
    let value: String = value.chars().filter(|c| *c != '\n').collect();
    (value.len() >= SHORTEST_SECRET).then(|| value.into())
}

async fn read_one(
    client: &Client,
    namespace: &str,
    reference: &SubstituteReference,
) -> Result<BTreeMap<String, String>, String> {
    let name = &reference.name;
    let (kind, found) = match reference.kind {
        SubstituteKind::ConfigMap => {
            let api = Api::<ConfigMap>::namespaced(client.clone(), namespace);
            (
                "ConfigMap",
                api.get(name).await.map(|map| map.data.unwrap_or_default()),
            )
        }
        SubstituteKind::Secret => {
            let api = Api::<Secret>::namespaced(client.clone(), namespace);
            let decoded = api.get(name).await.map(|secret| {
                let data = secret.data.unwrap_or_default().into_iter();
                data.map(|(key, value)| (key, String::from_utf8_lossy(&value.0).into_owned()))
                    .collect()
            });
            ("Secret", decoded)
        }
    };
    match found {
        Err(kube::Error::Api(status)) if status.code == 404 && reference.optional => {
            Ok(BTreeMap::new())
        }
        other => other.map_err(|error| {
            format!(
                "substitute from '{kind}/{name}' error: {}",
                api_message(&error)
            )
        }),
    }
}
