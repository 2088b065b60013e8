use serde_json::Value;

use super::conditions::Conditions;
use super::{count, find_int, lacking, wanted_replicas};
use crate::Assessment;

pub(super) fn assess(object: &Value) -> Assessment {
    let conditions = Conditions::of(object);
    let progressing = conditions.find("Progressing");
    if let Some(condition) = progressing
        && condition.reason() == "ProgressDeadlineExceeded"
    {
        return Assessment::failed("progress deadline exceeded");
    }

    let wanted = wanted_replicas(object);
    let replicas = count(object, "/status/replicas");
    let updated = count(object, "/status/updatedReplicas");
    let available = count(object, "/status/availableReplicas");
    let ready = count(object, "/status/readyReplicas");
    if let Some(missing) = lacking("replicas exist", replicas, wanted)
        .or_else(|| lacking("replicas updated", updated, wanted))
    {
        return missing;
    }
    if replicas > wanted {
        return Assessment::in_progress(format!("{} replicas to go", replicas - wanted));
    }
    if let Some(missing) = lacking("updated replicas available", available, updated)
        .or_else(|| lacking("replicas ready", ready, wanted))
    {
        return missing;
    }

    // Without a deadline the controller reports no progress, so there is none to wait for.
    let has_deadline = find_int(object, "/spec/progressDeadlineSeconds")
        .is_some_and(|seconds| seconds != i64::from(i32::MAX));
    let rolled_out = progressing.is_some_and(|condition| {
        condition.is("True") && condition.reason() == "NewReplicaSetAvailable"
    });
    if has_deadline && !rolled_out {
        return Assessment::in_progress("the new ReplicaSet is not available");
    }
    if !conditions.find("Available").is_some_and(|c| c.is("True")) {
        return Assessment::in_progress("not Available");
    }
    Assessment::current(format!("{wanted} replicas available"))
}
