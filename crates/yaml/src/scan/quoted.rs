//! Scalars in quotes.

use super::plain::{Breaks, Folded};
use super::token::{Lexeme, Mark};
use super::{Fault, Scanner};
use crate::node::Style;

impl Scanner<'_> {
    pub(super) fn scan_quoted(&mut self, style: Style) -> Result<(), Fault> {
        let start = self.cursor.mark();
        let quote = self.cursor.current();
        self.cursor.skip();
        let mut text = Folded::new(self.cursor.source(), self.cursor.pos());
        let mut breaks = Breaks::default();
        loop {
            self.cursor.need(4)?;
            if self.cursor.document_indicator().is_some() {
                return Err(self.fault(start, "found unexpected document indicator"));
            }
            if self.cursor.at_end() {
                return Err(self.fault(start, "found unexpected end of stream"));
            }
            let mut new_line = self.scan_quoted_word(start, quote, &mut text)?;
            let escaped_break = new_line;
            self.cursor.need(1)?;
            if self.cursor.current() == quote {
                break;
            }
            let blanks = self.cursor.pos();
            while self.cursor.is_blank(0) || self.cursor.is_break(0) {
                if !self.cursor.is_break(0) {
                    self.cursor.skip();
                    continue;
                }
                let found = self.cursor.take_break();
                if escaped_break {
                    breaks.add_more(found);
                } else {
                    breaks.add(found);
                }
                new_line = true;
                self.cursor.need(1)?;
            }
            if new_line {
                breaks.fold_into(&mut text);
            } else {
                text.extend(blanks, self.cursor.pos());
            }
        }
        self.cursor.skip();
        let lexeme = Lexeme::Scalar {
            text: text.into_text(),
            style,
        };
        self.push(lexeme, start);
        Ok(())
    }

    /// Takes what stands up to a blank, a break or the closing quote. Whether it ended with an
    /// escaped line break.
    fn scan_quoted_word(
        &mut self,
        start: Mark,
        quote: u8,
        text: &mut Folded<'_>,
    ) -> Result<bool, Fault> {
        loop {
            let from = self.cursor.pos();
            let to = self.quoted_run_end(from, quote);
            if to > from {
                text.extend(from, to);
                self.cursor.skip_to(to);
                self.cursor.need(2)?;
            }
            let current = self.cursor.current();
            if self.cursor.is_space_or_end(0) {
                return Ok(false);
            }
            if quote == b'\'' {
                if self.cursor.peek(1) != quote {
                    return Ok(false);
                }
                text.push('\'');
                self.cursor.skip_bytes(2);
            } else if current == quote {
                return Ok(false);
            } else if self.cursor.is_break(1) {
                self.cursor.need(3)?;
                // The text leaves the source here, or the backslash would be taken along.
                text.push_str("");
                self.cursor.skip();
                self.cursor.take_break();
                return Ok(true);
            } else {
                self.scan_escape(start, text)?;
            }
            self.cursor.need(2)?;
        }
    }

    /// Where the characters end that stand for themselves.
    fn quoted_run_end(&self, from: usize, quote: u8) -> usize {
        let bytes = self.cursor.bytes();
        let escapes = quote == b'"';
        let mut at = from;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => break,
                b'\\' if escapes => break,
                0xc2 | 0xe2 if self.cursor.is_break(at - from) => break,
                byte if *byte == quote => break,
                _ => at += 1,
            }
        }
        at
    }

    fn scan_escape(&mut self, start: Mark, text: &mut Folded<'_>) -> Result<(), Fault> {
        let digits = match self.cursor.peek(1) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            short => {
                let Some(found) = short_escape(short) else {
                    return Err(self.fault(start, "found unknown escape character"));
                };
                text.push(found);
                self.cursor.skip_bytes(2);
                return Ok(());
            }
        };
        self.cursor.skip_bytes(2);
        self.cursor.need(digits)?;
        let mut value: u32 = 0;
        for ahead in 0..digits {
            let Some(digit) = char::from(self.cursor.peek(ahead)).to_digit(16) else {
                return Err(self.fault(start, "did not find expected hexdecimal number"));
            };
            value = (value << 4) + digit;
        }
        let Some(found) = char::from_u32(value) else {
            return Err(self.fault(start, "found invalid Unicode character escape code"));
        };
        text.push(found);
        self.cursor.skip_bytes(digits);
        Ok(())
    }
}

fn short_escape(letter: u8) -> Option<char> {
    Some(match letter {
        b'0' => '\0',
        b'a' => '\u{7}',
        b'b' => '\u{8}',
        b't' | b'\t' => '\t',
        b'n' => '\n',
        b'v' => '\u{b}',
        b'f' => '\u{c}',
        b'r' => '\r',
        b'e' => '\u{1b}',
        b' ' => ' ',
        b'"' => '"',
        b'\'' => '\'',
        b'\\' => '\\',
        b'N' => '\u{85}',
        b'_' => '\u{a0}',
        b'L' => '\u{2028}',
        b'P' => '\u{2029}',
        _ => return None,
    })
}
