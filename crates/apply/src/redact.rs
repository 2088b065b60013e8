//! Keeps the values of Secrets out of messages.

use serde_json::Value;

use crate::error::Failure;
use crate::object;

const HIDDEN: &str = "***";
/// How the API server prints a value that has the wrong type for its field.
const PRINTED_VALUE: &str = "&value.valueUnstructured{";
/// Shorter values cannot be told from the words of a message, and are not worth hiding.
const SHORTEST: usize = 4;

/// The failure without the values of `object`, when that is a Secret. The API server echoes what it
/// cannot decode, and messages end up in status, events and alerts, which more people may read.
pub(crate) fn redacted(mut failure: Failure, object: &Value) -> Failure {
    if object::kind(object) != "Secret" || object::api_version(object) != "v1" {
        return failure;
    }
    if let Some(at) = failure.message.find(PRINTED_VALUE) {
        failure.message.truncate(at);
        failure.message.push_str(HIDDEN);
    }
    for field in ["data", "stringData"] {
        hide(&mut failure.message, object.get(field));
    }
    failure
}

fn hide(message: &mut String, value: Option<&Value>) {
    let text = match value {
        Some(Value::Object(map)) => {
            for value in map.values() {
                hide(message, Some(value));
            }
            return;
        }
        Some(Value::Array(items)) => {
            for value in items {
                hide(message, Some(value));
            }
            return;
        }
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => return,
    };
    if text.len() >= SHORTEST && message.contains(&text) {
        *message = message.replace(&text, HIDDEN);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::redacted;
    use crate::error::Failure;

    fn message(object: &Value, text: &str) -> String {
        let failure = Failure {
            code: 500,
            reason: String::new(),
            message: text.to_owned(),
        };
        redacted(failure, object).message
    }

    #[test]
    fn values_of_secrets_are_hidden() {
        let secret = json!({"apiVersion": "v1", "kind": "Secret",
            "data": {"a": "aHVudGVyMg==", "n": 7}, "stringData": {"b": "hunter2", "c": ["in a list"]}});
        assert_eq!(
            message(&secret, "bad \"aHVudGVyMg==\" or hunter2"),
            "bad \"***\" or ***"
        );
        assert_eq!(message(&secret, "got in a list"), "got ***");
        assert_eq!(
            message(
                &secret,
                ".data.n: expected string, got &value.valueUnstructured{Value:7}"
            ),
            ".data.n: expected string, got ***"
        );
        assert_eq!(
            message(&secret, "illegal base64 data at input byte 3"),
            "illegal base64 data at input byte 3"
        );
    }

    #[test]
    fn other_kinds_are_told_in_full() {
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "hunter2"}});
        assert_eq!(message(&map, "bad hunter2"), "bad hunter2");
    }
}
