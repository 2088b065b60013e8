use std::fmt;

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use windlass_health::{ObjectId, content_hash};

use crate::applier::Applier;
use crate::change_set::{Action, ChangeSet};
use crate::cluster::{Address, Cluster};
use crate::error::{Error, Failure};
use crate::memory::{AppliedMemory, Live, desired_hash};
use crate::stage::{self, Stage};
use crate::{control, ignore, immutable, object, ownership, redact};

/// What would happen to one object.
#[derive(Debug)]
pub struct PlannedChange {
    /// The object, as the API server addresses it.
    pub id: ObjectId,
    /// What would happen.
    pub action: Action,
    pub(crate) work: Work,
}

/// What carrying out a planned change takes.
#[derive(Debug)]
pub(crate) enum Work {
    /// Nothing.
    Nothing,
    /// One write, or two.
    Write(Box<Write>),
    /// Its predecessor is being deleted: nothing can be done yet.
    AwaitGone,
}

pub(crate) struct Write {
    pub(crate) at: Address,
    /// What is sent.
    pub(crate) payload: Value,
    /// Hash of what is declared, which can be more than what is sent.
    pub(crate) desired: u64,
    /// Fields of other managers and leftovers have to be taken over first.
    pub(crate) take_over: bool,
    /// The uid of the live object that has to be deleted first.
    pub(crate) replaces: Option<String>,
}

/// Without the payload: it may be a Secret.
impl fmt::Debug for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Write")
            .field("at", &self.at)
            .field("take_over", &self.take_over)
            .field("replaces", &self.replaces)
            .finish_non_exhaustive()
    }
}

/// The outcome of the dry run of one stage. Nothing has been written yet.
#[derive(Debug, Default)]
pub struct Plan {
    pub(crate) entries: Vec<PlannedChange>,
}

impl Plan {
    /// What would happen, in apply order.
    pub fn entries(&self) -> &[PlannedChange] {
        &self.entries
    }

    /// What would happen, as a change set: [`crate::inventory::from_change_set`] of it is the
    /// inventory that the stage is about to have.
    pub fn changes(&self) -> ChangeSet {
        let mut changes = ChangeSet::default();
        for entry in &self.entries {
            changes.push(entry.id.clone(), entry.action);
        }
        changes
    }

    /// Whether applying it would write anything.
    pub fn writes(&self) -> bool {
        let mut works = self.entries.iter().map(|entry| &entry.work);
        works.any(|work| !matches!(work, Work::Nothing))
    }
}

/// One object on its way through the plan.
struct Candidate<'a> {
    declared: &'a Value,
    id: ObjectId,
    at: Address,
    payload: Value,
    desired: u64,
}

impl Candidate<'_> {
    fn nothing(self, action: Action) -> PlannedChange {
        PlannedChange {
            id: self.id,
            action,
            work: Work::Nothing,
        }
    }

    fn write(self, action: Action, take_over: bool, replaces: Option<String>) -> PlannedChange {
        PlannedChange {
            id: self.id,
            action,
            work: Work::Write(Box::new(Write {
                at: self.at,
                payload: self.payload,
                desired: self.desired,
                take_over,
                replaces,
            })),
        }
    }
}

/// Dry runs of an object that somebody else keeps writing to while it is looked at.
const COMPARISONS: u32 = 3;

impl Applier {
    /// Finds out, without writing, what applying the stage would do: a dry run for each object of
    /// which `memory` and the tracker cannot say that nothing has changed.
    ///
    /// # Errors
    /// The error of the first object, in apply order, that the API server would refuse.
    pub async fn plan(&self, stage: &Stage, memory: &AppliedMemory) -> Result<Plan, Error> {
        let mut looks = Vec::with_capacity(stage.objects.len());
        for declared in &stage.objects {
            if stage::is_crd(object::group_version(declared).0, object::kind(declared)) {
                self.defines(declared);
            }
            looks.push(self.plan_object(declared, memory));
        }
        let entries = stream::iter(looks).buffered(self.concurrency());
        Ok(Plan {
            entries: entries.try_collect().await?,
        })
    }

    async fn plan_object(
        &self,
        declared: &Value,
        memory: &AppliedMemory,
    ) -> Result<PlannedChange, Error> {
        let mut id = ObjectId::from_object(declared);
        // An object that is to be left alone needs no kind and no rights.
        if control::untouched(declared) {
            let resolved = self.cluster.resolve(&id.group, &id.version, &id.kind).await;
            if matches!(resolved, Ok((_, false))) {
                id.namespace = "".into();
            }
            return Ok(PlannedChange {
                id,
                action: Action::Skipped,
                work: Work::Nothing,
            });
        }
        let resolved = self.resolve(&id).await;
        let (resource, namespaced) =
            resolved.map_err(|error| refused_dry_run(declared, error.into()))?;
        if !namespaced {
            id.namespace = "".into();
        }
        if namespaced && id.namespace.is_empty() {
            return Err(Error::NamespaceNotSpecified {
                object: id.to_string(),
                message: "the server could not find the requested resource".to_owned(),
            });
        }

        self.tracker.ensure_watched(&id);
        let desired = desired_hash(declared, self.rules);
        let known = self.known(&id);
        if let Some(state) = &known
            && (memory.holds(&id, desired, state)
                || self.options.corrects_drift
                    && state.left_alone
                    && memory.declared(&id, desired, state))
        {
            return Ok(PlannedChange {
                id,
                action: Action::Unchanged,
                work: Work::Nothing,
            });
        }

        let candidate = Candidate {
            declared,
            at: Cluster::address(&resource, &id.namespace, &id.name),
            payload: payload(declared, namespaced),
            desired,
            id,
        };
        if control::only_create(declared) {
            let exists = if known.is_some() {
                true
            } else {
                let live = self.cluster.get(&candidate.at).await;
                let live = live.map_err(|failure| refused_dry_run(declared, failure))?;
                live.is_some()
            };
            if exists {
                return Ok(candidate.nothing(Action::Skipped));
            }
        }
        match self
            .cluster
            .apply(&candidate.at, &candidate.payload, true)
            .await
        {
            Ok(answer) => self.compare(candidate, &answer, memory, COMPARISONS).await,
            Err(failure) => {
                // No `Status`: the path itself does not exist any more.
                if failure.is_not_found() && failure.reason.is_empty() {
                    self.cluster.kind_is_gone(&resource);
                }
                self.refused(candidate, failure).await
            }
        }
    }

    /// What the watch knows of the live object, when it can be trusted to be whole.
    fn known(&self, id: &ObjectId) -> Option<windlass_health::ObjectState> {
        let synced = self.tracker.synced(id);
        synced.then(|| self.tracker.state(id)).flatten()
    }

    /// Decides from the dry run's answer what has to be done (Flux: spec §10.3): the object is written
    /// when its labels, its annotations or anything outside metadata and status would change. A live
    /// object that moved after the dry run is no measure for its answer: then another one is made,
    /// as long as there are `tries`.
    async fn compare(
        &self,
        mut candidate: Candidate<'_>,
        answer: &Value,
        memory: &AppliedMemory,
        tries: u32,
    ) -> Result<PlannedChange, Error> {
        let version = object::resource_version(answer);
        if version.is_empty() {
            return Ok(candidate.write(Action::Created, false, None));
        }
        if control::untouched(answer) {
            return Ok(candidate.nothing(Action::Skipped));
        }
        let shares = control::shares_fields(candidate.declared) || control::shares_fields(answer);
        let take_over =
            !shares && ownership::needs_take_over(answer, &self.options.override_managers);

        let ignored = self.options.ignore.paths_for(&candidate.payload);
        if ignored.is_empty() {
            // The answer carries the version that it was computed from. When the watch has seen the
            // very same one, it knows what the live object holds, and nothing has to be read.
            let known = self.known(&candidate.id);
            if let Some(state) = known.filter(|state| *state.resource_version == *version) {
                if take_over || content_hash(answer) != state.content {
                    return Ok(candidate.write(Action::Configured, take_over, None));
                }
                let live = Live {
                    ours: state.ours,
                    uid: &state.uid,
                };
                memory.remember(&candidate.id, candidate.desired, &live);
                return Ok(candidate.nothing(Action::Unchanged));
            }
            if take_over {
                return Ok(candidate.write(Action::Configured, true, None));
            }
        }

        let live = self.cluster.get(&candidate.at).await;
        let live = live.map_err(|failure| refused_dry_run(candidate.declared, failure))?;
        let Some(live) = live else {
            return Ok(candidate.write(Action::Created, false, None));
        };
        let same =
            ignore::content_without(&live, &ignored) == ignore::content_without(answer, &ignored);
        if !take_over && !same && tries > 1 && object::resource_version(&live) != version {
            let again = self
                .cluster
                .apply(&candidate.at, &candidate.payload, true)
                .await;
            let again = again.map_err(|failure| refused_dry_run(candidate.declared, failure))?;
            return Box::pin(self.compare(candidate, &again, memory, tries - 1)).await;
        }
        if take_over || !same {
            ignore::carry_over(&mut candidate.payload, &live, &ignored);
            return Ok(candidate.write(Action::Configured, take_over, None));
        }
        self.tracker.observe(&live);
        memory.remember(&candidate.id, candidate.desired, &Live::of(&live));
        Ok(candidate.nothing(Action::Unchanged))
    }

    /// A dry run failed: the live object may say that it is not to be touched, or may have to be
    /// replaced; otherwise this is the error.
    async fn refused(
        &self,
        candidate: Candidate<'_>,
        failure: Failure,
    ) -> Result<PlannedChange, Error> {
        let answered = failure.code != 0 && !failure.is_not_found();
        let live = if answered {
            self.cluster.get(&candidate.at).await.ok().flatten()
        } else {
            None
        };
        let Some(live) = live else {
            return Err(refused_dry_run(candidate.declared, failure));
        };
        if control::untouched(&live) {
            return Ok(candidate.nothing(Action::Skipped));
        }
        let wanted = self.options.force
            || control::may_recreate(candidate.declared)
            || control::may_recreate(&live);
        if !wanted || !immutable::concerns(&failure) {
            return Err(refused_dry_run(candidate.declared, failure));
        }
        if object::deleting(&live) {
            return Ok(PlannedChange {
                id: candidate.id,
                action: Action::Created,
                work: Work::AwaitGone,
            });
        }
        let attempt = self
            .cluster
            .try_create(&candidate.at, &candidate.payload)
            .await;
        if !immutable::may_replace(&live, &self.options.owner, attempt.err().as_ref()) {
            return Err(refused_dry_run(candidate.declared, failure));
        }
        let uid = object::uid(&live).to_owned();
        Ok(candidate.write(Action::Created, false, Some(uid)))
    }
}

/// What is sent: the declared object without what cannot be meant.
fn payload(declared: &Value, namespaced: bool) -> Value {
    let mut payload = declared.clone();
    if !namespaced
        && let Some(metadata) = payload.get_mut("metadata").and_then(Value::as_object_mut)
    {
        metadata.remove("namespace");
    }
    // Manifests exported with kubectl carry its bookkeeping. Sent as declared, each run would put back
    // what the take-over of the next one removes.
    if !control::shares_fields(declared) {
        object::remove_keys(&mut payload, "annotations", &ownership::LEFT_ANNOTATIONS);
        object::remove_keys(&mut payload, "labels", &ownership::LEFT_LABELS);
    }
    payload
}

fn refused_dry_run(declared: &Value, failure: Failure) -> Error {
    let object = object::subject(declared);
    let failure = redact::redacted(failure, declared);
    if failure.is_not_found() {
        Error::NotFound {
            object,
            message: failure.message,
        }
    } else {
        Error::DryRun { object, failure }
    }
}
