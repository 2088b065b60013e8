//! Field paths of replacements.

use regex::Regex;
use windlass_yaml::Value;

use crate::Error;
use crate::resource::scalar_text;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// A key of a map, or an index of a list.
    Key(String),
    /// `*`: every element of a list.
    Every,
    /// `-`: the last element of a list.
    Last,
    /// `[key=value]`: the elements of a list whose field is so; without key, scalar elements.
    Where(String, String),
}

/// Whether a path led to anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Yes,
    No,
}

impl Step {
    /// Splits at dots; `\.` is a dot, and brackets keep what they hold together.
    pub(super) fn parse(path: &str) -> Vec<Self> {
        let mut parts = vec![String::new()];
        let mut depth = 0_usize;
        let mut chars = path.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\\' if chars.peek() == Some(&'.') => {
                    chars.next();
                    push(&mut parts, '.');
                }
                '.' if depth == 0 => parts.push(String::new()),
                c => {
                    match c {
                        '[' => depth += 1,
                        ']' => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    push(&mut parts, c);
                }
            }
        }
        parts
            .iter()
            .filter(|part| !part.is_empty())
            .map(|part| Self::of(part))
            .collect()
    }

    fn of(part: &str) -> Self {
        match part {
            "*" => return Self::Every,
            "-" => return Self::Last,
            _ => {}
        }
        let Some(inner) = part
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        else {
            return Self::Key(part.to_owned());
        };
        match inner.split_once('=') {
            Some((key, value)) => Self::Where(key.to_owned(), value.to_owned()),
            None => Self::Key(inner.to_owned()),
        }
    }
}

fn push(parts: &mut [String], c: char) {
    if let Some(part) = parts.last_mut() {
        part.push(c);
    }
}

/// The value a source's path leads to. Filters compare for equality.
pub(super) fn get(node: &Value, path: &[Step]) -> Option<Value> {
    let Some((step, rest)) = path.split_first() else {
        return Some(node.clone());
    };
    let next = match (step, node) {
        (Step::Key(key), Value::Object(map)) => map.get(key)?,
        (Step::Key(key), Value::Array(list)) => list.get(key.parse::<usize>().ok()?)?,
        (Step::Last, Value::Array(list)) => list.last()?,
        (Step::Where(key, value), Value::Array(list)) => list
            .iter()
            .find(|item| field_text(item, key).as_deref() == Some(value))?,
        (_, Value::String(text)) => {
            return get(&Structured::parse(text)?.value, path);
        }
        _ => return None,
    };
    get(next, rest)
}

/// The text that a filter on `key` compares.
fn field_text(item: &Value, key: &str) -> Option<String> {
    if key.is_empty() {
        return (!item.is_object() && !item.is_array()).then(|| scalar_text(Some(item)));
    }
    item.get(key).map(|value| scalar_text(Some(value)))
}

/// Calls `set` on everything a target's path leads to, saying whether the place was just made.
/// Filters are patterns.
pub(super) fn visit(
    node: &mut Value,
    path: &[Step],
    create: bool,
    set: &mut dyn FnMut(&mut Value, bool) -> Result<(), Error>,
) -> Result<Found, Error> {
    let Some((step, rest)) = path.split_first() else {
        let made = create && node.is_null();
        return set(node, made).map(|()| Found::Yes);
    };
    if node.is_null() && create {
        *node = match step {
            Step::Key(key) if key.parse::<usize>().is_err() => {
                Value::Object(serde_json::Map::new())
            }
            _ => Value::Array(Vec::new()),
        };
    }
    if let Value::String(text) = node
        && let Some(mut structured) = Structured::parse(text)
        && visit(&mut structured.value, path, create, set)? == Found::Yes
    {
        *node = Value::String(structured.to_text());
        return Ok(Found::Yes);
    }
    match (step, node) {
        (Step::Key(key), Value::Object(map)) => {
            if !map.contains_key(key) && !create {
                return Ok(Found::No);
            }
            visit(
                map.entry(key.clone()).or_insert(Value::Null),
                rest,
                create,
                set,
            )
        }
        (Step::Key(key), Value::Array(list)) => {
            let Ok(at) = key.parse::<usize>() else {
                return Ok(Found::No);
            };
            if at == list.len() && create {
                list.push(Value::Null);
            }
            let length = list.len();
            match list.get_mut(at) {
                Some(item) => visit(item, rest, create, set),
                None => Err(Error::invalid(format!(
                    "index {at} specified but only {length} elements found"
                ))),
            }
        }
        (Step::Every, Value::Array(list)) => every(list.iter_mut(), rest, create, set),
        (Step::Last, Value::Array(list)) => match list.last_mut() {
            Some(item) => visit(item, rest, create, set),
            None => Ok(Found::No),
        },
        (Step::Where(key, value), Value::Array(list)) => {
            let pattern = Regex::new(value).map_err(|error| Error::invalid(error.to_string()))?;
            let fits =
                |item: &Value| field_text(item, key).is_some_and(|text| pattern.is_match(&text));
            if create && !list.iter().any(&fits) {
                list.push(if key.is_empty() {
                    Value::String(value.clone())
                } else {
                    serde_json::json!({ key: value })
                });
            }
            every(list.iter_mut().filter(|item| fits(item)), rest, create, set)
        }
        (Step::Every | Step::Where(..), node @ Value::Object(_)) => Err(Error::invalid(format!(
            "wrong node kind: expected SequenceNode but got MappingNode: node contents:\n{}",
            windlass_yaml::json_to_yaml(node)
        ))),
        _ => Ok(Found::No),
    }
}

fn every<'v>(
    items: impl Iterator<Item = &'v mut Value>,
    rest: &[Step],
    create: bool,
    set: &mut dyn FnMut(&mut Value, bool) -> Result<(), Error>,
) -> Result<Found, Error> {
    let mut found = Found::No;
    for item in items {
        if visit(item, rest, create, set)? == Found::Yes {
            found = Found::Yes;
        }
    }
    Ok(found)
}

/// A document inside a string.
struct Structured {
    value: Value,
    json: Option<Layout>,
}

/// How a JSON text was laid out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    Compact,
    Pretty,
}

impl Structured {
    /// None for strings that hold no map or list.
    fn parse(text: &str) -> Option<Self> {
        let layout = if text.contains("\n  ") {
            Layout::Pretty
        } else {
            Layout::Compact
        };
        if let Ok(value @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text) {
            return Some(Self {
                value,
                json: Some(layout),
            });
        }
        match windlass_yaml::documents(text).ok()?.pop()? {
            value @ (Value::Object(_) | Value::Array(_)) => Some(Self { value, json: None }),
            _ => None,
        }
    }

    fn to_text(&self) -> String {
        match self.json {
            None => windlass_yaml::json_to_yaml(&self.value)
                .trim_end()
                .to_owned(),
            Some(Layout::Compact) => windlass_yaml::go_json(&self.value),
            Some(Layout::Pretty) => serde_json::to_string_pretty(&self.value).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(object: &Value, path: &str, create: bool) -> Result<Option<Value>, String> {
        let mut object = object.clone();
        let found = visit(&mut object, &Step::parse(path), create, &mut |place, _| {
            *place = json!("new");
            Ok(())
        });
        match found {
            Ok(Found::Yes) => Ok(Some(object)),
            Ok(Found::No) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn paths_reach_into_maps_lists_and_texts() {
        let object = json!({"a.b": {"l": [{"n": "x", "v": 1}, {"n": "y"}]}, "t": "{\"k\":1}"});
        let at = |path: &str, pointer: &str| {
            set(&object, path, false)
                .unwrap()
                .unwrap()
                .pointer(pointer)
                .cloned()
        };
        for path in ["a\\.b.l.[n=x].v", "[a.b].l.0.v"] {
            assert_eq!(at(path, "/a.b/l/0/v"), Some(json!("new")), "{path}");
        }
        assert_eq!(at("t.k", "/t"), Some(json!("{\"k\":\"new\"}")));
        assert_eq!(at("[a.b].l.*.n", "/a.b/l/1/n"), Some(json!("new")));
        assert_eq!(set(&object, "x.y", false), Ok(None));
        assert_eq!(
            set(&json!({}), "x.[k=v].y", true).unwrap(),
            Some(json!({"x": [{"k": "v", "y": "new"}]}))
        );
        assert_eq!(
            set(&json!({"l": []}), "l.1", true),
            Err("index 1 specified but only 0 elements found".into())
        );
    }
}
