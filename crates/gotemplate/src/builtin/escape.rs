//! `html`, `js`, `urlquery`.

use std::borrow::Cow;

use super::print::charged;
use crate::exec::Scope;
use crate::format;
use crate::function::{Args, Functions, Outcome};
use crate::limits::Limit;
use crate::strconv::{decode_rune, is_print};
use crate::value::{Type, Value};

pub(super) fn register(functions: &mut Functions) {
    functions.add_variadic("html", &[], Type::Any, |scope, args| {
        escaped(scope, args, html)
    });
    functions.add_variadic("js", &[], Type::Any, |scope, args| escaped(scope, args, js));
    functions.add_variadic("urlquery", &[], Type::Any, |scope, args| {
        escaped(scope, args, url_query)
    });
}

fn escaped(scope: &mut Scope<'_>, args: Args<'_>, escape: fn(&[u8]) -> Vec<u8>) -> Outcome {
    let text: Result<Cow<'_, [u8]>, Limit> = match args.all() {
        [Value::String(text)] => Ok(Cow::Borrowed(text.as_bytes())),
        all => format::sprint_followed(all, scope.bytes_left()).map(Cow::Owned),
    };
    let out = text.map(|text| escape(&text));
    charged(scope, out)
}

fn html(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        match byte {
            0 => out.extend("\u{FFFD}".as_bytes()),
            b'"' => out.extend(b"&#34;"),
            b'\'' => out.extend(b"&#39;"),
            b'&' => out.extend(b"&amp;"),
            b'<' => out.extend(b"&lt;"),
            b'>' => out.extend(b"&gt;"),
            _ => out.push(byte),
        }
    }
    out
}

fn js(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let mut length = 1;
        match byte {
            b'\\' => out.extend(b"\\\\"),
            b'\'' => out.extend(b"\\'"),
            b'"' => out.extend(b"\\\""),
            b'<' | b'>' | b'&' | b'=' | 0..0x20 => {
                out.extend(format!("\\u{byte:04X}").into_bytes());
            }
            0x80.. => {
                let (rune, width) = decode_rune(&text[at..]);
                length = width;
                match rune {
                    Some(rune) if !is_print(rune) => {
                        out.extend(format!("\\u{:04X}", u32::from(rune)).into_bytes());
                    }
                    // U+FFFD is printable, and what it stands for is copied as it is.
                    _ => out.extend(&text[at..at + width]),
                }
            }
            _ => out.push(byte),
        }
        at += length;
    }
    out
}

fn url_query(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte),
            b' ' => out.push(b'+'),
            _ => out.extend(format!("%{byte:02X}").into_bytes()),
        }
    }
    out
}
