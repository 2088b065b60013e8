//! When a change that the API server refuses may be made by replacing the object (Flux: spec §10.5).

use serde_json::Value;
use windlass_runtime::ObjectKey;

use crate::error::Failure;
use crate::object;

/// Whether replacing the object could help against this refusal of an update.
pub(crate) fn concerns(failure: &Failure) -> bool {
    let message = &failure.message;
    matches!(failure.code, 409 | 422)
        || message.contains("is immutable")
        || message.contains("immutable field")
}

/// Whether `live` may be deleted to make room. `attempt` is what a dry run of creating the new object
/// under the same name answered.
///
/// Flux takes any 422 as a reason to delete, so that a mistyped value costs the running object, which
/// then cannot be created again. The API server validates a new object before it looks whether the
/// name is taken: `AlreadyExists` means that the object is valid and nothing but its predecessor is in
/// the way. An object of another owner is never deleted.
pub(crate) fn may_replace(live: &Value, owner: &ObjectKey, attempt: Option<&Failure>) -> bool {
    !has_other_owner(live, owner) && attempt.is_none_or(blames_predecessor)
}

fn blames_predecessor(failure: &Failure) -> bool {
    let message = &failure.message;
    (failure.is_conflict() && failure.reason == "AlreadyExists")
        // Ports and addresses that the predecessor holds, and the quota that it uses up.
        || message.contains("already allocated")
        || (failure.code == 403 && message.contains("exceeded quota"))
}

fn has_other_owner(live: &Value, owner: &ObjectKey) -> bool {
    let name = object::label(live, object::OWNER_NAME);
    let namespace = object::label(live, object::OWNER_NAMESPACE);
    name.is_some_and(|name| name != &*owner.name)
        || namespace.is_some_and(|namespace| namespace != &*owner.namespace)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use windlass_runtime::ObjectKey;

    use super::{concerns, may_replace};
    use crate::error::Failure;

    fn failure(code: u16, reason: &str, message: &str) -> Failure {
        Failure {
            code,
            reason: reason.to_owned(),
            message: message.to_owned(),
        }
    }

    #[test]
    fn refusals_that_a_replacement_may_cure() {
        assert!(concerns(&failure(422, "Invalid", "x")));
        assert!(concerns(&failure(409, "Conflict", "x")));
        assert!(concerns(&failure(
            400,
            "BadRequest",
            "spec.x: field is immutable"
        )));
        assert!(!concerns(&failure(403, "Forbidden", "no")));
        assert!(!concerns(&failure(500, "", "down")));
    }

    #[test]
    fn only_a_valid_successor_and_never_another_owners_object() {
        let owner = ObjectKey::new("apps", "web");
        let live = |name: &str| {
            json!({"metadata": {"labels": {
                "kustomize.toolkit.fluxcd.io/name": name,
                "kustomize.toolkit.fluxcd.io/namespace": "apps",
            }}})
        };
        let exists = failure(409, "AlreadyExists", "already exists");
        let typo = failure(422, "Invalid", "spec.type: Unsupported value");
        assert!(may_replace(&live("web"), &owner, Some(&exists)));
        assert!(may_replace(&live("web"), &owner, None));
        assert!(may_replace(&json!({"metadata": {}}), &owner, Some(&exists)));
        assert!(!may_replace(&live("web"), &owner, Some(&typo)));
        assert!(!may_replace(&live("other"), &owner, Some(&exists)));
        let port = failure(
            422,
            "Invalid",
            "spec.ports[0].nodePort: provided port is already allocated",
        );
        assert!(may_replace(&live("web"), &owner, Some(&port)));
    }
}
