//! Quoted strings.

use super::rune::{decode_rune, is_print};

/// The string as a literal in double quotes, what is not printable escaped.
pub fn quote(text: &[u8]) -> String {
    quoted(text, b'"', false)
}

/// As [`quote`], with everything beyond ASCII escaped.
pub fn quote_ascii(text: &[u8]) -> String {
    quoted(text, b'"', true)
}

/// A character as a literal in single quotes.
pub fn quote_rune(rune: char, ascii: bool) -> String {
    let mut buffer = [0; 4];
    quoted(rune.encode_utf8(&mut buffer).as_bytes(), b'\'', ascii)
}

fn quoted(text: &[u8], quote: u8, ascii: bool) -> String {
    let mut out = Vec::with_capacity(text.len() + 2);
    append_quoted(&mut out, text, quote, ascii);
    // Only whole characters and escapes were written.
    String::from_utf8(out).unwrap_or_default()
}

/// Appends a quoted literal.
pub(crate) fn append_quoted(out: &mut Vec<u8>, text: &[u8], quote: u8, ascii: bool) {
    out.push(quote);
    let mut at = 0;
    while let Some(&first) = text.get(at) {
        // Most of most strings.
        if (b' '..0x7F).contains(&first) && first != quote && first != b'\\' {
            out.push(first);
            at += 1;
            continue;
        }
        let (rune, length) = decode_rune(&text[at..]);
        match rune {
            None => append_hex(out, b'x', u32::from(first), 2),
            Some(rune) => append_rune(out, rune, quote, ascii),
        }
        at += length;
    }
    out.push(quote);
}

fn append_rune(out: &mut Vec<u8>, rune: char, quote: u8, ascii: bool) {
    let code = u32::from(rune);
    match rune {
        '\\' => out.extend(b"\\\\"),
        _ if code == u32::from(quote) => out.extend([b'\\', quote]),
        _ if is_print(rune) && (rune.is_ascii() || !ascii) => {
            out.extend(rune.encode_utf8(&mut [0; 4]).as_bytes());
        }
        '\u{7}' => out.extend(b"\\a"),
        '\u{8}' => out.extend(b"\\b"),
        '\u{C}' => out.extend(b"\\f"),
        '\n' => out.extend(b"\\n"),
        '\r' => out.extend(b"\\r"),
        '\t' => out.extend(b"\\t"),
        '\u{B}' => out.extend(b"\\v"),
        '\0'..' ' | '\u{7F}' => append_hex(out, b'x', code, 2),
        '\0'..='\u{FFFF}' => append_hex(out, b'u', code, 4),
        _ => append_hex(out, b'U', code, 8),
    }
}

fn append_hex(out: &mut Vec<u8>, kind: u8, value: u32, digits: u32) {
    out.extend([b'\\', kind]);
    for place in (0..digits).rev() {
        out.push(b"0123456789abcdef"[(value >> (4 * place)) as usize & 15]);
    }
}

/// One character of a literal: what it stands for and the rest of the text. A character is a
/// code point, or a byte where an escape names one.
///
/// `quote` is the quote that must be escaped, or 0.
pub fn unquote_char(text: &[u8], quote: u8) -> Option<(Unquoted, &[u8])> {
    let (&first, rest) = text.split_first()?;
    if first == quote && (quote == b'\'' || quote == b'"') {
        return None;
    }
    if first >= 0x80 {
        let (rune, length) = decode_rune(text);
        let rune = rune.unwrap_or(char::REPLACEMENT_CHARACTER);
        return Some((Unquoted::Rune(rune), &text[length..]));
    }
    if first != b'\\' {
        return Some((Unquoted::Byte(first), rest));
    }
    let (&escape, rest) = rest.split_first()?;
    let byte = match escape {
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'\\' => b'\\',
        b'\'' | b'"' if escape == quote => quote,
        b'x' => {
            let (value, rest) = digits(rest, 16, 2)?;
            return Some((Unquoted::Byte(u8::try_from(value).ok()?), rest));
        }
        b'0'..=b'7' => {
            let (value, rest) = digits(&text[1..], 8, 3)?;
            return Some((Unquoted::Byte(u8::try_from(value).ok()?), rest));
        }
        b'u' | b'U' => {
            let (value, rest) = digits(rest, 16, if escape == b'u' { 4 } else { 8 })?;
            return Some((Unquoted::Rune(char::from_u32(value)?), rest));
        }
        _ => return None,
    };
    Some((Unquoted::Byte(byte), rest))
}

/// What [`unquote_char`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unquoted {
    /// A byte: ASCII, or one an escape names.
    Byte(u8),
    /// A code point that takes several bytes or was written as one.
    Rune(char),
}

impl Unquoted {
    /// Appends it to a string.
    pub fn append_to(self, out: &mut Vec<u8>) {
        match self {
            Self::Byte(byte) => out.push(byte),
            Self::Rune(rune) => out.extend(rune.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

fn digits(text: &[u8], radix: u32, count: usize) -> Option<(u32, &[u8])> {
    let (head, rest) = text.split_at_checked(count)?;
    let mut value: u32 = 0;
    for &byte in head {
        let digit = char::from(byte).to_digit(radix)?;
        value = value.checked_mul(radix)?.checked_add(digit)?;
    }
    Some((value, rest))
}

/// The string a literal in double, single or back quotes stands for; none if it is no literal.
pub fn unquote(literal: &[u8]) -> Option<Vec<u8>> {
    let (&quote, rest) = literal.split_first()?;
    let (&last, inner) = rest.split_last()?;
    if last != quote {
        return None;
    }
    match quote {
        b'`' if inner.contains(&b'`') => None,
        b'`' => Some(
            inner
                .iter()
                .copied()
                .filter(|&byte| byte != b'\r')
                .collect(),
        ),
        b'"' | b'\'' => {
            let mut out = Vec::with_capacity(inner.len());
            let mut rest = inner;
            let mut count = 0;
            while !rest.is_empty() {
                if rest[0] == b'\n' {
                    return None;
                }
                let (unquoted, tail) = unquote_char(rest, quote)?;
                unquoted.append_to(&mut out);
                rest = tail;
                count += 1;
            }
            (quote == b'"' || count == 1).then_some(out)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_as_go_does() {
        for (text, quoted, ascii) in [
            (&b"abc"[..], r#""abc""#, r#""abc""#),
            (b"a\"\\'", r#""a\"\\'""#, r#""a\"\\'""#),
            (
                b"\x00\x07\x1b\x7f\n",
                r#""\x00\a\x1b\x7f\n""#,
                r#""\x00\a\x1b\x7f\n""#,
            ),
            (b"\xff\xe2\x98", r#""\xff\xe2\x98""#, r#""\xff\xe2\x98""#),
            (
                "☺\u{a0}\u{ad}".as_bytes(),
                "\"☺\\u00a0\\u00ad\"",
                r#""\u263a\u00a0\u00ad""#,
            ),
            (
                "\u{1F600}\u{E0001}".as_bytes(),
                "\"😀\\U000e0001\"",
                r#""\U0001f600\U000e0001""#,
            ),
        ] {
            assert_eq!(quote(text), quoted);
            assert_eq!(quote_ascii(text), ascii);
            assert_eq!(unquote(quoted.as_bytes()).unwrap(), text);
        }
        assert_eq!(quote_rune('\'', false), r"'\''");
        assert_eq!(quote_rune('☺', true), r"'\u263a'");
    }

    #[test]
    fn refuses_what_is_no_literal() {
        for literal in [
            "",
            "\"",
            "'",
            "\"a",
            "a\"",
            "\"\n\"",
            r#""\q""#,
            r#""\'""#,
            "''",
            "'ab'",
            r#""\400""#,
            r#""\ud800""#,
            r#""\x1""#,
            "`a`b`",
            "\"a\"b\"",
        ] {
            assert_eq!(unquote(literal.as_bytes()), None, "{literal}");
        }
        assert_eq!(unquote(b"`a\r\nb`").unwrap(), b"a\nb");
        assert_eq!(unquote(br#""\xff\377""#).unwrap(), b"\xff\xff");
    }
}
