//! Which fields the built-in kinds have, from a table that a test derives from the API's own types.
//!
//! Lines of `fields.txt`: `@ <apiVersion> <kind> <type>` names a kind, `# <type>` opens a type,
//! `<field> <shape>` is one of its fields. A shape is a type, after `[]` for a list or `{}` for a
//! map of it; `*` is any value and `{}s` a map of strings.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde_json::Value;

/// What a value consists of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    Any,
    Strings,
    Object(&'static str),
    List(&'static str),
    Map(&'static str),
}

impl Shape {
    fn parse(text: &'static str) -> Self {
        match text {
            "*" => Self::Any,
            "{}s" => Self::Strings,
            _ => match (text.strip_prefix("[]"), text.strip_prefix("{}")) {
                (Some(item), _) => Self::List(item),
                (_, Some(item)) => Self::Map(item),
                _ => Self::Object(text),
            },
        }
    }
}

type Fields = HashMap<&'static str, Shape>;

#[derive(Default)]
struct Table {
    kinds: HashMap<(&'static str, &'static str), Shape>,
    types: HashMap<&'static str, Fields>,
}

const SOURCE: &str = include_str!("fields.txt");

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = Table::default();
        let mut open = "";
        for line in SOURCE.lines() {
            let mut words = line.split(' ');
            match (words.next(), words.next(), words.next(), words.next()) {
                (Some("@"), Some(api_version), Some(kind), Some(shape)) => {
                    table
                        .kinds
                        .insert((api_version, kind), Shape::Object(shape));
                }
                (Some("#"), Some(name), None, None) => {
                    table.types.insert(name, Fields::new());
                    open = name;
                }
                (Some(field), Some(shape), None, None) => {
                    if let Some(fields) = table.types.get_mut(open) {
                        fields.insert(field, Shape::parse(shape));
                    }
                }
                _ => {}
            }
        }
        table
    })
}

/// The shape of a built-in kind; `None` for all others.
pub(super) fn of_kind(api_version: &str, kind: &str) -> Option<Shape> {
    table().kinds.get(&(api_version, kind)).copied()
}

/// Removes the fields that do not exist, and those that are null. A value of the wrong type is kept
/// for the API server to refuse.
pub(super) fn keep_known(value: &mut Value, shape: Shape) {
    match (shape, value) {
        (Shape::Object(name), Value::Object(map)) => {
            let Some(fields) = table().types.get(name) else {
                return;
            };
            map.retain(|field, value| fields.contains_key(field.as_str()) && !value.is_null());
            for (field, value) in map.iter_mut() {
                if let Some(shape) = fields.get(field.as_str()) {
                    keep_known(value, *shape);
                }
            }
        }
        (Shape::List(name), Value::Array(items)) => {
            for item in items {
                keep_known(item, Shape::Object(name));
            }
        }
        (Shape::Map(name), Value::Object(map)) => {
            for item in map.values_mut() {
                keep_known(item, Shape::Object(name));
            }
        }
        // A key with nothing behind it means the empty string to a Go decoder.
        (Shape::Strings, Value::Object(map)) => {
            for value in map.values_mut().filter(|value| value.is_null()) {
                *value = Value::from("");
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
