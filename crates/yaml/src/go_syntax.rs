//! Values as Go's `%#v` prints them: some error texts quote them that way.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt::{self, Write as _};

use crate::Dialect;
use crate::decode::Decoder;
use crate::node::{Kind, Node};
use crate::number::yaml_float;
use crate::resolve::{Scalar, resolve_node};

/// Longest text worth building for an error message, in bytes.
const MAX_TEXT: usize = 16 << 10;

/// A nil within a collection.
const NIL: &str = "interface {}(nil)";

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
            Ok(Scalar::Null) => out.push_str(NIL),
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
            let mut found = Vec::new();
            collect_pairs(decoder, node, &mut found);
            // Of equal keys the last one holds.
            let unique: HashMap<String, (Rank<'_>, &Node)> = found.into_iter().collect();
            let mut pairs: Vec<_> = unique.into_iter().collect();
            pairs.sort_by(|(_, (left, _)), (_, (right, _))| left.compare(right));
            // v3 gives maps whose keys are all strings a type of their own.
            let strings = decoder.dialect() == Dialect::V3
                && pairs.iter().all(|(key, _)| key.starts_with('"'));
            out.push_str(if strings {
                "map[string]"
            } else {
                "map[interface {}]"
            });
            out.push_str("interface {}{");
            for (index, (key, (_, value))) in pairs.iter().enumerate() {
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

/// Where a key stands among others of its map: nil first, then by type, then by value.
struct Rank<'n> {
    class: u8,
    number: f64,
    text: &'n str,
}

impl<'n> Rank<'n> {
    fn of(decoder: &Decoder<'n>, key: &'n Node) -> Self {
        let text = decoder.shown_node(key).map_or("", |key| &key.value);
        let found = decoder
            .shown_node(key)
            .map(|key| resolve_node(decoder.dialect(), key));
        #[expect(clippy::cast_precision_loss, reason = "an order only")]
        let (class, number) = match found {
            Some(Ok(Scalar::Null)) => (0, 0.0),
            Some(Ok(Scalar::Int(value))) => (2, value as f64),
            Some(Ok(Scalar::Uint(value))) => (2, value as f64),
            Some(Ok(Scalar::Float(value))) => (3, value),
            Some(Ok(Scalar::Bool(value))) => (4, f64::from(u8::from(value))),
            _ => (1, 0.0),
        };
        Self {
            class,
            number,
            text,
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.class
            .cmp(&other.class)
            .then(self.number.total_cmp(&other.number))
            .then(self.text.cmp(other.text))
    }
}

/// The pairs of a mapping, keys in Go syntax, merges carried out.
fn collect_pairs<'n>(
    decoder: &Decoder<'n>,
    node: &'n Node,
    pairs: &mut Vec<(String, (Rank<'n>, &'n Node))>,
) {
    for (key, value) in node.pairs() {
        if pairs.len() > MAX_TEXT {
            return;
        }
        if !key.is_merge_key() {
            let mut text = String::new();
            write_value(decoder, key, &mut text, false);
            pairs.push((text, (Rank::of(decoder, key), value)));
            continue;
        }
        let sources = match value.kind {
            Kind::Sequence => &value.children[..],
            _ => std::slice::from_ref(value),
        };
        for source in sources.iter().rev() {
            match decoder.shown_node(source) {
                Some(source) if source.kind == Kind::Mapping => {
                    collect_pairs(decoder, source, pairs);
                }
                _ => {}
            }
        }
    }
}

fn push(out: &mut String, text: fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = out.write_fmt(text);
}

/// Spaces but the plain one, characters for formatting, private and unassigned ones.
fn is_unprintable(found: char) -> bool {
    matches!(
        found,
        '\u{80}'..='\u{a0}' | '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}'
            | '\u{70f}' | '\u{1680}' | '\u{180e}' | '\u{2000}'..='\u{200f}'
            | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' | '\u{3000}'
            | '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{feff}'
            | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..
    )
}

/// The text in double quotes as Go's `%q` writes it.
pub fn quoted(text: &str) -> String {
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
            _ if is_unprintable(found) && u32::from(found) > 0xffff => {
                push(&mut out, format_args!("\\U{:08x}", u32::from(found)));
            }
            _ if is_unprintable(found) => {
                push(&mut out, format_args!("\\u{:04x}", u32::from(found)));
            }
            _ => out.push(found),
        }
    }
    out.push('"');
    out
}
