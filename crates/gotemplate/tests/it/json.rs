//! Values from JSON, as `encoding/json` decodes it into an `interface {}`.

use windlass_gotemplate::{List, Map, Value};

pub(crate) fn value(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(truth) => Value::Bool(*truth),
        serde_json::Value::Number(number) => Value::float(number.as_f64().unwrap()),
        serde_json::Value::String(text) => Value::string(text.as_str()),
        serde_json::Value::Array(items) => Value::List(items.iter().map(value).collect::<List>()),
        serde_json::Value::Object(entries) => Value::Map(
            entries
                .iter()
                .map(|(key, item)| (key.as_str(), value(item)))
                .collect::<Map>(),
        ),
    }
}
