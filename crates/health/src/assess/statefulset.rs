use serde_json::Value;

use super::{count, find_int, lacking, text, wanted_replicas};
use crate::Assessment;

pub(super) fn assess(object: &Value) -> Assessment {
    // Pods are replaced when somebody deletes them, which may be never.
    if text(object, "/spec/updateStrategy/type") == "OnDelete" {
        return Assessment::current("updates on delete");
    }
    let wanted = wanted_replicas(object);
    let replicas = count(object, "/status/replicas");
    if let Some(missing) = lacking("replicas exist", replicas, wanted).or_else(|| {
        lacking(
            "replicas ready",
            count(object, "/status/readyReplicas"),
            wanted,
        )
    }) {
        return missing;
    }
    if replicas > wanted {
        return Assessment::in_progress(format!("{} replicas to go", replicas - wanted));
    }
    if let Some(partition) = find_int(object, "/spec/updateStrategy/rollingUpdate/partition") {
        let updated = count(object, "/status/updatedReplicas");
        return lacking("replicas updated", updated, wanted - partition)
            .unwrap_or_else(|| Assessment::current("partition rolled out"));
    }
    if let Some(missing) = lacking(
        "replicas current",
        count(object, "/status/currentReplicas"),
        wanted,
    ) {
        return missing;
    }
    if text(object, "/status/currentRevision") != text(object, "/status/updateRevision") {
        return Assessment::in_progress("the update is not rolled out");
    }
    Assessment::current(format!("{wanted} replicas current"))
}
