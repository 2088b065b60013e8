//! What go-yaml's emitters write and libyaml's does not.
//!
//! go-yaml v2 takes no character beyond U+FFFF for printable, and escapes every character of a text
//! that begins with a byte order mark. Such characters pass libyaml's emitter as stand-ins that
//! force double quotes and are as wide as the escape, so that folding comes out the same; the
//! escape replaces the stand-in afterwards.

use std::borrow::Cow;

/// Not printable, so libyaml escapes it in six columns and chooses double quotes.
const LEAD: char = '\u{ffff}';
const ESCAPED_LEAD: &str = "\\uFFFF";
/// Four of these spell a code point, six bits each. No other character of the supplementary
/// planes reaches the emitter.
const DIGITS: u32 = 0x10_0000;
const PLACES: [u32; 4] = [18, 12, 6, 0];

/// `text` with stand-ins where they are needed.
pub(crate) fn cover(text: &str) -> Cow<'_, str> {
    let marked = text.starts_with('\u{feff}');
    if !marked && text.chars().all(|found| found < LEAD) {
        return Cow::Borrowed(text);
    }
    let mut covered = String::with_capacity(text.len() * 2);
    for found in text.chars() {
        if !marked && found < LEAD {
            covered.push(found);
            continue;
        }
        covered.push(LEAD);
        for place in PLACES {
            let digit = DIGITS + ((u32::from(found) >> place) & 0x3f);
            covered.extend(char::from_u32(digit));
        }
    }
    Cow::Owned(covered)
}

/// Stands for a tab.
const TAB: char = '\u{10_ffff}';

/// `text` for a block scalar of go-yaml v3, which writes tabs there; libyaml would not.
pub(crate) fn cover_tabs(text: &str) -> Cow<'_, str> {
    match cover(text) {
        Cow::Borrowed(text) if text.contains('\t') => {
            Cow::Owned(text.replace('\t', TAB.encode_utf8(&mut [0; 4])))
        }
        covered => covered,
    }
}

/// The emitter's output with escapes in place of the stand-ins.
pub(crate) fn uncover(output: String) -> String {
    if !output.bytes().any(|byte| byte >= 0xf0) {
        return output;
    }
    let mut uncovered = String::with_capacity(output.len());
    let mut digits = 0;
    let mut code = 0;
    for found in output.chars() {
        if found == TAB {
            uncovered.push('\t');
            continue;
        }
        let Some(digit) = u32::from(found).checked_sub(DIGITS) else {
            uncovered.push(found);
            continue;
        };
        code = code << 6 | digit;
        digits += 1;
        if digits == PLACES.len() {
            uncovered.truncate(uncovered.len() - ESCAPED_LEAD.len());
            uncovered.push_str(&escape(code));
            digits = 0;
            code = 0;
        }
        // The lead was written just before the first digit, nothing in between.
        if digits == 1 {
            debug_assert!(uncovered.ends_with(ESCAPED_LEAD), "a stand-in has a lead");
        }
    }
    uncovered
}

fn escape(code: u32) -> String {
    match code {
        0x22 => "\\\"".to_owned(),
        0x5c => "\\\\".to_owned(),
        0x09 => "\\t".to_owned(),
        0x0a => "\\n".to_owned(),
        0x0d => "\\r".to_owned(),
        0x85 => "\\N".to_owned(),
        0xa0 => "\\_".to_owned(),
        0x2028 => "\\L".to_owned(),
        0x2029 => "\\P".to_owned(),
        _ if code <= 0xff => format!("\\x{code:02X}"),
        _ if code <= 0xffff => format!("\\u{code:04X}"),
        _ => format!("\\U{code:08X}"),
    }
}
