use serde_json::Value;

use super::conditions::Conditions;
use crate::Assessment;

/// Flux's own reader: a Job is current when it has finished, where kstatus is content once it runs.
pub(super) fn assess(object: &Value) -> Assessment {
    if object.pointer("/spec/suspend") == Some(&Value::Bool(true)) {
        return Assessment::current("suspended");
    }
    let conditions = Conditions::of(object);
    if conditions.find("Complete").is_some_and(|c| c.is("True")) {
        return Assessment::current("complete");
    }
    match conditions.find("Failed").filter(|c| c.is("True")) {
        Some(failed) => Assessment::failed(failed.message()),
        None => Assessment::in_progress("not finished"),
    }
}
