use serde_json::Value;

use super::{count, find_int, lacking};
use crate::Assessment;

pub(super) fn assess(object: &Value) -> Assessment {
    // Elsewhere an absent generation proves nothing; here it means that the controller has not
    // looked yet.
    if find_int(object, "/metadata/generation").is_none()
        || find_int(object, "/status/observedGeneration").is_none()
    {
        return Assessment::in_progress("not observed yet");
    }
    let Some(wanted) = find_int(object, "/status/desiredNumberScheduled") else {
        return Assessment::in_progress("the number of nodes is not known yet");
    };
    [
        ("pods scheduled", "/status/currentNumberScheduled"),
        ("pods updated", "/status/updatedNumberScheduled"),
        ("pods available", "/status/numberAvailable"),
        ("pods ready", "/status/numberReady"),
    ]
    .iter()
    .find_map(|(what, pointer)| lacking(what, count(object, pointer), wanted))
    .unwrap_or_else(|| Assessment::current(format!("{wanted} pods ready")))
}
