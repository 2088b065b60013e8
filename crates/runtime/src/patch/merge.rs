//! Merge patches (RFC 7386) between JSON values.

use serde_json::{Map, Value};

/// The merge patch that makes `to` of `from`, `None` when they are equal. Lists are replaced whole.
pub(super) fn diff(from: &Value, to: &Value) -> Option<Value> {
    if from == to {
        return None;
    }
    let (Value::Object(from), Value::Object(to)) = (from, to) else {
        return Some(to.clone());
    };
    let mut patch = Map::new();
    for key in from.keys().filter(|key| !to.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    for (key, to) in to {
        match from.get(key) {
            Some(from) => {
                if let Some(change) = diff(from, to) {
                    patch.insert(key.clone(), change);
                }
            }
            None => {
                patch.insert(key.clone(), to.clone());
            }
        }
    }
    Some(Value::Object(patch))
}

fn apply(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else {
        return;
    };
    for (key, change) in patch {
        if change.is_null() {
            target.remove(key);
        } else {
            apply(target.entry(key.clone()).or_insert(Value::Null), change);
        }
    }
}

/// The status wanted when `found` is what is there now and our work led from `base` to `ours`:
/// what we changed is ours, what we did not touch is as found, and of the conditions the `owned`
/// types are as in `ours` and all others as found.
pub(super) fn rebase(base: &Value, ours: &Value, found: &Value, owned: &[&str]) -> Value {
    let mut wanted = found.clone();
    if let Some(change) = diff(base, ours) {
        apply(&mut wanted, &change);
    }
    let conditions = conditions(ours, found, owned);
    if let Value::Object(wanted) = &mut wanted {
        if conditions.is_empty() {
            wanted.remove("conditions");
        } else {
            wanted.insert("conditions".to_owned(), Value::Array(conditions));
        }
    }
    wanted
}

fn conditions(ours: &Value, found: &Value, owned: &[&str]) -> Vec<Value> {
    let is_owned = |condition: &&Value| {
        condition["type"]
            .as_str()
            .is_some_and(|t| owned.contains(&t))
    };
    let list = |status: &Value| status["conditions"].as_array().cloned().unwrap_or_default();
    let mut all: Vec<Value> = list(ours).iter().filter(is_owned).cloned().collect();
    all.extend(
        list(found)
            .iter()
            .filter(|condition| !is_owned(condition))
            .cloned(),
    );
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn diff_carries_only_what_changed_and_null_for_what_went() {
        let from = json!({"a": 1, "b": {"x": 1, "y": 2}, "gone": true, "list": [1, 2]});
        let to = json!({"a": 1, "b": {"x": 1, "y": 3}, "list": [2], "new": "n"});
        let patch = diff(&from, &to).unwrap();
        assert_eq!(
            patch,
            json!({"b": {"y": 3}, "gone": null, "list": [2], "new": "n"})
        );
        let mut applied = from;
        apply(&mut applied, &patch);
        assert_eq!(applied, to);
        assert_eq!(diff(&to, &to), None);
    }

    #[test]
    fn rebase_keeps_what_others_wrote() {
        let condition = |t: &str, r: &str| json!({"type": t, "reason": r});
        let base = json!({"observedGeneration": 1,
            "conditions": [condition("Ready", "Old"), condition("Custom", "Mine")]});
        let ours = json!({"observedGeneration": 2,
            "conditions": [condition("Ready", "New"), condition("Custom", "Mine")]});
        let found = json!({"observedGeneration": 1, "extra": true,
            "conditions": [condition("Custom", "Theirs"), condition("Stalled", "Odd"),
                           condition("Ready", "Old")]});
        let wanted = rebase(&base, &ours, &found, &["Ready", "Stalled"]);
        assert_eq!(
            wanted,
            json!({"observedGeneration": 2, "extra": true,
                "conditions": [condition("Ready", "New"), condition("Custom", "Theirs")]})
        );
    }

    #[test]
    fn rebase_from_nothing_is_ours() {
        let ours = json!({"conditions": [{"type": "Ready"}], "artifact": {"a": 1}});
        assert_eq!(rebase(&Value::Null, &ours, &Value::Null, &["Ready"]), ours);
    }
}
