//! Values as Go's `%#v` prints them: some error texts quote them that way.

use std::fmt::{self, Write as _};

use crate::Dialect;
use crate::decode::Decoder;
use crate::node::{Kind, Node};
use crate::number::yaml_float;
use crate::resolve::{Scalar, resolve_node};

/// Longest text worth building for an error message, in bytes.
const MAX_TEXT: usize = 16 << 10;

/// The untyped Go value of `node` in Go syntax.
pub(crate) fn value<'n>(decoder: &Decoder<'n>, node: &'n Node) -> String {
    let mut out = String::new();
    write_value(decoder, node, &mut out, true);
    out
}

fn write_value<'n>(decoder: &Decoder<'n>, node: &'n Node, out: &mut String, outermost: bool) {
    let Some(node) = decoder.shown_node(node) else {
        return;
    };
    if out.len() > MAX_TEXT {
        return;
    }
    match node.kind {
        Kind::Alias => {}
        Kind::Scalar => match resolve_node(decoder.dialect(), node) {
            Ok(Scalar::Null) if outermost => out.push_str("<nil>"),
            Ok(Scalar::Null) => out.push_str("interface {}(nil)"),
            Ok(Scalar::Bool(value)) => out.push_str(&value.to_string()),
            Ok(Scalar::Int(value)) => out.push_str(&value.to_string()),
            Ok(Scalar::Uint(value)) => push(out, format_args!("{value:#x}")),
            Ok(Scalar::Float(value)) if value.is_nan() => out.push_str("NaN"),
            Ok(Scalar::Float(value)) if value.is_infinite() => {
                out.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
            }
            Ok(Scalar::Float(value)) => out.push_str(&yaml_float(value)),
            _ => out.push_str(&quoted(&node.value)),
        },
        Kind::Sequence => {
            out.push_str("[]interface {}{");
            for (index, child) in node.children.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_value(decoder, child, out, false);
            }
            out.push('}');
        }
        Kind::Mapping => {
            let mut pairs: Vec<(String, &Node)> = node
                .pairs()
                .map(|(key, value)| {
                    let mut text = String::new();
                    write_value(decoder, key, &mut text, false);
                    (text, value)
                })
                .collect();
            pairs.sort_by(|(left, _), (right, _)| left.cmp(right));
            // v3 gives maps whose keys are all strings a type of their own.
            let strings = decoder.dialect() == Dialect::V3
                && pairs.iter().all(|(key, _)| key.starts_with('"'));
            out.push_str(if strings {
                "map[string]"
            } else {
                "map[interface {}]"
            });
            out.push_str("interface {}{");
            for (index, (key, value)) in pairs.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                out.push_str(key);
                out.push(':');
                write_value(decoder, value, out, false);
            }
            out.push('}');
        }
    }
}

fn push(out: &mut String, text: fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = out.write_fmt(text);
}

/// A Go string literal.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for found in text.chars() {
        match found {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..='\u{1f}' | '\u{7f}' => {
                push(&mut out, format_args!("\\x{:02x}", u32::from(found)));
            }
            '\u{80}'..='\u{a0}' | '\u{ad}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                push(&mut out, format_args!("\\u{:04x}", u32::from(found)));
            }
            _ => out.push(found),
        }
    }
    out.push('"');
    out
}
