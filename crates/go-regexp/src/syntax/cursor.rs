//! The text of an expression: characters, escapes, counts.

use super::class::ClassEscape;
use super::{Checked, SyntaxError};
use crate::properties;

#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a [u8],
}

/// A text that is read as characters must be UTF-8.
pub(super) fn check_utf8(text: &[u8]) -> Checked<()> {
    std::str::from_utf8(text)
        .map(|_| ())
        .map_err(|error| SyntaxError::new("invalid UTF-8", &text[error.valid_up_to()..]))
}

impl<'a> Cursor<'a> {
    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    pub(super) fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    /// What has been read since `before` was the rest.
    pub(super) fn since(&self, before: &'a [u8]) -> &'a [u8] {
        &before[..before.len() - self.rest.len()]
    }

    /// The next character; a zero at the end, where callers do not come.
    pub(super) fn rune(&mut self) -> Checked<char> {
        let window = &self.rest[..self.rest.len().min(4)];
        let valid = match std::str::from_utf8(window) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&window[..error.valid_up_to()]).unwrap_or_default(),
        };
        match valid.chars().next() {
            Some(c) => {
                self.skip(c.len_utf8());
                Ok(c)
            }
            None if window.is_empty() => Ok('\0'),
            None => Err(SyntaxError::new("invalid UTF-8", self.rest)),
        }
    }

    /// `{2}`, `{2,}` or `{2,3}`, read only if it is one.
    pub(super) fn repeat_count(&mut self) -> Option<(i64, Option<i64>)> {
        let mut ahead = *self;
        ahead.skip(1);
        let min = ahead.count()?;
        let max = if ahead.peek() == Some(b',') {
            ahead.skip(1);
            match ahead.peek() {
                Some(b'}') => None,
                _ => Some(ahead.count()?),
            }
        } else {
            Some(min)
        };
        if ahead.peek() != Some(b'}') {
            return None;
        }
        ahead.skip(1);
        *self = ahead;
        Some((min, max))
    }

    /// A number without leading zeros.
    fn count(&mut self) -> Option<i64> {
        let length = self.rest.iter().take_while(|c| c.is_ascii_digit()).count();
        let digits = &self.rest[..length];
        if digits.is_empty() || digits.len() > 1 && digits[0] == b'0' {
            return None;
        }
        self.skip(length);
        let number = digits.iter().fold(0_i64, |sum, c| {
            sum.saturating_mul(10).saturating_add(i64::from(c - b'0'))
        });
        Some(number)
    }

    /// `\d`, `\W`, `\pL`, `\P{Greek}` and the like, if there is one.
    pub(super) fn class_escape(&mut self) -> Checked<Option<ClassEscape>> {
        let before = self.rest;
        let [b'\\', kind, ..] = before else {
            return Ok(None);
        };
        let ascii = match kind.to_ascii_lowercase() {
            b'd' => "0-9",
            b's' => "\\t\\n\\x0C\\r ",
            b'w' => "0-9A-Za-z_",
            b'p' => return self.property(before, *kind == b'P').map(Some),
            _ => return Ok(None),
        };
        self.skip(2);
        Ok(Some(ClassEscape {
            positive: format!("[{ascii}]"),
            negated: kind.is_ascii_uppercase(),
        }))
    }

    fn property(&mut self, before: &'a [u8], mut negated: bool) -> Checked<ClassEscape> {
        const UNKNOWN: &str = "invalid character class range";
        self.skip(2);
        if self.rest.is_empty() {
            return Err(SyntaxError::new(UNKNOWN, before));
        }
        let first = self.rune()?;
        let place;
        let mut name = if first == '{' {
            let Some(end) = before.iter().position(|c| *c == b'}') else {
                check_utf8(before)?;
                return Err(SyntaxError::new(UNKNOWN, before));
            };
            place = &before[..=end];
            self.rest = &before[end + 1..];
            check_utf8(&before[3..end])?;
            &before[3..end]
        } else {
            place = self.since(before);
            &place[2..]
        };
        if let Some(inner) = name.strip_prefix(b"^") {
            negated = !negated;
            name = inner;
        }
        let name = String::from_utf8_lossy(name);
        let (positive, complement) =
            properties::class(&name).ok_or_else(|| SyntaxError::new(UNKNOWN, place))?;
        Ok(ClassEscape {
            positive,
            negated: negated != complement,
        })
    }

    /// The character that an escape stands for; nothing for half a character, which no text has.
    pub(super) fn escape(&mut self) -> Checked<Option<char>> {
        let before = self.rest;
        self.skip(1);
        if self.rest.is_empty() {
            return Err(SyntaxError::new(
                "trailing backslash at end of expression",
                b"",
            ));
        }
        let c = self.rune()?;
        let digit = |c: Option<u8>| c.filter(|c| (b'0'..=b'7').contains(c));
        match c {
            '0'..='7' if c == '0' || digit(self.peek()).is_some() => {
                let mut code = u32::from(c) - u32::from('0');
                for _ in 0..2 {
                    let Some(next) = digit(self.peek()) else {
                        break;
                    };
                    self.skip(1);
                    code = code * 8 + u32::from(next - b'0');
                }
                Ok(char::from_u32(code))
            }
            'x' => match self.hexadecimal()? {
                Some(code) => Ok(char::from_u32(code)),
                None => Err(self.invalid_escape(before)),
            },
            'a' => Ok(Some('\x07')),
            'f' => Ok(Some('\x0c')),
            'n' => Ok(Some('\n')),
            'r' => Ok(Some('\r')),
            't' => Ok(Some('\t')),
            'v' => Ok(Some('\x0b')),
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => Ok(Some(c)),
            _ => Err(self.invalid_escape(before)),
        }
    }

    fn invalid_escape(&self, before: &'a [u8]) -> SyntaxError {
        SyntaxError::new("invalid escape sequence", self.since(before))
    }

    /// Two digits, or any number of them in braces.
    fn hexadecimal(&mut self) -> Checked<Option<u32>> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let first = self.rune()?;
        if first != '{' {
            // The second character is read even when the first is wrong.
            let second = self.rune()?;
            let digits = first.to_digit(16).zip(second.to_digit(16));
            return Ok(digits.map(|(first, second)| first * 16 + second));
        }
        let mut code = None;
        loop {
            if self.rest.is_empty() {
                return Ok(None);
            }
            let c = self.rune()?;
            if c == '}' {
                return Ok(code);
            }
            let Some(digit) = c.to_digit(16) else {
                return Ok(None);
            };
            let next = code.unwrap_or(0) * 16 + digit;
            if next > u32::from(char::MAX) {
                return Ok(None);
            }
            code = Some(next);
        }
    }
}
