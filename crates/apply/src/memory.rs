use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hasher};
use std::io;

use parking_lot::Mutex;
use serde_json::Value;
use windlass_health::{ObjectId, ObjectState, Tracker};

use crate::change_set::ChangeSet;

/// What was last verified of each object of one Kustomization: while neither the declared object nor
/// our share of the live one has moved since, there is nothing to ask the API server.
///
/// Held in memory only; losing it costs one dry run for each object.
#[derive(Debug, Default)]
pub struct AppliedMemory {
    seen: Mutex<HashMap<ObjectId, Verified>>,
}

#[derive(Clone, Debug)]
struct Verified {
    desired: u64,
    ours: u64,
    uid: String,
}

impl AppliedMemory {
    /// A memory of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets everything, so that the next plan asks for every object.
    pub fn clear(&self) {
        self.seen.lock().clear();
    }

    /// Forgets one object.
    pub fn forget(&self, id: &ObjectId) {
        self.seen.lock().remove(id);
    }

    /// Forgets what `applied`, the outcome of a whole run, does not name.
    pub fn retain(&self, applied: &ChangeSet) {
        let ids: HashSet<&ObjectId> = applied.entries.iter().map(|change| &change.id).collect();
        self.seen.lock().retain(|id, _| ids.contains(id));
    }

    /// How many objects are remembered.
    pub fn len(&self) -> usize {
        self.seen.lock().len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether each of these objects is as it was last verified, as far as the tracker can see: then
    /// applying the same objects again would change nothing.
    pub fn holds_all(&self, tracker: &Tracker, ids: &[ObjectId]) -> bool {
        let seen = self.seen.lock();
        ids.iter().all(|id| {
            let state = tracker.state(id);
            seen.get(id)
                .zip(state)
                .is_some_and(|(verified, state)| verified.describes(&state))
        })
    }

    pub(crate) fn remember(&self, id: &ObjectId, desired: u64, live: &Live<'_>) {
        let verified = Verified {
            desired,
            ours: live.ours,
            uid: live.uid.to_owned(),
        };
        self.seen.lock().insert(id.clone(), verified);
    }

    /// Whether this is what was last verified of the live object in `state`, whatever became of it.
    pub(crate) fn declared(&self, id: &ObjectId, desired: u64, state: &ObjectState) -> bool {
        let seen = self.seen.lock();
        let verified = seen.get(id);
        verified.is_some_and(|v| v.desired == desired && *v.uid == state.uid)
    }

    /// Whether the live object in `state` is the one that was found to be as `desired` says.
    pub(crate) fn holds(&self, id: &ObjectId, desired: u64, state: &ObjectState) -> bool {
        self.seen
            .lock()
            .get(id)
            .is_some_and(|verified| verified.desired == desired && verified.describes(state))
    }
}

impl Verified {
    /// Whether nobody has touched our share of the object since.
    fn describes(&self, state: &ObjectState) -> bool {
        self.ours == state.ours && self.uid == *state.uid && !state.intruders
    }
}

/// The part of a live object that [`AppliedMemory`] keeps.
pub(crate) struct Live<'a> {
    pub(crate) ours: u64,
    pub(crate) uid: &'a str,
}

impl<'a> Live<'a> {
    pub(crate) fn of(object: &'a Value) -> Self {
        Self {
            ours: windlass_health::ours_hash(object),
            uid: crate::object::uid(object),
        }
    }
}

/// A hash of the declared object and of the rules that it is applied by, stable for equal input
/// within one process.
pub(crate) fn desired_hash(object: &Value, rules: u64) -> u64 {
    struct Sink(DefaultHasher);
    impl io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut sink = Sink(DefaultHasher::new());
    sink.0.write_u64(rules);
    // Writing into a hasher cannot fail, and neither can a `Value`: its keys are strings.
    let _ = serde_json::to_writer(&mut sink, object);
    sink.0.finish()
}

pub(crate) fn hash_text(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(text.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use windlass_health::{Assessment, ObjectId, ObjectState, Status};

    use super::{AppliedMemory, Live, desired_hash};
    use crate::change_set::{Action, ChangeSet};

    fn state(uid: &str, ours: u64, intruders: bool) -> ObjectState {
        ObjectState {
            uid: uid.to_owned(),
            resource_version: "1".to_owned(),
            generation: 1,
            content: 0,
            ours,
            intruders,
            left_alone: false,
            assessment: Assessment {
                status: Status::Current,
                message: String::new(),
            },
        }
    }

    #[test]
    fn only_the_verified_state_is_held() {
        let memory = AppliedMemory::new();
        let id = ObjectId::new("", "v1", "ConfigMap", "ns", "cm");
        memory.remember(&id, 1, &Live { ours: 2, uid: "a" });
        assert!(memory.holds(&id, 1, &state("a", 2, false)));
        assert!(!memory.holds(&id, 3, &state("a", 2, false)));
        assert!(!memory.holds(&id, 1, &state("b", 2, false)));
        assert!(!memory.holds(&id, 1, &state("a", 3, false)));
        assert!(!memory.holds(&id, 1, &state("a", 2, true)));
        assert!(memory.declared(&id, 1, &state("a", 3, true)));
        assert!(!memory.declared(&id, 3, &state("a", 2, false)));
        assert!(!memory.declared(&id, 1, &state("b", 2, false)));

        let mut applied = ChangeSet::default();
        applied.push(id.clone(), Action::Unchanged);
        memory.retain(&applied);
        assert_eq!(memory.len(), 1);
        memory.retain(&ChangeSet::default());
        assert!(memory.is_empty());
    }

    #[test]
    fn rules_are_part_of_what_is_desired() {
        let object = json!({"kind": "ConfigMap"});
        assert_eq!(desired_hash(&object, 1), desired_hash(&object, 1));
        assert_ne!(desired_hash(&object, 1), desired_hash(&object, 2));
    }
}
