//! Numbers under flags, width and precision.

use super::layout::Layout;
use crate::strconv::{self, FloatSize};

/// An integer as the formatter sees it: magnitude and sign.
#[derive(Clone, Copy, Debug)]
pub(super) struct Integer {
    pub(super) magnitude: u64,
    pub(super) negative: bool,
}

impl Integer {
    pub(super) const fn signed(value: i64) -> Self {
        Self {
            magnitude: value.unsigned_abs(),
            negative: value < 0,
        }
    }

    pub(super) const fn unsigned(value: u64) -> Self {
        Self {
            magnitude: value,
            negative: false,
        }
    }

    /// The character it is the code point of; U+FFFD if it is none.
    fn rune(self) -> char {
        u32::try_from(self.magnitude)
            .ok()
            .filter(|_| !self.negative)
            .and_then(char::from_u32)
            .unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

impl Layout {
    /// An integer in a base; `octal_mark` is `%O`.
    pub(super) fn integer(
        &self,
        out: &mut Vec<u8>,
        number: Integer,
        base: u64,
        upper: bool,
        octal_mark: bool,
    ) {
        let Integer {
            magnitude,
            negative,
        } = number;
        let plain = Self {
            zero: false,
            ..*self
        };
        let signed = negative || self.plus || self.space;
        let least = match (self.precision, self.width) {
            // Nothing but padding.
            (Some(0), _) if magnitude == 0 => {
                plain.push_padding(out, self.width.unwrap_or_default());
                return;
            }
            (Some(precision), _) => precision,
            (None, Some(width)) if self.zero && !self.minus => {
                width.saturating_sub(usize::from(signed))
            }
            _ => 0,
        };
        let digits: &[u8; 16] = if upper {
            b"0123456789ABCDEF"
        } else {
            b"0123456789abcdef"
        };
        // From the right to the left.
        let mut text = Vec::with_capacity(24);
        let mut rest = magnitude;
        loop {
            #[expect(clippy::cast_possible_truncation, reason = "less than 16")]
            text.push(digits[(rest % base) as usize]);
            rest /= base;
            if rest == 0 {
                break;
            }
        }
        if text.len() < least {
            text.resize(least, b'0');
        }
        if self.sharp {
            match base {
                2 => text.extend(b"b0"),
                8 if text.last() != Some(&b'0') => text.push(b'0'),
                16 => text.extend([if upper { b'X' } else { b'x' }, b'0']),
                _ => {}
            }
        }
        if octal_mark {
            text.extend(b"o0");
        }
        if negative {
            text.push(b'-');
        } else if self.plus {
            text.push(b'+');
        } else if self.space {
            text.push(b' ');
        }
        text.reverse();
        plain.pad(out, &text);
    }

    /// `%c`.
    pub(super) fn character(&self, out: &mut Vec<u8>, number: Integer) {
        self.pad(out, number.rune().encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// `%q` of an integer.
    pub(super) fn quoted_character(&self, out: &mut Vec<u8>, number: Integer) {
        self.pad(
            out,
            strconv::quote_rune(number.rune(), self.plus).as_bytes(),
        );
    }

    /// `%U`.
    pub(super) fn code_point(&self, out: &mut Vec<u8>, number: Integer) {
        let value = if number.negative {
            number.magnitude.wrapping_neg()
        } else {
            number.magnitude
        };
        let least = self.precision.unwrap_or_default().max(4);
        let mut text = format!("U+{value:0least$X}");
        if self.sharp
            && let Some(rune) = u32::try_from(value).ok().and_then(char::from_u32)
            && strconv::is_print(rune)
        {
            text.extend([' ', '\'', rune, '\'']);
        }
        let plain = Self {
            zero: false,
            ..*self
        };
        plain.pad(out, text.as_bytes());
    }

    /// A floating point number; `format` is one of `strconv`'s.
    pub(super) fn float(
        &self,
        out: &mut Vec<u8>,
        value: f64,
        size: FloatSize,
        format: u8,
        precision: Option<usize>,
    ) {
        let precision = self.precision.or(precision);
        let mut text = vec![b'+'];
        strconv::append_float(&mut text, value, format, precision, size);
        if matches!(text[1], b'-' | b'+') {
            text.remove(0);
        }
        if self.space && text[0] == b'+' && !self.plus {
            text[0] = b' ';
        }
        // Infinity and NaN are no digits to put zeros before.
        if matches!(text[1], b'I' | b'N') {
            let plain = Self {
                zero: false,
                ..*self
            };
            let unsigned = text[1] == b'N' && !self.space && !self.plus
                || text[1] == b'I' && text[0] == b'+' && !self.plus;
            let from = usize::from(unsigned && text[1] == b'N');
            plain.pad(out, &text[from..]);
            return;
        }
        if self.sharp && format != b'b' {
            restore_zeros(&mut text, format, precision);
        }
        if !self.plus && text[0] == b'+' {
            self.pad(out, &text[1..]);
            return;
        }
        match self.width {
            Some(width) if self.zero && !self.minus && width > text.len() => {
                out.push(text[0]);
                self.push_padding(out, width - text.len());
                out.extend(&text[1..]);
            }
            _ => self.pad(out, &text),
        }
    }
}

/// The flag `#` keeps the point and the zeros that would be dropped. The text has a sign.
fn restore_zeros(text: &mut Vec<u8>, format: u8, precision: Option<usize>) {
    let mut missing = match format {
        b'g' | b'G' | b'x' => precision.unwrap_or(6),
        _ => 0,
    };
    let hex = matches!(format, b'x' | b'X');
    let end = text
        .iter()
        .position(|byte| matches!(byte, b'p' | b'P') || !hex && matches!(byte, b'e' | b'E'))
        .unwrap_or(text.len());
    let tail = text.split_off(end);
    let mut significant = false;
    for &byte in &text[1..] {
        if byte != b'.' {
            significant |= byte != b'0';
            missing = missing.saturating_sub(usize::from(significant));
        }
    }
    if !text.contains(&b'.') {
        // The zero before the point counts.
        if text.len() == 2 && text[1] == b'0' {
            missing = missing.saturating_sub(1);
        }
        text.push(b'.');
    }
    text.extend(std::iter::repeat_n(b'0', missing));
    text.extend(tail);
}
