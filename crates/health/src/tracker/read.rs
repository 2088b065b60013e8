use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kube::api::Api;
use kube::discovery::Scope;
use kube::{Client, Error};
use serde_json::Value;
use windlass_runtime::mapper::{ApiResource, RestMapper};

use super::index::GroupKind;
use super::watched::Watched;
use crate::ObjectId;

/// How long an answer about an account's right to read is believed.
const BELIEVED: Duration = Duration::from_mins(2);
/// Answers kept at most.
const MAX_ANSWERS: usize = 10_000;

/// Which account may read objects of a kind in a namespace.
#[derive(Default)]
pub(super) struct Rights(HashMap<Question, (Instant, Result<(), String>)>);

/// Account, kind and namespace.
type Question = (Arc<str>, GroupKind, Arc<str>);

impl Rights {
    /// The answer as far as it is still believed; an error is what the API server said.
    pub(super) fn known(&self, account: &Arc<str>, id: &ObjectId) -> Option<Result<(), String>> {
        let (at, answer) = self.0.get(&key(account, id))?;
        (at.elapsed() < BELIEVED).then(|| answer.clone())
    }

    pub(super) fn learn(&mut self, account: &Arc<str>, id: &ObjectId, answer: Result<(), String>) {
        if self.0.len() >= MAX_ANSWERS {
            self.0.retain(|_, (at, _)| at.elapsed() < BELIEVED);
        }
        if self.0.len() < MAX_ANSWERS {
            self.0.insert(key(account, id), (Instant::now(), answer));
        }
    }
}

fn key(account: &Arc<str>, id: &ObjectId) -> Question {
    (
        Arc::clone(account),
        GroupKind::of(id),
        Arc::clone(&id.namespace),
    )
}

/// Why an object could not be read.
pub(super) struct ReadError {
    /// In the words of the API server, where it answered.
    pub(super) message: String,
    /// The account is not allowed to.
    pub(super) forbidden: bool,
}

impl ReadError {
    fn new(message: String) -> Self {
        Self {
            message,
            forbidden: false,
        }
    }
}

impl From<Error> for ReadError {
    fn from(error: Error) -> Self {
        match error {
            Error::Api(status) => Self {
                forbidden: matches!(status.code, 401 | 403),
                message: status.message,
            },
            other => Self::new(other.to_string()),
        }
    }
}

/// The resource of an object, and an `Api` for where the object is.
pub(super) async fn locate(
    client: &Client,
    mapper: &RestMapper,
    id: &ObjectId,
) -> Result<(ApiResource, Api<Watched>), ReadError> {
    let (resource, scope) = mapper
        .resolve(&id.group, &id.version, &id.kind)
        .await
        .map_err(|error| ReadError::new(error.to_string()))?;
    let client = client.clone();
    let api = match scope {
        Scope::Cluster => Api::all_with(client, &resource),
        Scope::Namespaced if id.namespace.is_empty() => {
            let dot = if id.group.is_empty() { "" } else { "." };
            return Err(ReadError::new(format!(
                "resource {}{dot}{} {} is namespace scoped, but namespace is not set",
                id.kind, id.group, id.name
            )));
        }
        Scope::Namespaced => Api::namespaced_with(client, &id.namespace, &resource),
    };
    Ok((resource, api))
}

/// Reads an object; `None` when there is none.
pub(super) async fn read(
    client: &Client,
    mapper: &RestMapper,
    id: &ObjectId,
) -> Result<Option<Value>, ReadError> {
    let (resource, api) = locate(client, mapper, id).await?;
    let found = api.get_opt(&id.name).await?;
    Ok(found.map(|found| found.into_object(&resource)))
}
