//! Flags, width and precision of one verb, and what they do to strings.

use crate::strconv::{self, decode_rune, runes};

/// What stands between `%` and the verb.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "they are flags")]
pub(super) struct Layout {
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    /// `%+v`, which says other things than the flag does with other verbs.
    pub(super) plus_v: bool,
    /// `%#v`, likewise.
    pub(super) sharp_v: bool,
}

impl Layout {
    /// The flags of `%v` and `%w` move to what they mean there.
    pub(super) fn shift_to_v(&mut self) {
        self.sharp_v = self.sharp;
        self.sharp = false;
        self.plus_v = self.plus;
        self.plus = false;
    }

    pub(super) fn push_padding(&self, out: &mut Vec<u8>, count: usize) {
        // Zeros are only put on the left.
        let byte = if self.zero && !self.minus { b'0' } else { b' ' };
        out.extend(std::iter::repeat_n(byte, count));
    }

    /// Appends the text, padded to the width.
    pub(super) fn pad(&self, out: &mut Vec<u8>, text: &[u8]) {
        let Some(width) = self.width.filter(|width| *width > 0) else {
            out.extend(text);
            return;
        };
        let padding = width.saturating_sub(count_runes(text));
        if self.minus {
            out.extend(text);
            self.push_padding(out, padding);
        } else {
            self.push_padding(out, padding);
            out.extend(text);
        }
    }

    fn truncate<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        match self.precision {
            None => text,
            Some(precision) => match runes(text).nth(precision) {
                Some((end, _)) => &text[..end],
                None => text,
            },
        }
    }

    /// `%s`.
    pub(super) fn string(&self, out: &mut Vec<u8>, text: &[u8]) {
        self.pad(out, self.truncate(text));
    }

    /// `%q`.
    pub(super) fn quoted(&self, out: &mut Vec<u8>, text: &[u8]) {
        let text = self.truncate(text);
        let mut quoted = Vec::with_capacity(text.len() + 2);
        if self.sharp && can_backquote(text) {
            quoted.push(b'`');
            quoted.extend(text);
            quoted.push(b'`');
        } else {
            strconv::append_quoted(&mut quoted, text, b'"', self.plus);
        }
        self.pad(out, &quoted);
    }

    /// `%x` and `%X` of a string.
    pub(super) fn hex(&self, out: &mut Vec<u8>, text: &[u8], upper: bool) {
        let text = match self.precision {
            Some(precision) => &text[..precision.min(text.len())],
            None => text,
        };
        if text.is_empty() {
            if let Some(width) = self.width {
                self.push_padding(out, width);
            }
            return;
        }
        let (digits, mark): (&[u8; 16], u8) = if upper {
            (b"0123456789ABCDEF", b'X')
        } else {
            (b"0123456789abcdef", b'x')
        };
        let width = match (self.space, self.sharp) {
            (true, true) => 5 * text.len() - 1,
            (true, false) => 3 * text.len() - 1,
            (false, true) => 2 * text.len() + 2,
            (false, false) => 2 * text.len(),
        };
        let padding = self.width.unwrap_or_default().saturating_sub(width);
        if !self.minus {
            self.push_padding(out, padding);
        }
        for (index, byte) in text.iter().enumerate() {
            if self.space && index > 0 {
                out.push(b' ');
            }
            if self.sharp && (self.space || index == 0) {
                out.extend([b'0', mark]);
            }
            out.push(digits[usize::from(byte >> 4)]);
            out.push(digits[usize::from(byte & 15)]);
        }
        if self.minus {
            self.push_padding(out, padding);
        }
    }
}

fn count_runes(text: &[u8]) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        runes(text).count()
    }
}

/// Whether the text can stand between back quotes: one line without control characters.
fn can_backquote(mut text: &[u8]) -> bool {
    while !text.is_empty() {
        let (rune, length) = decode_rune(text);
        match rune {
            None | Some('\u{FEFF}' | '`' | '\u{7F}') => return false,
            Some(rune) if rune < ' ' && rune != '\t' => return false,
            Some(_) => text = &text[length..],
        }
    }
    true
}
