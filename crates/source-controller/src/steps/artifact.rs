//! Making and publishing the artifact.

use std::time::Duration;

use windlass_api::{
    meta::{condition, reason},
    source::{Artifact, DIGEST_ANNOTATION, REVISION_ANNOTATION},
};
use windlass_archive::ignore::{self, IgnoreRules};
use windlass_git::Commit;
use windlass_runtime::{
    conditions::Status,
    events::{EventRecord, Severity},
    outcome::StepError,
};

use super::{checkout, failed, include, storage};
use crate::{context::Context, status::Attempt};

/// Longest part of a commit's subject that events show, in characters.
const LONGEST_SUBJECT: usize = 50;
/// Longest time that leaving out ignored files may take.
const LONGEST_FILTERING: Duration = Duration::from_mins(1);

/// Stores the commit's files unless the stored artifact is of it, and shows that it is there.
pub(crate) async fn store(
    context: &Context,
    attempt: &mut Attempt,
    commit: Commit,
    includes: Vec<Artifact>,
    asked: bool,
) -> Result<(), StepError> {
    let revision = commit.revision.clone();
    let message = commit.message.clone();
    let stored = attempt.status.artifact.as_ref();
    if stored.is_some_and(|artifact| artifact.revision == revision)
        && !checkout::content_changed(attempt, &includes)
    {
        if asked {
            attempt.events.push(EventRecord::new(
                Severity::Trace,
                reason::ARTIFACT_UP_TO_DATE,
                format!("artifact up-to-date with remote revision: '{revision}'"),
            ));
        }
    } else {
        let (artifact, includes) = write(context, attempt, commit, includes).await?;
        context.stored.inc();
        let spec = attempt.before.spec.clone();
        let status = &mut attempt.status;
        status.artifact = Some(artifact);
        status.included_artifacts = includes;
        status.observed_ignore = spec.ignore;
        status.observed_recurse_submodules = spec.recurse_submodules;
        status.observed_include = spec.include;
        status.observed_sparse_checkout = spec.sparse_checkout;
    }
    stored_at(attempt, &revision);
    tell(attempt, &subject(&message));
    Ok(())
}

/// Shows that the stored artifact is what is upstream.
pub(crate) fn keep(attempt: &mut Attempt, asked: bool) {
    let Some(revision) = attempt.status.artifact.as_ref().map(|a| a.revision.clone()) else {
        return;
    };
    stored_at(attempt, &revision);
    tell(attempt, &revision);
    // Of an interval that found nothing new, nothing is written (docs/PARITY.md).
    if asked {
        attempt.events.push(EventRecord::new(
            Severity::Trace,
            reason::GIT_OPERATION_SUCCEEDED,
            format!("no changes since last reconciliation: observed revision '{revision}'"),
        ));
    }
}

async fn write(
    context: &Context,
    attempt: &Attempt,
    commit: Commit,
    includes: Vec<Artifact>,
) -> Result<(Artifact, Vec<Artifact>), StepError> {
    let at = storage::place(attempt, format!("{}.tar.gz", commit.hash));
    let spec = attempt.before.clone();
    let limits = context.flags.tree.limits();
    storage::blocking(context, move |store| {
        let spec = &spec.spec;
        let tree = include::merge(store, commit.tree, &spec.include, &includes, &limits)?;
        // Each of the included trees is within the limits, but all together need not be.
        let tree = tree
            .check(&limits)
            .and_then(|()| IgnoreRules::for_source(&tree, spec.ignore.as_deref()))
            .and_then(|rules| ignore::filter(&tree, &rules, LONGEST_FILTERING))
            .map_err(|error| {
                failed(
                    condition::STORAGE_OPERATION_FAILED,
                    reason::ARCHIVE_OPERATION_FAILED,
                    format!("unable to archive artifact to storage: {error}"),
                )
            })?;
        let artifact = store
            .put_tree(&at, &commit.revision, &tree)
            .map_err(|error| {
                failed(
                    condition::STORAGE_OPERATION_FAILED,
                    reason::ARCHIVE_OPERATION_FAILED,
                    format!("unable to archive artifact to storage: {error}"),
                )
            })?;
        Ok((artifact, includes))
    })
    .await
}

fn stored_at(attempt: &mut Attempt, revision: &str) {
    attempt.conditions.remove(condition::ARTIFACT_OUTDATED);
    attempt.set(
        condition::ARTIFACT_IN_STORAGE,
        Status::True,
        reason::SUCCEEDED,
        format!("stored artifact for revision '{revision}'"),
    );
}

/// Tells of an artifact that is new, or of a failure that is over (Flux: spec §14).
fn tell(attempt: &mut Attempt, what: &str) {
    let Some(artifact) = &attempt.status.artifact else {
        return;
    };
    let before = attempt.artifact_before();
    let reason = if before.is_none_or(|before| before.digest != artifact.digest) {
        reason::NEW_ARTIFACT
    } else if attempt.recovered() {
        reason::SUCCEEDED
    } else {
        return;
    };
    let message = format!("stored artifact for commit '{what}'");
    let event = EventRecord::new(Severity::Info, reason, message)
        .with(REVISION_ANNOTATION, artifact.revision.as_str())
        .with(DIGEST_ANNOTATION, artifact.digest.as_str());
    attempt.events.push(event);
}

/// The first line of a commit's message, shortened.
fn subject(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    match line.char_indices().nth(LONGEST_SUBJECT) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::subject;

    #[test]
    fn only_the_start_of_the_first_line_is_shown() {
        assert_eq!(subject("Fix it\n\nAll of it.\n"), "Fix it");
        assert_eq!(subject(""), "");
        let fifty = "ä".repeat(50);
        assert_eq!(subject(&fifty), fifty);
        assert_eq!(subject(&format!("{fifty}b")), format!("{fifty}..."));
    }
}
