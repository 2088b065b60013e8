//! How Go prints a decoded resource with `%#v`, which the errors of the final encoding start with.

use std::cmp::Ordering;

use windlass_yaml::{Dialect, PlainKind, Value, float_text, go_quoted, plain_kind, plain_value};

use super::{Node, Scalar, Style, Tag};

impl Node {
    /// A resource as an untyped map; without content where decoding already fails.
    pub(crate) fn go_syntax(&self, decodes: bool) -> String {
        if !decodes {
            return "map[string]interface {}(nil)".to_owned();
        }
        let mut out = String::new();
        write(self, true, &mut out);
        out
    }
}

fn write(node: &Node, top: bool, out: &mut String) {
    match node {
        Node::Scalar(scalar) => write_scalar(scalar, out),
        Node::Sequence(sequence) => {
            out.push_str("[]interface {}{");
            for (at, item) in sequence.items.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                write(item, false, out);
            }
            out.push('}');
        }
        Node::Mapping(mapping) => {
            let texts = mapping.entries.iter().all(|entry| is_text(&entry.key));
            out.push_str(if top || texts {
                "map[string]interface {}{"
            } else {
                "map[interface {}]interface {}{"
            });
            let mut entries: Vec<_> = mapping.entries.iter().collect();
            entries.sort_by(|a, b| {
                if top || texts {
                    a.key.text.cmp(&b.key.text)
                } else {
                    order(&a.key, &b.key)
                }
            });
            for (at, entry) in entries.into_iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                if top || texts {
                    out.push_str(&go_quoted(&entry.key.text));
                } else {
                    write_scalar(&entry.key, out);
                }
                out.push(':');
                write(&entry.value, false, out);
            }
            out.push('}');
        }
    }
}

fn is_text(scalar: &Scalar) -> bool {
    match scalar.tag {
        Tag::Str | Tag::Merge | Tag::Other => true,
        Tag::None => {
            scalar.style != Style::Plain || plain_kind(&scalar.text, Dialect::V3) == PlainKind::Text
        }
        _ => scalar.style != Style::Plain && !scalar.tagged,
    }
}

/// The order of keys of different types: nil, then by type, then by value.
fn order(a: &Scalar, b: &Scalar) -> Ordering {
    let rank = |key: &Scalar| {
        let value = plain_value(&key.text, Dialect::V3).filter(|_| !is_text(key));
        let class = match (&value, plain_kind(&key.text, Dialect::V3)) {
            (Some(Value::Null), _) => 0,
            (Some(Value::Number(_)), PlainKind::Int) => 2,
            (Some(Value::Number(_)), _) => 3,
            (Some(Value::Bool(_)), _) => 4,
            _ => 1,
        };
        let number = value.as_ref().and_then(Value::as_f64).unwrap_or_default();
        (class, number)
    };
    let ((class, number), (other_class, other)) = (rank(a), rank(b));
    class
        .cmp(&other_class)
        .then(number.total_cmp(&other))
        .then_with(|| a.text.cmp(&b.text))
}

fn write_scalar(scalar: &Scalar, out: &mut String) {
    if is_text(scalar) {
        out.push_str(&go_quoted(&scalar.text));
        return;
    }
    let is_float = plain_kind(&scalar.text, Dialect::V3) == PlainKind::Float;
    match plain_value(&scalar.text, Dialect::V3) {
        Some(Value::Null) => out.push_str("interface {}(nil)"),
        Some(Value::String(text)) => out.push_str(&go_quoted(&text)),
        Some(Value::Number(number)) => {
            let written = match (number.as_f64(), number.as_i64(), number.as_u64()) {
                (Some(float), ..) if is_float => float_text(float),
                (_, None, Some(large)) => format!("{large:#x}"),
                _ => number.to_string(),
            };
            out.push_str(&written);
        }
        Some(value) => out.push_str(&value.to_string()),
        None => {
            let text = scalar.text.trim_start_matches(['.', '+']);
            out.push_str(match text.to_ascii_lowercase().as_str() {
                "nan" => "NaN",
                "inf" => "+Inf",
                _ => "-Inf",
            });
        }
    }
}
