//! The rules for the end of a run, one ending after the other.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use windlass_api::source::{GitRepository, GitRepositorySpec};
use windlass_runtime::outcome::{Failure, StepError};

use super::*;

const TEXT: &str = "stored artifact for revision 'main@sha1:1'";

fn artifact() -> Artifact {
    Artifact {
        digest: "sha256:a".to_owned(),
        last_update_time: Time(jiff::Timestamp::UNIX_EPOCH),
        metadata: None,
        path: "gitrepository/ns/src/1.tar.gz".to_owned(),
        revision: "main@sha1:1".to_owned(),
        size: Some(1),
        url: "http://localhost/gitrepository/ns/src/1.tar.gz".to_owned(),
    }
}

fn object(generation: i64, status: GitRepositoryStatus) -> Arc<GitRepository> {
    let mut object = GitRepository::new("src", GitRepositorySpec::default());
    object.metadata.namespace = Some("ns".to_owned());
    object.metadata.generation = Some(generation);
    object.status = Some(status);
    Arc::new(object)
}

/// The status of a source that was reconciled long ago.
fn ready(generation: i64) -> GitRepositoryStatus {
    let mut conditions = Conditions::default();
    let reason = reason::SUCCEEDED;
    conditions.set(
        condition::ARTIFACT_IN_STORAGE,
        Status::True,
        reason,
        TEXT,
        Some(generation),
    );
    conditions.set(
        condition::READY,
        Status::True,
        reason,
        TEXT,
        Some(generation),
    );
    let mut conditions = conditions.into_vec();
    for condition in &mut conditions {
        condition.last_transition_time = Time(jiff::Timestamp::UNIX_EPOCH);
    }
    GitRepositoryStatus {
        observed_generation: Some(generation),
        artifact: Some(artifact()),
        conditions,
        ..GitRepositoryStatus::default()
    }
}

/// `Type=Status/Reason/generation` of all conditions.
fn shown(status: &GitRepositoryStatus) -> Vec<String> {
    status
        .conditions
        .iter()
        .map(|c| {
            let generation = c.observed_generation.unwrap_or_default();
            format!("{}={}/{}/{generation}", c.type_, c.status, c.reason)
        })
        .collect()
}

fn failure(condition: &'static str, reason: &'static str) -> Failure {
    Failure::new(condition, reason, "it broke")
}

fn message<'a>(status: &'a GitRepositoryStatus, type_: &str) -> &'a str {
    &status
        .conditions
        .iter()
        .find(|c| c.type_ == type_)
        .unwrap()
        .message
}

#[test]
fn a_check_without_news_leaves_the_status_as_it_was() {
    let before = ready(1);
    let mut attempt = Attempt::new(object(1, before.clone()));
    assert!(attempt.was_finished());
    attempt.begin();
    attempt.set(
        condition::ARTIFACT_IN_STORAGE,
        Status::True,
        reason::SUCCEEDED,
        TEXT,
    );
    assert_eq!(attempt.finish(&Ending::Success), before);
}

#[test]
fn the_first_failure_shows_what_was_being_done() {
    let before = GitRepositoryStatus {
        observed_generation: Some(-1),
        ..GitRepositoryStatus::default()
    };
    let mut attempt = Attempt::new(object(1, before));
    attempt.begin();
    let error = StepError::Failed(failure(
        condition::FETCH_FAILED,
        reason::AUTHENTICATION_FAILED,
    ));
    let status = attempt.finish(&Ending::Stopped(error));
    assert_eq!(
        shown(&status),
        [
            "Reconciling=True/ProgressingWithRetry/1",
            "Ready=False/AuthenticationFailed/1",
            "FetchFailed=True/AuthenticationFailed/1",
        ]
    );
    assert_eq!(
        message(&status, condition::RECONCILING),
        "building artifact"
    );
    assert_eq!(message(&status, condition::READY), "it broke");
    assert_eq!(status.observed_generation, Some(-1));
    assert_eq!(attempt.events.len(), 1);
}

#[test]
fn a_failure_of_a_new_generation_keeps_the_artifact() {
    let mut attempt = Attempt::new(object(5, ready(4)));
    attempt.begin();
    let error = StepError::Failed(failure(
        condition::FETCH_FAILED,
        reason::GIT_OPERATION_FAILED,
    ));
    let status = attempt.finish(&Ending::Stopped(error));
    assert_eq!(
        shown(&status),
        [
            "Reconciling=True/ProgressingWithRetry/5",
            "Ready=False/GitOperationFailed/5",
            "FetchFailed=True/GitOperationFailed/5",
            "ArtifactInStorage=True/Succeeded/4",
        ]
    );
    let reconciling = message(&status, condition::RECONCILING);
    assert_eq!(reconciling, "processing object: new generation 4 -> 5");
    assert_eq!(status.observed_generation, Some(4));
    assert_eq!(status.artifact, Some(artifact()));

    // The next attempt succeeds: nothing of the failure is left, and the end of it is news.
    let mut attempt = Attempt::new(object(5, status));
    assert!(!attempt.was_finished());
    attempt.begin();
    attempt.conditions.remove(condition::FETCH_FAILED);
    attempt.set(
        condition::ARTIFACT_IN_STORAGE,
        Status::True,
        reason::SUCCEEDED,
        TEXT,
    );
    assert!(attempt.recovered());
    let status = attempt.finish(&Ending::Success);
    assert_eq!(
        shown(&status),
        [
            "Ready=True/Succeeded/5",
            "ArtifactInStorage=True/Succeeded/5"
        ]
    );
    assert_eq!(status.observed_generation, Some(5));
}

#[test]
fn what_stalls_is_done_with() {
    let mut attempt = Attempt::new(object(2, ready(1)));
    attempt.begin();
    let error = StepError::Stalled(failure(condition::FETCH_FAILED, reason::URL_INVALID));
    let status = attempt.finish(&Ending::Stopped(error));
    assert_eq!(
        shown(&status),
        [
            "Stalled=True/URLInvalid/2",
            "Ready=False/URLInvalid/2",
            "FetchFailed=True/URLInvalid/2",
            "ArtifactInStorage=True/Succeeded/1",
        ]
    );
    assert_eq!(status.observed_generation, Some(2));
}

#[test]
fn a_verification_that_cannot_be_done_is_not_taken_for_one() {
    let mut attempt = Attempt::new(object(2, ready(1)));
    attempt.begin();
    let error = StepError::Stalled(failure(
        condition::SOURCE_VERIFIED,
        reason::VERIFICATION_ERROR,
    ));
    let status = attempt.finish(&Ending::Stopped(error));
    assert!(shown(&status).contains(&"SourceVerified=False/VerificationError/2".to_owned()));
    assert!(shown(&status).contains(&"Ready=False/VerificationError/2".to_owned()));
}

#[test]
fn waiting_is_shown_as_a_retry() {
    let before = GitRepositoryStatus {
        observed_generation: Some(-1),
        ..GitRepositoryStatus::default()
    };
    let mut attempt = Attempt::new(object(1, before));
    attempt.begin();
    let error = StepError::Waiting(failure(condition::INCLUDE_UNAVAILABLE, reason::NOT_FOUND));
    let status = attempt.finish(&Ending::Stopped(error));
    assert_eq!(
        shown(&status),
        [
            "Reconciling=True/ProgressingWithRetry/1",
            "Ready=False/NotFound/1",
            "IncludeUnavailable=True/NotFound/1",
        ]
    );
}

#[test]
fn suspension_still_observes_generation_and_request() {
    let mut suspended = GitRepository::clone(&object(2, ready(1)));
    suspended
        .annotations_mut()
        .insert(meta::REQUESTED_AT.to_owned(), "now".to_owned());
    let mut attempt = Attempt::new(Arc::new(suspended));
    assert!(!attempt.was_finished());
    let status = attempt.finish(&Ending::Suspended);
    assert_eq!(
        shown(&status),
        [
            "Ready=True/Succeeded/2",
            "ArtifactInStorage=True/Succeeded/1"
        ]
    );
    assert_eq!(status.observed_generation, Some(2));
    assert_eq!(status.last_handled_reconcile_at.as_deref(), Some("now"));

    // Born suspended: without any condition there is nothing that was observed.
    let before = GitRepositoryStatus {
        observed_generation: Some(-1),
        ..GitRepositoryStatus::default()
    };
    let status = Attempt::new(object(1, before.clone())).finish(&Ending::Suspended);
    assert_eq!(status, before);
}

#[test]
fn progress_takes_ready_back_only_when_it_is_wrong() {
    let mut attempt = Attempt::new(object(2, ready(1)));
    attempt.begin();
    let status = attempt.unfinished();
    assert_eq!(message(&status, condition::READY), TEXT);
    assert!(shown(&status).contains(&"Reconciling=True/Progressing/2".to_owned()));

    let mut attempt = Attempt::new(object(1, ready(1)));
    attempt.lost = true;
    attempt.status.artifact = None;
    attempt.begin();
    let status = attempt.unfinished();
    assert!(shown(&status).contains(&"Ready=Unknown/Progressing/1".to_owned()));
    assert_eq!(
        message(&status, condition::READY),
        "building artifact: disappeared from storage"
    );
}

#[test]
fn a_request_that_was_not_handled_leaves_nothing_finished() {
    let mut asked = GitRepository::clone(&object(1, ready(1)));
    asked
        .annotations_mut()
        .insert(meta::REQUESTED_AT.to_owned(), "now".to_owned());
    assert!(!Attempt::new(Arc::new(asked.clone())).was_finished());
    if let Some(status) = &mut asked.status {
        status.last_handled_reconcile_at = Some("now".to_owned());
    }
    assert!(Attempt::new(Arc::new(asked)).was_finished());
}
