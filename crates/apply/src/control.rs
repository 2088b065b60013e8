//! Labels and annotations by which single objects steer what is done to them (Flux: spec §10.2).

use serde_json::Value;

use crate::object;

/// Whether a label or an annotation under `kustomize.toolkit.fluxcd.io/` has this value. Case does
/// not count.
fn says(object: &Value, key: &str, value: &str) -> bool {
    let key = format!("kustomize.toolkit.fluxcd.io/{key}");
    [
        object::label(object, &key),
        object::annotation(object, &key),
    ]
    .into_iter()
    .flatten()
    .any(|found| found.eq_ignore_ascii_case(value))
}

/// Neither applied nor pruned.
pub(crate) fn untouched(object: &Value) -> bool {
    says(object, "reconcile", "disabled") || says(object, "ssa", "ignore")
}

/// Created, never changed.
pub(crate) fn only_create(object: &Value) -> bool {
    says(object, "ssa", "ifnotpresent")
}

/// Applied without taking over what other managers hold.
pub(crate) fn shares_fields(object: &Value) -> bool {
    says(object, "ssa", "merge")
}

/// Recreated when a change is refused as immutable.
pub(crate) fn may_recreate(object: &Value) -> bool {
    says(object, "force", "enabled")
}

/// Never deleted.
pub(crate) fn keeps(object: &Value) -> bool {
    says(object, "prune", "disabled")
}

/// Left as it is where encrypted values are looked for; an annotation only.
pub(crate) fn stays_encrypted(object: &Value) -> bool {
    object::annotation(object, "kustomize.toolkit.fluxcd.io/decrypt")
        .is_some_and(|value| value.eq_ignore_ascii_case("disabled"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{keeps, may_recreate, only_create, shares_fields, untouched};

    #[test]
    fn labels_and_annotations_count_and_case_does_not() {
        let with = |field: &str, key: &str, value: &str| json!({"metadata": {field: {format!("kustomize.toolkit.fluxcd.io/{key}"): value}}});
        assert!(untouched(&with("labels", "reconcile", "Disabled")));
        assert!(untouched(&with("annotations", "ssa", "Ignore")));
        assert!(only_create(&with("annotations", "ssa", "IfNotPresent")));
        assert!(shares_fields(&with("annotations", "ssa", "MERGE")));
        assert!(may_recreate(&with("labels", "force", "enabled")));
        assert!(keeps(&with("annotations", "prune", "disabled")));
        assert!(!untouched(&with("annotations", "ssa", "Override")));
        assert!(!untouched(&with("annotations", "reconcile", "")));
        assert!(!may_recreate(&with("annotations", "force", "disabled")));
    }
}
