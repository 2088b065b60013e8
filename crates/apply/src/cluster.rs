//! The requests that applying and deleting consist of, on objects as JSON.

use http::Request;
use http::header::CONTENT_TYPE;
use kube::Client;
use kube::api::{
    DeleteParams, DynamicObject, GetParams, Patch, PatchParams, PostParams, Preconditions,
    ValidationDirective,
};
use kube::core::Resource as _;
use serde_json::Value;
use windlass_runtime::mapper::{ApiResource, MapError, RestMapper, Scope};

use crate::FIELD_MANAGER;
use crate::error::Failure;

/// Where one object lives: the URL of its collection, and its name.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    collection: String,
    name: String,
}

/// One cluster seen by one identity.
#[derive(Clone)]
pub(crate) struct Cluster {
    client: Client,
    mapper: RestMapper,
}

impl Cluster {
    pub(crate) fn new(client: Client, mapper: RestMapper) -> Self {
        Self { client, mapper }
    }

    /// The resource behind a kind and whether it is namespaced.
    pub(crate) async fn resolve(
        &self,
        group: &str,
        version: &str,
        kind: &str,
    ) -> Result<(ApiResource, bool), MapError> {
        let (resource, scope) = self.mapper.resolve(group, version, kind).await?;
        Ok((resource, scope == Scope::Namespaced))
    }

    pub(crate) fn address(resource: &ApiResource, namespace: &str, name: &str) -> Address {
        let namespace = (!namespace.is_empty()).then_some(namespace);
        Address {
            collection: DynamicObject::url_path(resource, namespace),
            name: name.to_owned(),
        }
    }

    /// Forgets what discovery said: new kinds may be served now.
    pub(crate) fn kinds_changed(&self) {
        self.mapper.invalidate();
    }

    /// Forgets a resource whose path the server does not know any more.
    pub(crate) fn kind_is_gone(&self, resource: &ApiResource) {
        self.mapper.forget(resource);
    }

    /// Whether the API server is sure not to serve the kind. Discovery of an aggregated API that is
    /// down does not count: its objects may well exist.
    pub(crate) async fn lacks_kind(&self, group: &str, version: &str, kind: &str) -> bool {
        let path = if group.is_empty() {
            format!("/api/{version}")
        } else {
            format!("/apis/{group}/{version}")
        };
        let Ok(request) = Request::get(path).body(Vec::new()) else {
            return false;
        };
        match self.send(request).await {
            Ok(list) => list
                .get("resources")
                .and_then(Value::as_array)
                .is_some_and(|all| {
                    all.iter()
                        .all(|r| r.get("kind").and_then(Value::as_str) != Some(kind))
                }),
            Err(failure) => failure.is_not_found(),
        }
    }

    /// The live object, or `None` when it does not exist.
    pub(crate) async fn get(&self, at: &Address) -> Result<Option<Value>, Failure> {
        let request = requests(at).get(&at.name, &GetParams::default());
        match self.send(request.map_err(invalid)?).await {
            Ok(object) => Ok(Some(object)),
            Err(failure) if failure.is_not_found() => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Server-side apply; a dry run changes nothing and answers what the object would become.
    pub(crate) async fn apply(
        &self,
        at: &Address,
        object: &Value,
        dry_run: bool,
    ) -> Result<Value, Failure> {
        let mut params = PatchParams::apply(FIELD_MANAGER).force();
        params.dry_run = dry_run;
        // What we send has no key twice. To look for such the server would parse it once more, a
        // tenth of its work on a dry run, for warnings that are not shown. Fields that a kind does
        // not have fare the same either way.
        params.field_validation = Some(ValidationDirective::Ignore);
        let request = requests(at).patch(&at.name, &params, &Patch::Apply(object));
        self.send(request.map_err(invalid)?).await
    }

    /// A dry run of creating the object.
    pub(crate) async fn try_create(&self, at: &Address, object: &Value) -> Result<(), Failure> {
        let params = PostParams {
            dry_run: true,
            field_manager: Some(FIELD_MANAGER.to_owned()),
        };
        let body = serde_json::to_vec(object).map_err(|error| invalid(&error))?;
        let request = requests(at).create(&params, body);
        self.send(request.map_err(invalid)?).await.map(drop)
    }

    /// A JSON patch by our field manager.
    pub(crate) async fn json_patch(&self, at: &Address, patch: &Value) -> Result<Value, Failure> {
        let url = format!("{}/{}?fieldManager={FIELD_MANAGER}", at.collection, at.name);
        let request = Request::patch(url)
            .header(CONTENT_TYPE, "application/json-patch+json")
            .body(patch.to_string().into_bytes());
        self.send(request.map_err(invalid)?).await
    }

    /// Deletes the object with this uid, its dependants in the background. An object that is gone
    /// already counts as deleted.
    pub(crate) async fn delete(&self, at: &Address, uid: &str) -> Result<(), Failure> {
        let params = DeleteParams::background().preconditions(Preconditions {
            uid: Some(uid.to_owned()),
            resource_version: None,
        });
        let request = requests(at).delete(&at.name, &params);
        match self.send(request.map_err(invalid)?).await {
            Ok(_) => Ok(()),
            Err(failure) if failure.is_not_found() => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    async fn send(&self, request: Request<Vec<u8>>) -> Result<Value, Failure> {
        Ok(self.client.request::<Value>(request).await?)
    }
}

fn requests(at: &Address) -> kube::core::Request {
    kube::core::Request::new(at.collection.clone())
}

fn invalid(error: impl std::fmt::Display) -> Failure {
    Failure {
        code: 0,
        reason: String::new(),
        message: error.to_string(),
    }
}
