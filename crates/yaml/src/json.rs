//! Go's compact JSON.

use std::fmt::Write as _;

use serde_json::Number;

use crate::Value;
use crate::number::json_float;

/// The bytes of Go's `encoding/json`: compact, keys sorted, `<`, `>`, `&` and the line and
/// paragraph separators escaped, floats in Go's form.
pub fn go_json(value: &Value) -> String {
    let mut out = String::new();
    write_value(value, None, &mut out);
    out
}

/// As [`go_json`], with `invalid` written as the replacement character's escape.
pub(crate) fn go_json_marked(value: &Value, invalid: char) -> String {
    let mut out = String::new();
    write_value(value, Some(invalid), &mut out);
    out
}

fn write_value(value: &Value, invalid: Option<char>, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => out.push_str(&number_text(number)),
        Value::String(text) => write_string(text, invalid, out),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_value(item, invalid, out);
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (index, (key, item)) in map.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(key, invalid, out);
                out.push(':');
                write_value(item, invalid, out);
            }
            out.push('}');
        }
    }
}

/// A number's JSON text as Go writes it.
pub(crate) fn number_text(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => json_float(float),
        _ => number.to_string(),
    }
}

fn write_string(text: &str, invalid: Option<char>, out: &mut String) {
    out.push('"');
    let mut clean = 0;
    for (index, found) in text.char_indices() {
        let escape = match found {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\u{8}' => "\\b",
            '\u{c}' => "\\f",
            '<' => "\\u003c",
            '>' => "\\u003e",
            '&' => "\\u0026",
            '\u{2028}' => "\\u2028",
            '\u{2029}' => "\\u2029",
            _ if Some(found) == invalid => "\\ufffd",
            '\0'..='\u{1f}' => "",
            _ => continue,
        };
        out.push_str(&text[clean..index]);
        if escape.is_empty() {
            // Writing to a string does not fail.
            let _ = write!(out, "\\u{:04x}", u32::from(found));
        } else {
            out.push_str(escape);
        }
        clean = index + found.len_utf8();
    }
    out.push_str(&text[clean..]);
    out.push('"');
}
