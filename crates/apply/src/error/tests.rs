//! The words of recorded runs of Flux.

use windlass_health::ObjectId;
use windlass_runtime::mapper::MapError;

use super::{Error, Failure};
use crate::change_set::{Action, ChangeSet};

fn api(code: u16, reason: &str, message: &str) -> Failure {
    let status = kube::core::Status::failure(message, reason).with_code(code);
    Failure::from(kube::Error::Api(status.boxed()))
}

fn dry_run(object: &str, failure: Failure) -> String {
    let object = object.to_owned();
    Error::DryRun { object, failure }.to_string()
}

#[test]
fn a_reason_stands_in_brackets() {
    let message = "ConfigMap \"fixed\" is invalid: data: Forbidden: field is immutable when `immutable` is set";
    assert_eq!(
        dry_run("ConfigMap/ns/fixed", api(422, "Invalid", message)),
        "ConfigMap/ns/fixed dry-run failed (Invalid): ConfigMap \"fixed\" is invalid: data: Forbidden: \
         field is immutable when `immutable` is set"
    );
}

#[test]
fn no_reason_leaves_no_brackets() {
    let message = "failed to convert new object (ns/bad; /v1, Kind=Secret) to proper version";
    assert_eq!(
        dry_run("Secret/ns/bad", api(500, "", message)),
        format!("Secret/ns/bad dry-run failed: {message}")
    );
    let missing = MapError::NoMatch {
        api_version: "nope.example.com/v1".to_owned(),
        kind: "Widget".to_owned(),
    };
    assert_eq!(
        dry_run("Widget/ns/w", missing.into()),
        "Widget/ns/w dry-run failed: no matches for kind \"Widget\" in version \"nope.example.com/v1\""
    );
}

#[test]
fn an_answer_that_is_no_status_reads_as_in_go() {
    let failure = api(404, "Failed to parse error data", "404 page not found");
    assert_eq!(failure.reason, "");
    assert_eq!(
        failure.message,
        "the server could not find the requested resource"
    );
    let failure = api(502, "Failed to parse error data", "bad gateway");
    assert_eq!(
        (failure.code, failure.message.as_str()),
        (502, "bad gateway")
    );
}

#[test]
fn deletion_failures_are_joined() {
    let error = Error::Delete(vec!["a failed".to_owned(), "b failed".to_owned()]);
    assert_eq!(
        error.to_string(),
        "delete failed, errors: a failed;b failed;"
    );
}

#[test]
fn change_sets_list_one_change_a_line() {
    let mut changes = ChangeSet::default();
    let crd = ObjectId::new(
        "apiextensions.k8s.io",
        "v1",
        "CustomResourceDefinition",
        "",
        "x.y",
    );
    changes.push(crd, Action::Created);
    changes.push(
        ObjectId::new("", "v1", "ConfigMap", "ns", "off"),
        Action::Skipped,
    );
    changes.push(
        ObjectId::new("", "v1", "ConfigMap", "ns", "cm"),
        Action::Configured,
    );
    let all = "CustomResourceDefinition/x.y created\nConfigMap/ns/off skipped\nConfigMap/ns/cm configured";
    assert_eq!(changes.to_string(), all);
    let listed = "CustomResourceDefinition/x.y created\nConfigMap/ns/cm configured";
    assert_eq!(changes.changed().to_string(), listed);
    assert!(changes.has_changes());
}
