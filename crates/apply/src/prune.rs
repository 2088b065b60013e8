use futures::{StreamExt, stream};
use serde_json::Value;
use windlass_api::kustomize::ResourceRef;
use windlass_health::ObjectId;

use crate::applier::Applier;
use crate::change_set::{Action, ChangeSet};
use crate::cluster::{Address, Cluster};
use crate::error::{Error, Failure};
use crate::{control, object, order};

/// Attempts at deleting an object that is replaced by another of its name meanwhile.
const ATTEMPTS: usize = 2;

impl Applier {
    /// Deletes what left the inventory (Flux: spec §12.1), in reverse apply order: only objects whose
    /// live owner labels name this owner, and that carry no control key against it. Does not wait for
    /// them to vanish. Entries that cannot be parsed are skipped over.
    ///
    /// # Errors
    /// [`Error::Delete`] with every failure; the change set says what became of each object.
    pub async fn delete(&self, stale: &[ResourceRef]) -> (ChangeSet, Option<Error>) {
        let parsed = stale.iter().filter_map(|entry| {
            let id = ObjectId::from_inventory(&entry.id, &entry.v);
            id.inspect_err(|error| tracing::warn!(%error, "inventory entry left alone"))
                .ok()
        });
        let mut ids: Vec<ObjectId> = parsed.collect();
        ids.sort_by(|a, b| order::compare_parts(parts(b), parts(a)));

        let mut done = ChangeSet::default();
        let mut errors = Vec::new();
        for group in ids.chunk_by(|a, b| order::rank(&a.kind) == order::rank(&b.kind)) {
            let mut deletions = Vec::with_capacity(group.len());
            for id in group {
                deletions.push(self.delete_one(id));
            }
            let mut outcomes = stream::iter(deletions).buffered(self.concurrency());
            for id in group {
                let Some(outcome) = outcomes.next().await else {
                    break;
                };
                let action = outcome.unwrap_or_else(|error| {
                    errors.push(error);
                    Action::Unknown
                });
                if action == Action::Deleted {
                    self.tracker.forget(id);
                }
                done.push(id.clone(), action);
            }
        }
        (done, failed(errors))
    }

    /// Those of the objects that [`Applier::delete`] would delete. Writes nothing.
    ///
    /// # Errors
    /// [`Error::Delete`] when some could not be looked up.
    pub async fn deletable(&self, stale: &[ResourceRef]) -> Result<Vec<ObjectId>, Error> {
        let ids: Vec<ObjectId> = stale
            .iter()
            .filter_map(|entry| ObjectId::from_inventory(&entry.id, &entry.v).ok())
            .collect();
        let mut looks = Vec::with_capacity(ids.len());
        for id in &ids {
            looks.push(async move { (id, self.look_up(id).await) });
        }
        let (mut found, mut errors) = (Vec::new(), Vec::new());
        let mut looks = stream::iter(looks).buffered(self.concurrency());
        while let Some((id, looked)) = looks.next().await {
            match looked {
                Ok(Some((_, live))) if self.may_delete(&live) => found.push(id.clone()),
                Ok(_) => {}
                Err(failure) => errors.push(format!("{id} query failed: {failure}")),
            }
        }
        failed(errors).map_or(Ok(found), Err)
    }

    /// Looks once which of the objects reported as deleted still exist; empty means that all have
    /// vanished. An object that has been created anew under the name counts as existing.
    ///
    /// # Errors
    /// [`Error::Delete`] when some could not be looked up.
    pub async fn remaining(&self, deleted: &ChangeSet) -> Result<Vec<ObjectId>, Error> {
        let entries = deleted.entries.iter();
        let ids = entries
            .filter(|change| change.action == Action::Deleted)
            .map(|change| &change.id);
        let mut looks = Vec::new();
        for id in ids {
            looks.push(async move { (id, self.look_up(id).await) });
        }
        let (mut left, mut errors) = (Vec::new(), Vec::new());
        let mut looks = stream::iter(looks).buffered(self.concurrency());
        while let Some((id, found)) = looks.next().await {
            match found {
                Ok(Some(_)) => left.push(id.clone()),
                Ok(None) => {}
                Err(failure) => errors.push(format!("{id} query failed: {failure}")),
            }
        }
        failed(errors).map_or(Ok(left), Err)
    }

    async fn delete_one(&self, id: &ObjectId) -> Result<Action, String> {
        let mut attempt = 1;
        loop {
            let found = self.look_up(id).await;
            let found = found.map_err(|failure| format!("{id} query failed: {failure}"))?;
            let Some((at, live)) = found else {
                return Ok(Action::Deleted);
            };
            if !self.may_delete(&live) {
                return Ok(Action::Skipped);
            }
            match self.cluster.delete(&at, object::uid(&live)).await {
                Ok(()) => return Ok(Action::Deleted),
                // Another object has taken the name: it is looked at afresh.
                Err(failure) if failure.is_conflict() && attempt < ATTEMPTS => attempt += 1,
                Err(failure) => return Err(format!("{id} delete failed: {failure}")),
            }
        }
    }

    /// The live object and where it is, or `None` when it does not exist. A kind that is not served any
    /// more has no objects: its CRD took them along.
    async fn look_up(&self, id: &ObjectId) -> Result<Option<(Address, Value)>, Failure> {
        let (group, version, kind) = (&id.group, &id.version, &id.kind);
        let resource = match self.cluster.resolve(group, version, kind).await {
            Ok((resource, _)) => resource,
            Err(_) if self.cluster.lacks_kind(group, version, kind).await => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let at = Cluster::address(&resource, &id.namespace, &id.name);
        let live = self.cluster.get(&at).await?;
        Ok(live.map(|live| (at, live)))
    }

    fn may_delete(&self, live: &Value) -> bool {
        self.owns(live) && !control::keeps(live) && !control::untouched(live)
    }

    /// Both owner labels have to name the owner: an object that was handed over to another
    /// Kustomization, or that an edited inventory points at, is not ours to delete.
    fn owns(&self, live: &Value) -> bool {
        let owner = &self.options.owner;
        object::label(live, object::OWNER_NAME) == Some(&*owner.name)
            && object::label(live, object::OWNER_NAMESPACE) == Some(&*owner.namespace)
    }
}

fn parts(id: &ObjectId) -> (&str, &str, &str, &str) {
    (&id.group, &id.kind, &id.namespace, &id.name)
}

fn failed(errors: Vec<String>) -> Option<Error> {
    (!errors.is_empty()).then_some(Error::Delete(errors))
}
