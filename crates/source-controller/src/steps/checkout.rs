//! Which commit is upstream, and its files if they are needed.

use std::{pin::pin, sync::Arc, time::Duration};

use tracing::warn;
use windlass_api::{
    meta::{condition, reason},
    source::{Artifact, GitRepositoryRef},
};
use windlass_git::{Checkout, CheckoutOptions, Commit, Reference};
use windlass_runtime::{conditions::Status, outcome::StepError};

use super::{credentials::Access, failed, include};
use crate::{context::Context, status::Attempt};

/// How long a fetch may take before the status shows it: what a person waits for, and what nobody
/// does.
const SHOW_NEW_AFTER: Duration = Duration::from_millis(500);
const SHOW_AFTER: Duration = Duration::from_secs(5);

/// What is upstream.
pub(crate) enum Upstream {
    /// The revision that is stored.
    Stored,
    /// A commit with its files.
    Commit(Box<Commit>),
}

/// Checks out what the spec says. The files are not fetched when the stored artifact is of that
/// revision and would be made the same way again.
pub(crate) async fn run(
    context: &Context,
    attempt: &mut Attempt,
    access: Access,
    includes: &[Artifact],
) -> Result<Upstream, StepError> {
    let (auth, query) = (access.auth.clone(), access.url.query().map(str::to_owned));
    let options = options(context, attempt, access, includes);
    let fetched = fetch(context, attempt, options).await.map_err(|error| {
        let mut error = auth.mask(&error.to_string());
        if let Some(query) = query.filter(|query| !query.is_empty()) {
            error = error.replace(&query, "***");
        }
        git_failure(format!(
            "failed to checkout and determine revision: {error}"
        ))
    })?;
    let commit = match fetched {
        Checkout::Unchanged { .. } => {
            attempt.conditions.remove(condition::FETCH_FAILED);
            return Ok(Upstream::Stored);
        }
        Checkout::Empty => {
            return Err(failed(
                condition::FETCH_FAILED,
                reason::EMPTY_GIT_REPOSITORY,
                "git repository is empty",
            ));
        }
        Checkout::Fetched(commit) => commit,
    };
    for path in &attempt.spec().sparse_checkout {
        let found = windlass_archive::join("", path.trim_start_matches('/'))
            .is_ok_and(|path| commit.tree.exists(&path));
        if !found {
            return Err(git_failure(format!(
                "failed to sparse checkout directories : \
                 sparse checkout dir '{path}' does not exist in repository"
            )));
        }
    }
    attempt.conditions.remove(condition::FETCH_FAILED);
    // Signatures are checked for a commit that was fetched; without the wish to, what an earlier
    // check said is not true of this commit.
    attempt.conditions.remove(condition::SOURCE_VERIFIED);
    attempt.status.source_verification_mode = None;
    let stored = attempt
        .status
        .artifact
        .as_ref()
        .map(|artifact| &artifact.revision);
    if stored != Some(&commit.revision) {
        attempt.set(
            condition::ARTIFACT_OUTDATED,
            Status::True,
            reason::NEW_REVISION,
            format!("new upstream revision '{}'", commit.revision),
        );
    }
    Ok(Upstream::Commit(commit))
}

/// Whether the artifact would be made another way than the stored one was (Flux: spec §7.1).
/// Signature checks are not among the ways yet, see [`super::credentials::refuse_unsupported`].
pub(crate) fn content_changed(attempt: &Attempt, includes: &[Artifact]) -> bool {
    let (spec, status) = (attempt.spec(), &attempt.status);
    spec.ignore != status.observed_ignore
        || spec.recurse_submodules != status.observed_recurse_submodules
        || spec.include != status.observed_include
        || spec.sparse_checkout != status.observed_sparse_checkout
        || !include::same(includes, &status.included_artifacts)
}

fn git_failure(message: String) -> StepError {
    failed(
        condition::FETCH_FAILED,
        reason::GIT_OPERATION_FAILED,
        message,
    )
}

fn options(
    context: &Context,
    attempt: &Attempt,
    access: Access,
    includes: &[Artifact],
) -> CheckoutOptions {
    let spec = attempt.spec();
    let known = attempt.conditions.is_true(condition::ARTIFACT_IN_STORAGE)
        && !content_changed(attempt, includes);
    let stored = attempt.status.artifact.as_ref().filter(|_| known);
    CheckoutOptions {
        auth: access.auth,
        proxy: access.proxy,
        recurse_submodules: spec.recurse_submodules,
        sparse: spec.sparse_checkout.clone(),
        last_observed: stored.map(|artifact| artifact.revision.clone()),
        timeout: spec.effective_timeout(),
        limits: context.flags.tree.limits(),
        max_pack_bytes: context.flags.max_git_pack_size,
        max_refs_bytes: context.flags.max_git_refs_size,
        ssh_kex_algos: context.flags.ssh_kex_algos.clone(),
        ssh_hostkey_algos: context.flags.ssh_hostkey_algos.clone(),
        cancel: Arc::clone(&context.stopping),
        ..CheckoutOptions::new(access.url, reference(spec.reference.as_ref()))
    }
}

fn reference(spec: Option<&GitRepositoryRef>) -> Reference {
    let Some(spec) = spec.cloned() else {
        return Reference::default();
    };
    Reference {
        commit: spec.commit,
        name: spec.name,
        tag: spec.tag,
        semver: spec.semver,
        branch: spec.branch,
    }
}

/// Fetches, and lets the status say so when it takes long or the stored artifact was lost.
async fn fetch(
    context: &Context,
    attempt: &mut Attempt,
    options: CheckoutOptions,
) -> Result<Checkout, windlass_git::Error> {
    let patience = if attempt.lost {
        Duration::ZERO
    } else if attempt.is_new_generation() && !is_retry(attempt) {
        SHOW_NEW_AFTER
    } else {
        SHOW_AFTER
    };
    let mut fetch = pin!(windlass_git::checkout(options));
    tokio::select! {
        biased;
        () = tokio::time::sleep(patience) => {}
        fetched = &mut fetch => return fetched,
    }
    let publish = async {
        match context
            .reporter
            .progress(&*attempt.object, &attempt.unfinished())
            .await
        {
            Ok(Some(object)) => attempt.object = Arc::new(object),
            // It is gone, which the end of the run finds out as well.
            Ok(None) => {}
            Err(error) => warn!(%error, "progress not shown"),
        }
    };
    let ((), fetched) = tokio::join!(publish, fetch);
    fetched
}

/// Whether an earlier attempt at this generation failed: the status says so until there is news.
fn is_retry(attempt: &Attempt) -> bool {
    let conditions = attempt
        .before
        .status
        .as_ref()
        .map_or(&[][..], |s| &s.conditions);
    conditions.iter().any(|c| {
        c.type_ == condition::RECONCILING
            && c.reason == reason::PROGRESSING_WITH_RETRY
            && c.observed_generation == attempt.generation()
    })
}
