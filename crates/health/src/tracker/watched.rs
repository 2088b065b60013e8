use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use kube::api::DynamicObject;
use kube::core::DynamicResourceScope;
use kube::discovery::ApiResource;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::state::Upkeep;
use crate::{Assessment, ObjectState, Status, Takeover, assess, content_hash, foreseen, ours_hash};

/// A whole object as it comes from the API server, of any kind; lives only until it is trimmed.
#[derive(Debug, Clone)]
pub(super) struct Watched {
    meta: ObjectMeta,
    object: Value,
}

impl Watched {
    /// The object with the type that lists leave out.
    pub(super) fn into_object(mut self, resource: &ApiResource) -> Value {
        if let Some(members) = self.object.as_object_mut() {
            let typed = [
                ("apiVersion", &resource.api_version),
                ("kind", &resource.kind),
            ];
            for (key, value) in typed {
                members.entry(key).or_insert_with(|| json!(value));
            }
        }
        self.object
    }
}

impl<'de> Deserialize<'de> for Watched {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = Value::deserialize(deserializer)?;
        let text = |key| Some(object.get("metadata")?.get(key)?.as_str()?.to_owned());
        // Watching needs no more of the metadata than this.
        let meta = ObjectMeta {
            name: text("name"),
            namespace: text("namespace"),
            resource_version: text("resourceVersion"),
            ..ObjectMeta::default()
        };
        Ok(Self { meta, object })
    }
}

impl Resource for Watched {
    type DynamicType = ApiResource;
    type Scope = DynamicResourceScope;

    fn kind(resource: &ApiResource) -> Cow<'_, str> {
        DynamicObject::kind(resource)
    }

    fn group(resource: &ApiResource) -> Cow<'_, str> {
        DynamicObject::group(resource)
    }

    fn version(resource: &ApiResource) -> Cow<'_, str> {
        DynamicObject::version(resource)
    }

    fn plural(resource: &ApiResource) -> Cow<'_, str> {
        DynamicObject::plural(resource)
    }

    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.meta
    }
}

/// What drift is measured against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) ours: u64,
    pub(super) intruders: bool,
}

/// An object, trimmed.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) uid: Box<str>,
    pub(super) revision: u64,
    pub(super) generation: i64,
    pub(super) content: u64,
    pub(super) mark: Mark,
    pub(super) upkeep: Upkeep,
    pub(super) status: Status,
    /// `None` for what is current, which nobody asks about.
    message: Option<Box<str>>,
    /// The API version it was read in, which `content` depends on.
    pub(super) version: Arc<str>,
    /// Known from elsewhere than the kind's watch, so its lists say nothing of it.
    pub(super) aside: bool,
    /// The round of the kind's watch in which it was last seen.
    pub(super) round: u32,
    /// Label selector of the pods of a `StatefulSet` or `ReplicaSet` on its way.
    pub(super) pods: Option<Box<str>>,
    /// What time alone will make of it.
    pub(super) later: Option<Box<(Duration, Assessment)>>,
}

impl Seen {
    pub(super) fn of(object: &Value, takeover: &Takeover, version: Arc<str>) -> Self {
        let metadata = &object["metadata"];
        let assessment = assess(object);
        let settled = assessment.status == Status::Current;
        Self {
            uid: metadata["uid"].as_str().unwrap_or("").into(),
            revision: revision(object),
            generation: metadata["generation"].as_i64().unwrap_or(0),
            content: content_hash(object),
            mark: Mark {
                ours: ours_hash(object),
                intruders: takeover.intruders(object),
            },
            upkeep: Upkeep::of(object),
            status: assessment.status,
            message: (!settled).then(|| assessment.message.into()),
            version,
            aside: false,
            round: 0,
            pods: if settled { None } else { pod_selector(object) },
            later: foreseen(object).map(Box::new),
        }
    }

    pub(super) fn assessment(&self) -> Assessment {
        Assessment::new(self.status, self.message.as_deref().unwrap_or(""))
    }

    pub(super) fn set_assessment(&mut self, assessment: &Assessment) {
        self.status = assessment.status;
        self.message = Some(assessment.message.as_str().into());
    }

    pub(super) fn state(&self) -> ObjectState {
        ObjectState {
            uid: self.uid.to_string(),
            resource_version: self.revision.to_string(),
            generation: self.generation,
            content: self.content,
            ours: self.mark.ours,
            intruders: self.mark.intruders,
            left_alone: self.upkeep == Upkeep::None,
            assessment: self.assessment(),
        }
    }
}

/// The resourceVersion as the number it is; 0 when there is none.
pub(super) fn revision(object: &Value) -> u64 {
    object["metadata"]["resourceVersion"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

/// The selector of the pods that decide about a set, in the form of a query.
fn pod_selector(object: &Value) -> Option<Box<str>> {
    if object["apiVersion"] != "apps/v1"
        || !(object["kind"] == "StatefulSet" || object["kind"] == "ReplicaSet")
    {
        return None;
    }
    let selector = object.pointer("/spec/selector")?;
    let mut terms = Vec::new();
    for (key, value) in selector["matchLabels"].as_object().into_iter().flatten() {
        terms.push(format!("{key}={}", value.as_str()?));
    }
    for expression in selector["matchExpressions"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let key = expression["key"].as_str()?;
        let values: Vec<&str> = expression["values"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let values = values.join(",");
        terms.push(match expression["operator"].as_str()? {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            "DoesNotExist" => format!("!{key}"),
            _ => return None,
        });
    }
    // An empty selector would select the whole namespace.
    (!terms.is_empty()).then(|| terms.join(",").into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::pod_selector;

    #[test]
    fn selectors_become_queries() {
        let set = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": {"selector": {
        "matchLabels": {"app": "db"},
        "matchExpressions": [
            {"key": "a", "operator": "In", "values": ["b", "c"]},
            {"key": "d", "operator": "DoesNotExist"},
        ]}}});
        assert_eq!(pod_selector(&set).as_deref(), Some("app=db,a in (b,c),!d"));
        let empty =
            json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": {"selector": {}}});
        assert_eq!(pod_selector(&empty), None);
        let mut other = set;
        other["kind"] = json!("Deployment");
        assert_eq!(pod_selector(&other), None);
    }
}
