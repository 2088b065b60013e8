//! Documents within texts: the JSON or YAML that the value of a config map often is.

use windlass_yaml::Value;

use super::target::{Make, visit};
use crate::node::{Node, Reader, Tag};
use crate::{Error, path};

/// The document a text holds. `None` if there is nothing in it but comments, which is not the same
/// as a null.
pub(super) fn parse(text: &str) -> Result<Option<Node>, Error> {
    if is_json(text) {
        Reader::first(text)
    } else {
        Reader::verbatim(text)
    }
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

/// Sets a field whose path leads through a text. False, with nothing changed, if there is no such
/// text, or no such field in it.
pub(super) fn set(object: &mut Node, field: &[String], value: &Node, make: Option<Make>) -> bool {
    if field.len() < 2 {
        return false;
    }
    let holds_text = |end: &usize| {
        let node = path::lookup(object, &field[..*end]);
        matches!(node, Ok(Some(Node::Scalar(scalar))) if parse(&scalar.text).is_ok())
    };
    let Some(end) = (1..field.len()).find(holds_text) else {
        return false;
    };
    let Ok(Some(Node::Scalar(scalar))) = path::lookup_mut(object, &field[..end]) else {
        return false;
    };
    match edited(&scalar.text, &field[end..], value, make) {
        Some(text) => {
            scalar.text = text.into();
            scalar.touch();
            true
        }
        None => false,
    }
}

/// The text with a field of its document set.
fn edited(text: &str, field: &[String], value: &Node, make: Option<Make>) -> Option<String> {
    let mut document = parse(text).ok()??;
    let mut found = false;
    visit(&mut document, field, make, &mut |place| {
        found = true;
        match place {
            Node::Scalar(scalar) if scalar.tag != Tag::Alias => {
                scalar.text = value.text().into();
            }
            place => *place = value.clone(),
        }
        Ok(())
    })
    .ok()?;
    if !found {
        return None;
    }
    if !is_json(text) {
        return Some(document.to_text().trim().to_owned());
    }
    let value = document.to_value().ok()?;
    if text.contains('\n') && text.contains("  ") {
        Some(indented(&value))
    } else {
        Some(windlass_yaml::go_json(&value))
    }
}

/// JSON over several lines, as Go writes it.
fn indented(value: &Value) -> String {
    let mut out = String::new();
    write(value, 0, &mut out);
    out
}

fn write(value: &Value, level: usize, out: &mut String) {
    let line = |level: usize, out: &mut String| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", level));
    };
    match value {
        Value::Array(items) if !items.is_empty() => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                line(level + 1, out);
                write(item, level + 1, out);
            }
            line(level, out);
            out.push(']');
        }
        Value::Object(map) if !map.is_empty() => {
            out.push('{');
            for (at, (key, item)) in map.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                line(level + 1, out);
                out.push_str(&windlass_yaml::go_json(&Value::String(key.clone())));
                out.push_str(": ");
                write(item, level + 1, out);
            }
            line(level, out);
            out.push('}');
        }
        other => out.push_str(&windlass_yaml::go_json(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set_in(text: &str, field: &str) -> Option<String> {
        edited(text, &path::split_fields(field), &Node::string("new"), None)
    }

    #[test]
    fn documents_keep_their_layout() {
        assert_eq!(
            set_in(r#"{"b": 1, "a": "x"}"#, "a").unwrap(),
            r#"{"a":"new","b":1}"#
        );
        assert_eq!(
            set_in("{\n  \"a\": [\"x\"]\n}", "a.0").unwrap(),
            "{\n  \"a\": [\n    \"new\"\n  ]\n}"
        );
        assert_eq!(set_in("b: 1\na: x\n", "a").unwrap(), "b: 1\na: new");
        assert_eq!(set_in("plain text", "a"), None);
    }
}
