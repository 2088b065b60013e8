//! As whom, and on which cluster, objects are applied.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::{Api, Client, ResourceExt};
use windlass_api::{
    kustomize::{KubeConfigReference, Kustomization},
    meta::reason,
};
use windlass_runtime::outcome::StepError;

use super::failed;
use crate::context::Context;

/// An identity on the cluster.
pub(crate) struct Identity {
    pub(crate) client: Client,
    /// `system:serviceaccount:<namespace>:<name>`; empty for the controller's own.
    pub(crate) account: Arc<str>,
}

/// The service account that the object's objects are applied with, if any.
pub(crate) fn service_account(context: &Context, object: &Kustomization) -> Option<String> {
    let named = object
        .spec
        .service_account_name
        .as_deref()
        .unwrap_or_default();
    [named, &context.flags.common.default_service_account]
        .into_iter()
        .find(|name| !name.is_empty())
        .map(str::to_owned)
}

/// The client to apply with. There is no fallback to the controller's own identity.
pub(crate) async fn assume(
    context: &Context,
    object: &Kustomization,
) -> Result<Identity, StepError> {
    let namespace = object.namespace().unwrap_or_default();
    if let Some(reference) = &object.spec.kube_config {
        return Err(refuse_remote(context, &namespace, reference).await);
    }
    let Some(name) = service_account(context, object) else {
        return Ok(Identity {
            client: context.clients.own(),
            account: "".into(),
        });
    };
    let client = context
        .clients
        .impersonate(&namespace, &name)
        .map_err(|error| client_failure(&error.to_string()))?;
    Ok(Identity {
        client,
        account: format!("system:serviceaccount:{namespace}:{name}").into(),
    })
}

/// Remote clusters come later. Until then they are refused, after the checks that would fail
/// anyway, and never replaced by the local cluster.
async fn refuse_remote(
    context: &Context,
    namespace: &str,
    reference: &KubeConfigReference,
) -> StepError {
    let client = context.clients.own();
    if let Some(secret) = &reference.secret_ref {
        let subject = format!("{namespace}/{}", secret.name);
        let found = match Api::<Secret>::namespaced(client, namespace)
            .get(&secret.name)
            .await
        {
            Ok(found) => found,
            Err(error) => {
                return client_failure(&format!(
                    "unable to read KubeConfig secret '{subject}' error: {}",
                    api_message(&error)
                ));
            }
        };
        let data = found.data.unwrap_or_default();
        let missing = match &secret.key {
            Some(key) if !data.contains_key(key) => Some(format!("a '{key}' key")),
            None if !data.contains_key("value") && !data.contains_key("value.yaml") => {
                Some("a 'value' key".to_owned())
            }
            _ => None,
        };
        if let Some(missing) = missing {
            return client_failure(&format!(
                "KubeConfig secret '{subject}' does not contain {missing} with a kubeconfig"
            ));
        }
    } else if let Some(config_map) = &reference.config_map_ref
        && let Err(error) = Api::<ConfigMap>::namespaced(client, namespace)
            .get(&config_map.name)
            .await
    {
        return client_failure(&format!(
            "unable to read KubeConfig ConfigMap '{namespace}/{}' error: {}",
            config_map.name,
            api_message(&error)
        ));
    }
    client_failure("spec.kubeConfig is not supported by this version: nothing was applied")
}

fn client_failure(message: &str) -> StepError {
    let mut error = failed(reason::RECONCILIATION_FAILED, message);
    if let StepError::Failed(failure) = &mut error {
        failure.event_message = Some(format!("failed to build kube client: {message}"));
    }
    error
}

/// What the API server said, without the client's words around it.
pub(crate) fn api_message(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) => status.message.clone(),
        other => other.to_string(),
    }
}

/// What the memory of applied objects depends on besides the objects: under another account or
/// other rules everything is verified again.
pub(crate) fn fingerprint(context: &Context, object: &Kustomization) -> u64 {
    let mut hasher = DefaultHasher::new();
    service_account(context, object).hash(&mut hasher);
    object.spec.force.hash(&mut hasher);
    serde_json::to_string(&object.spec.ignore)
        .unwrap_or_default()
        .hash(&mut hasher);
    hasher.finish()
}
