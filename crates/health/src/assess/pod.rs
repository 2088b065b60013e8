use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::conditions::Conditions;
use super::text;
use crate::Assessment;

/// How long a pod may look for a node before it counts as failed: autoscalers and evictions take a
/// moment.
const SCHEDULING_WINDOW: Duration = Duration::from_secs(15);

pub(super) fn assess(object: &Value, now: Timestamp) -> Assessment {
    let conditions = Conditions::of(object);
    match text(object, "/status/phase") {
        "Succeeded" => Assessment::current("succeeded"),
        // kstatus: a pod that ended is as good as it gets, whatever its exit code.
        "Failed" => Assessment::current("ended with failure"),
        "Running" if conditions.find("Ready").is_some_and(|c| c.is("True")) => {
            Assessment::current("ready")
        }
        "Running" => match crash_looping(object) {
            Some(container) => {
                Assessment::failed(format!("container {container} is in CrashLoopBackOff"))
            }
            None => Assessment::in_progress("not ready"),
        },
        "Pending" if is_unschedulable(object) => match window_left(object, now) {
            Some(_) => Assessment::in_progress("no node found yet"),
            None => unschedulable(),
        },
        "Pending" | "" => Assessment::in_progress("pending"),
        phase => Assessment::unknown(format!("unknown phase {phase}")),
    }
}

pub(super) fn foreseen(object: &Value, now: Timestamp) -> Option<(Duration, Assessment)> {
    let left = is_unschedulable(object)
        .then(|| window_left(object, now))
        .flatten()?;
    Some((left, unschedulable()))
}

pub(super) fn is_unschedulable(object: &Value) -> bool {
    let refused = Conditions::of(object)
        .find("PodScheduled")
        .is_some_and(|c| c.is("False") && c.reason() == "Unschedulable");
    refused && text(object, "/status/phase") == "Pending"
}

fn unschedulable() -> Assessment {
    Assessment::failed("no node can take it")
}

/// What is left of the scheduling window; `None` when it is over.
fn window_left(object: &Value, now: Timestamp) -> Option<Duration> {
    let created: Timestamp = text(object, "/metadata/creationTimestamp").parse().ok()?;
    let age = Duration::try_from(now.duration_since(created)).unwrap_or_default();
    SCHEDULING_WINDOW
        .checked_sub(age)
        .filter(|left| !left.is_zero())
}

fn crash_looping(object: &Value) -> Option<&str> {
    object
        .pointer("/status/containerStatuses")?
        .as_array()?
        .iter()
        .find(|status| text(status, "/state/waiting/reason") == "CrashLoopBackOff")
        .map(|status| text(status, "/name"))
}
