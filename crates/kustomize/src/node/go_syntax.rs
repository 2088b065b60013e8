//! How Go prints a decoded resource with `%#v`, which the errors of the final encoding start with.

use std::fmt::Write as _;

use windlass_yaml::{Dialect, PlainKind, plain_kind};

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
    // Writing to a string cannot fail.
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
            entries.sort_by(|a, b| a.key.text.cmp(&b.key.text));
            for (at, entry) in entries.into_iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                if top || texts {
                    let _ = write!(out, "{:?}", entry.key.text);
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
        _ => scalar.style != Style::Plain,
    }
}

fn write_scalar(scalar: &Scalar, out: &mut String) {
    if is_text(scalar) {
        let _ = write!(out, "{:?}", scalar.text);
        return;
    }
    match windlass_yaml::plain_value(&scalar.text, Dialect::V3) {
        Some(windlass_yaml::Value::Null) => out.push_str("interface {}(nil)"),
        Some(windlass_yaml::Value::String(text)) => {
            let _ = write!(out, "{text:?}");
        }
        Some(value) => {
            let _ = write!(out, "{value}");
        }
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
