use serde_json::Value;

use super::conditions::Conditions;
use super::{count, lacking, wanted_replicas};
use crate::Assessment;

pub(super) fn assess(object: &Value) -> Assessment {
    if let Some(failure) = Conditions::of(object)
        .find("ReplicaFailure")
        .filter(|condition| condition.is("True"))
    {
        return Assessment::in_progress(failure.message());
    }
    let wanted = wanted_replicas(object);
    if let Some(missing) = [
        ("replicas labelled", "/status/fullyLabeledReplicas"),
        ("replicas available", "/status/availableReplicas"),
        ("replicas ready", "/status/readyReplicas"),
    ]
    .iter()
    .find_map(|(what, pointer)| lacking(what, count(object, pointer), wanted))
    {
        return missing;
    }
    let extra = count(object, "/status/replicas") - wanted;
    if extra > 0 {
        return Assessment::in_progress(format!("{extra} replicas to go"));
    }
    Assessment::current(format!("{wanted} replicas available"))
}
