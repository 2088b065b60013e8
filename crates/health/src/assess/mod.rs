//! The kstatus rules, one file per family of kinds (spec §13.2).

mod conditions;
mod daemonset;
mod definition;
mod deployment;
mod job;
mod pod;
mod replicaset;
mod statefulset;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde_json::Value;

use crate::id::split_api_version;
use crate::{Assessment, Status};

use self::conditions::Conditions;

/// How an object is doing by the built-in rules, judged from the object alone.
///
/// `object` is a whole object in JSON form; `apiVersion` and `kind` select the rule. Pending pods
/// are judged by the present time, see [`foreseen`].
pub fn assess(object: &Value) -> Assessment {
    let (group, kind) = group_kind(object);
    // Flux reads Jobs with rules of its own, which come before everything else.
    if (group, kind) == ("batch", "Job") {
        return job::assess(object);
    }
    if let Some(assessment) = generic(object) {
        return assessment;
    }
    match (group, kind) {
        ("", "Service") => service(object),
        ("", "Secret" | "ConfigMap") | ("batch", "CronJob") | ("policy", "PodDisruptionBudget") => {
            Assessment::current("exists")
        }
        ("", "PersistentVolumeClaim") => claim(object),
        ("", "Pod") => pod::assess(object, jiff::Timestamp::now()),
        ("apps" | "extensions", "Deployment") => deployment::assess(object),
        ("apps" | "extensions", "DaemonSet") => daemonset::assess(object),
        ("apps" | "extensions", "ReplicaSet") => replicaset::assess(object),
        ("apps", "StatefulSet") => statefulset::assess(object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition::assess(object),
        _ => by_ready_condition(object),
    }
}

/// What the passing of time alone will make of the object: after how long, and the assessment from
/// then on. `None` when only a change of the object can change its assessment.
pub fn foreseen(object: &Value) -> Option<(Duration, Assessment)> {
    match group_kind(object) {
        ("", "Pod") if generic(object).is_none() => pod::foreseen(object, jiff::Timestamp::now()),
        _ => None,
    }
}

/// Whether an owned pod dooms the set that made it: it has failed, and neither because it is on its
/// way out nor because it only found no node yet.
pub(crate) fn dooms_its_set(pod: &Value) -> bool {
    generic(pod).is_none()
        && !pod::is_unschedulable(pod)
        && pod::assess(pod, jiff::Timestamp::now()).status == Status::Failed
}

fn group_kind(object: &Value) -> (&str, &str) {
    let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or("");
    (split_api_version(text("apiVersion")).0, text("kind"))
}

/// The rules that come before those of the kind; `None` when they say nothing.
fn generic(object: &Value) -> Option<Assessment> {
    if object
        .pointer("/metadata/deletionTimestamp")
        .is_some_and(|at| !at.is_null())
    {
        return Some(Assessment::new(Status::Terminating, "being deleted"));
    }
    let generation = find_int(object, "/metadata/generation");
    let observed = find_int(object, "/status/observedGeneration");
    if let (Some(generation), Some(observed)) = (generation, observed)
        && generation != observed
    {
        return Some(Assessment::in_progress(format!(
            "generation {generation}, observed {observed}"
        )));
    }
    let conditions = Conditions::of(object);
    if let Some(reconciling) = conditions.find("Reconciling").filter(|c| c.is("True")) {
        return Some(Assessment::in_progress(reconciling.message()));
    }
    if let Some(stalled) = conditions.find("Stalled").filter(|c| c.is("True")) {
        return Some(Assessment::failed(stalled.message()));
    }
    None
}

fn by_ready_condition(object: &Value) -> Assessment {
    match Conditions::of(object).find("Ready") {
        Some(ready) if ready.is("True") => Assessment::current(ready.message()),
        Some(ready) if ready.is("False") || ready.is("Unknown") => {
            Assessment::in_progress(ready.message())
        }
        _ => Assessment::current("exists"),
    }
}

/// The ingress address of a load balancer is not awaited, only its cluster address.
fn service(object: &Value) -> Assessment {
    let balancer = text(object, "/spec/type") == "LoadBalancer";
    if balancer && text(object, "/spec/clusterIP").is_empty() {
        Assessment::in_progress("no cluster IP yet")
    } else {
        Assessment::current("exists")
    }
}

fn claim(object: &Value) -> Assessment {
    match text(object, "/status/phase") {
        "Bound" => Assessment::current("bound"),
        phase => Assessment::in_progress(format!("phase {phase:?}, not Bound")),
    }
}

fn find_int(object: &Value, pointer: &str) -> Option<i64> {
    object.pointer(pointer).and_then(Value::as_i64)
}

/// A count the API leaves out when it is zero.
fn count(object: &Value, pointer: &str) -> i64 {
    find_int(object, pointer).unwrap_or(0)
}

/// `spec.replicas`, which defaults to one.
fn wanted_replicas(object: &Value) -> i64 {
    find_int(object, "/spec/replicas").unwrap_or(1)
}

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or("")
}

/// In progress with "`have` of `want` `what`" when there are fewer than wanted.
fn lacking(what: &str, have: i64, want: i64) -> Option<Assessment> {
    (have < want).then(|| Assessment::in_progress(format!("{have} of {want} {what}")))
}
