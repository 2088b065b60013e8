use std::mem::size_of;
use std::sync::Arc;

use serde_json::{Value, json};
use windlass_runtime::ObjectKey;

use super::Change;
use super::index::{Effects, GroupKind, Index, Source};
use super::watched::Seen;
use crate::{ObjectId, Takeover};

/// A `ConfigMap` `ns/map` at a resourceVersion, our part of it last applied at `time`.
fn map(revision: u64, time: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {
        "namespace": "ns", "name": "map", "uid": "u", "resourceVersion": revision.to_string(),
        "managedFields": [{"manager": "kustomize-controller", "operation": "Apply", "time": time,
            "fieldsV1": {"f:data": {"f:a": {}}}}]}})
}

struct Rig {
    index: Index,
    owner: ObjectKey,
    id: ObjectId,
    of: GroupKind,
    at: ObjectKey,
}

impl Rig {
    fn new() -> Self {
        let id = ObjectId::new("", "v1", "ConfigMap", "ns", "map");
        Self {
            index: Index::default(),
            owner: ObjectKey::new("ns", "app"),
            of: GroupKind::of(&id),
            at: ObjectKey::new(Arc::clone(&id.namespace), Arc::clone(&id.name)),
            id,
        }
    }

    fn sight(&mut self, object: &Value, source: Source) -> Effects {
        let seen = Seen::of(object, &Takeover::default(), "v1".into());
        self.index
            .sight(&self.of, &self.at, seen, source, Vec::new())
    }

    fn revision(&self) -> Option<u64> {
        self.index.seen(&self.id).map(|seen| seen.revision)
    }

    fn confirm(&mut self) -> Vec<(ObjectKey, Change)> {
        self.index.confirm(&self.of, &self.at)
    }
}

#[test]
fn time_does_not_run_backwards() {
    let mut rig = Rig::new();
    rig.sight(&map(10, "a"), Source::Answer);
    rig.sight(&map(9, "a"), Source::Event);
    assert_eq!(rig.revision(), Some(10));
    rig.sight(&map(100, "a"), Source::Event);
    assert_eq!(rig.revision(), Some(100));

    // A deletion that was overtaken by a new object of the name, and one that was not.
    rig.index.vanish(&rig.of, &rig.at, 50);
    assert_eq!(rig.revision(), Some(100));
    rig.index.vanish(&rig.of, &rig.at, 101);
    assert_eq!(rig.revision(), None);
    rig.sight(&map(100, "a"), Source::Answer);
    assert_eq!(rig.revision(), None);
    rig.sight(&map(102, "a"), Source::Answer);
    assert_eq!(rig.revision(), Some(102));
}

#[test]
fn lists_are_believed_unless_something_newer_came_meanwhile() {
    let mut rig = Rig::new();
    rig.sight(&map(100, "a"), Source::Event);
    // The cluster was restored from a backup: its versions are lower.
    rig.index.begin_round(&rig.of);
    rig.sight(&map(50, "a"), Source::List);
    assert_eq!(rig.revision(), Some(50));
    assert!(rig.index.end_round(&rig.of).is_empty());

    rig.index.begin_round(&rig.of);
    rig.sight(&map(60, "a"), Source::Answer);
    rig.sight(&map(55, "a"), Source::List);
    assert_eq!(rig.revision(), Some(60));
    assert!(rig.index.end_round(&rig.of).is_empty());

    rig.index.begin_round(&rig.of);
    assert_eq!(rig.index.end_round(&rig.of), std::slice::from_ref(&rig.at));
}

#[test]
fn lists_say_nothing_of_objects_that_stand_aside() {
    let mut rig = Rig::new();
    rig.sight(&map(10, "a"), Source::Aside);
    rig.index.begin_round(&rig.of);
    assert!(rig.index.end_round(&rig.of).is_empty());
}

#[test]
fn the_event_of_an_own_write_is_forgiven_when_the_answer_comes() {
    let mut rig = Rig::new();
    rig.sight(&map(10, "a"), Source::Answer);
    rig.index.own(&rig.owner, std::slice::from_ref(&rig.id));
    assert!(rig.sight(&map(11, "b"), Source::Event).suspect.is_some());
    rig.sight(&map(11, "b"), Source::Answer);
    assert!(rig.confirm().is_empty());

    assert!(rig.sight(&map(12, "c"), Source::Event).suspect.is_some());
    let told = vec![(rig.owner.clone(), Change::Drift(rig.id.clone()))];
    assert_eq!(rig.confirm(), told);
    // Told once, until it looks different.
    assert!(rig.sight(&map(13, "c"), Source::Event).suspect.is_none());
    assert!(rig.confirm().is_empty());
    assert!(rig.sight(&map(14, "d"), Source::Event).suspect.is_some());
    assert_eq!(rig.confirm(), told);
}

#[test]
fn all_owners_of_an_object_are_told_and_nobody_else() {
    let mut rig = Rig::new();
    let other = ObjectKey::new("ns", "other");
    rig.sight(&map(10, "a"), Source::Answer);
    rig.index.own(&rig.owner, std::slice::from_ref(&rig.id));
    rig.index.own(&other, std::slice::from_ref(&rig.id));
    rig.index.vanish(&rig.of, &rig.at, 11);
    assert_eq!(rig.confirm().len(), 2);

    rig.sight(&map(12, "b"), Source::Answer);
    rig.index.own(&rig.owner, &[]);
    rig.index.vanish(&rig.of, &rig.at, 13);
    let told: Vec<ObjectKey> = rig.confirm().into_iter().map(|(owner, _)| owner).collect();
    assert_eq!(told, [other]);
}

#[test]
fn those_who_share_an_object_are_told_when_that_begins_and_ends() {
    let mut rig = Rig::new();
    let other = ObjectKey::new("ns", "other");
    let inventory = std::slice::from_ref(&rig.id).to_vec();
    assert!(rig.index.own(&rig.owner, &inventory).is_empty());
    assert!(rig.index.shared(&rig.owner).is_empty());
    let told = rig.index.own(&other, &inventory);
    assert_eq!(told.into_iter().collect::<Vec<_>>(), [rig.owner.clone()]);
    assert_eq!(
        rig.index.shared(&rig.owner),
        [(rig.id.clone(), other.clone())]
    );
    assert!(rig.index.own(&other, &inventory).is_empty());

    // One deletes it for good; the other wants it back.
    rig.sight(&map(10, "a"), Source::Answer);
    rig.index.forget(&rig.of, &rig.at);
    let told = rig.index.own(&other, &[]);
    assert_eq!(
        rig.confirm(),
        [(rig.owner.clone(), Change::Drift(rig.id.clone()))]
    );
    assert_eq!(told.into_iter().collect::<Vec<_>>(), [rig.owner.clone()]);
    assert!(rig.index.shared(&rig.owner).is_empty());
}

#[test]
fn what_carries_no_owner_is_not_kept_once_it_is_gone() {
    let mut rig = Rig::new();
    rig.sight(&map(10, "a"), Source::Event);
    assert_eq!(rig.index.places(&rig.of).len(), 1);
    rig.index.own(&rig.owner, std::slice::from_ref(&rig.id));
    rig.index.forget(&rig.of, &rig.at);
    rig.index.own(&rig.owner, &[]);
    assert!(rig.index.places(&rig.of).is_empty());
    assert!(rig.confirm().is_empty());
}

#[test]
fn an_object_takes_a_few_hundred_bytes() {
    // With its uid, name and owner on the heap: some 200 more.
    const { assert!(size_of::<Seen>() <= 168) };
    const { assert!(Index::SLOT_BYTES <= 128) };
}
