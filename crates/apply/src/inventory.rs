//! The inventory: the list in a Kustomization's status of what it has applied (Flux: spec §9).

use std::collections::HashSet;

use windlass_api::kustomize::{ResourceInventory, ResourceRef};
use windlass_health::ObjectId;

use crate::change_set::{Action, ChangeSet};

/// The entry for one object.
pub fn entry(id: &ObjectId) -> ResourceRef {
    ResourceRef {
        id: id.to_inventory(),
        v: id.version.to_string(),
    }
}

/// The inventory after a run: every object of the change set in its order, skipped ones too.
pub fn from_change_set(changes: &ChangeSet) -> ResourceInventory {
    let mut seen = HashSet::new();
    let entries = changes
        .entries
        .iter()
        .filter(|change| change.action != Action::Deleted)
        .map(|change| entry(&change.id))
        .filter(|entry| seen.insert(entry.id.clone()));
    ResourceInventory {
        entries: entries.collect(),
    }
}

/// The objects an inventory names. Entries that cannot be parsed are left out: nothing can be done
/// to an object that has no address.
pub fn object_ids(inventory: &ResourceInventory) -> Vec<ObjectId> {
    let entries = inventory.entries.iter();
    entries
        .filter_map(|entry| ObjectId::from_inventory(&entry.id, &entry.v).ok())
        .collect()
}

/// What `old` holds and `new` does not, by id; the version does not count.
pub fn stale(old: &ResourceInventory, new: &ResourceInventory) -> Vec<ResourceRef> {
    let kept: HashSet<&str> = new.entries.iter().map(|entry| entry.id.as_str()).collect();
    let gone = old
        .entries
        .iter()
        .filter(|entry| !kept.contains(entry.id.as_str()));
    gone.cloned().collect()
}

/// `first`, followed by what only `second` holds. Used before the first write, to record what is
/// there and what is about to be, and after a failed prune, to keep the survivors.
#[must_use]
pub fn union(first: &ResourceInventory, second: &ResourceInventory) -> ResourceInventory {
    let mut entries = first.entries.clone();
    entries.extend(stale(second, first));
    ResourceInventory { entries }
}

/// Those of `stale` that an incomplete prune left in the cluster: everything that `deleted` does not
/// report as deleted or skipped.
pub fn survivors(stale: &[ResourceRef], deleted: &ChangeSet) -> ResourceInventory {
    let settled: HashSet<String> = deleted
        .entries
        .iter()
        .filter(|change| matches!(change.action, Action::Deleted | Action::Skipped))
        .map(|change| change.id.to_inventory())
        .collect();
    let left = stale.iter().filter(|entry| !settled.contains(&entry.id));
    ResourceInventory {
        entries: left.cloned().collect(),
    }
}

#[cfg(test)]
mod tests {
    use windlass_api::kustomize::{ResourceInventory, ResourceRef};
    use windlass_health::ObjectId;

    use super::{from_change_set, object_ids, stale, survivors, union};
    use crate::change_set::{Action, ChangeSet};

    fn inventory(entries: &[(&str, &str)]) -> ResourceInventory {
        let entries = entries.iter().map(|(id, v)| ResourceRef {
            id: (*id).to_owned(),
            v: (*v).to_owned(),
        });
        ResourceInventory {
            entries: entries.collect(),
        }
    }

    #[test]
    fn entries_keep_the_order_and_name_skipped_objects_too() {
        let mut changes = ChangeSet::default();
        changes.push(
            ObjectId::new("", "v1", "Namespace", "", "web"),
            Action::Created,
        );
        changes.push(
            ObjectId::new("apps", "v1", "Deployment", "web", "a"),
            Action::Skipped,
        );
        changes.push(
            ObjectId::new("rbac.authorization.k8s.io", "v1", "ClusterRole", "", "a:b"),
            Action::Unchanged,
        );
        let expected = inventory(&[
            ("_web__Namespace", "v1"),
            ("web_a_apps_Deployment", "v1"),
            ("_a__b_rbac.authorization.k8s.io_ClusterRole", "v1"),
        ]);
        assert_eq!(from_change_set(&changes).entries, expected.entries);
        assert_eq!(&*object_ids(&expected)[2].name, "a:b");
    }

    #[test]
    fn a_new_version_is_the_same_entry() {
        let old = inventory(&[("a_b_apps_Deployment", "v1beta1"), ("a_c__ConfigMap", "v1")]);
        let new = inventory(&[("a_b_apps_Deployment", "v1")]);
        let ids: Vec<String> = stale(&old, &new)
            .into_iter()
            .map(|entry| entry.id)
            .collect();
        assert_eq!(ids, ["a_c__ConfigMap"]);
        assert_eq!(union(&new, &old).entries.len(), 2);
        assert_eq!(union(&new, &old).entries[0].v, "v1");
    }

    #[test]
    fn what_was_neither_deleted_nor_skipped_survives() {
        let old = inventory(&[
            ("a_x__ConfigMap", "v1"),
            ("a_y__ConfigMap", "v1"),
            ("a_z__ConfigMap", "v1"),
        ]);
        let mut deleted = ChangeSet::default();
        deleted.push(
            ObjectId::new("", "v1", "ConfigMap", "a", "z"),
            Action::Deleted,
        );
        deleted.push(
            ObjectId::new("", "v1", "ConfigMap", "a", "y"),
            Action::Unknown,
        );
        let left = survivors(&old.entries, &deleted);
        let ids: Vec<&str> = left.entries.iter().map(|entry| entry.id.as_str()).collect();
        assert_eq!(ids, ["a_x__ConfigMap", "a_y__ConfigMap"]);
    }
}
