//! What happens to the artifacts of a source that is deleted.

use std::sync::Arc;

use kube::ResourceExt;
use tracing::error;
use windlass_api::{
    meta::{self, reason},
    source::GitRepository,
};
use windlass_runtime::{
    ObjectKey,
    events::{EventRecord, Involved, Severity},
    patch,
    queue::Requeue,
};

use crate::{KIND, WRITER, context::Context, steps::storage};

/// Removes all artifacts and lets the object go (Flux: spec §4 step 2).
pub(crate) async fn run(
    context: &Context,
    key: &ObjectKey,
    object: &Arc<GitRepository>,
) -> Requeue {
    if !object.finalizers().iter().any(|f| f == meta::FINALIZER) {
        return Requeue::Done;
    }
    let tell = |severity, reason, message: String| {
        let event = EventRecord::new(severity, reason, message);
        context
            .reporter
            .recorder
            .record(&Involved::of(&**object), event);
    };
    let removed = storage::blocking(context, {
        let key = key.clone();
        move |store| store.remove_all(KIND, &key.namespace, &key.name)
    })
    .await;
    match removed {
        Ok(0) => {}
        Ok(_) => tell(
            Severity::Trace,
            reason::GARBAGE_COLLECTION_SUCCEEDED,
            "garbage collected artifacts for deleted resource".to_owned(),
        ),
        Err(error) => {
            let message = format!("garbage collection for deleted resource failed: {error}");
            error!("{message}");
            tell(Severity::Error, reason::GARBAGE_COLLECTION_FAILED, message);
            return Requeue::Backoff;
        }
    }
    match patch::remove_finalizer(&context.client, &WRITER, &**object, meta::FINALIZER).await {
        Ok(_) => {
            context.reporter.metrics.forget(context.reporter.kind, key);
            Requeue::Done
        }
        Err(error) => {
            error!(%error, "removing the finalizer failed");
            Requeue::Backoff
        }
    }
}
