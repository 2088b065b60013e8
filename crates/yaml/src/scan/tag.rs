//! Tags, anchors and aliases.

use std::borrow::Cow;

use super::token::{Lexeme, Mark, Tag};
use super::{Fault, Scanner};

/// Characters of anchors and tag handles.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// Characters of tags; `%` begins an escape.
fn is_uri(byte: u8) -> bool {
    is_word(byte) || b";/?:@&=+$,.!~*'()[]%".contains(&byte)
}

impl<'t> Scanner<'t> {
    pub(super) fn scan_name(&mut self, alias: bool) -> Result<(), Fault> {
        let start = self.cursor.mark();
        self.cursor.skip();
        self.cursor.need(1)?;
        let name = self.take_word()?;
        let ends = self.cursor.is_space_or_end(0) || b"?:,]}%@`".contains(&self.cursor.current());
        if name.is_empty() || !ends {
            return Err(self.fault(
                start,
                "did not find expected alphabetic or numeric character",
            ));
        }
        let lexeme = if alias {
            Lexeme::Alias(name)
        } else {
            Lexeme::Anchor(name)
        };
        self.push(lexeme, start);
        Ok(())
    }

    fn take_word(&mut self) -> Result<&'t str, Fault> {
        let from = self.cursor.pos();
        while is_word(self.cursor.current()) {
            self.cursor.skip();
        }
        self.cursor.need(1)?;
        Ok(self.cursor.slice(from, self.cursor.pos()))
    }

    pub(super) fn scan_tag(&mut self) -> Result<(), Fault> {
        let start = self.cursor.mark();
        self.cursor.need(2)?;
        let (handle, suffix) = if self.cursor.peek(1) == b'<' {
            self.cursor.skip_bytes(2);
            let suffix = self.scan_uri("", false, start)?;
            if self.cursor.current() != b'>' {
                return Err(self.fault(start, "did not find the expected '>'"));
            }
            self.cursor.skip();
            ("", suffix)
        } else {
            let handle = self.scan_handle(false, start)?;
            if handle.len() > 1 && handle.ends_with('!') {
                (handle, self.scan_uri("", false, start)?)
            } else {
                // No handle after all: what looked like one is the beginning of the tag.
                let suffix = self.scan_uri(handle, false, start)?;
                if suffix.is_empty() {
                    ("", Cow::Borrowed("!"))
                } else {
                    ("!", suffix)
                }
            }
        };
        self.cursor.need(1)?;
        if !self.cursor.is_space_or_end(0) {
            return Err(self.fault(start, "did not find expected whitespace or line break"));
        }
        self.push(Lexeme::Tag(Box::new(Tag { handle, suffix })), start);
        Ok(())
    }

    pub(super) fn scan_handle(&mut self, directive: bool, start: Mark) -> Result<&'t str, Fault> {
        self.cursor.need(1)?;
        let from = self.cursor.pos();
        if self.cursor.current() != b'!' {
            return Err(self.fault(start, "did not find expected '!'"));
        }
        self.cursor.skip();
        self.take_word()?;
        if self.cursor.current() == b'!' {
            self.cursor.skip();
        } else if directive && self.cursor.pos() - from > 1 {
            return Err(self.fault(start, "did not find expected '!'"));
        }
        Ok(self.cursor.slice(from, self.cursor.pos()))
    }

    /// A tag, or what follows its handle. `head` is what was taken for a handle; its exclamation
    /// mark is left out.
    pub(super) fn scan_uri(
        &mut self,
        head: &'t str,
        directive: bool,
        start: Mark,
    ) -> Result<Cow<'t, str>, Fault> {
        self.cursor.need(1)?;
        debug_assert!(
            !directive || head.is_empty(),
            "directives have no such head"
        );
        let from = self.cursor.pos() - head.len().saturating_sub(1);
        let begin = self.cursor.pos();
        let mut text: Option<Vec<u8>> = None;
        while is_uri(self.cursor.current()) {
            if self.cursor.current() == b'%' {
                let text = text.get_or_insert_with(|| {
                    self.cursor
                        .slice(from, self.cursor.pos())
                        .as_bytes()
                        .to_vec()
                });
                let (octets, length) = self.scan_octets(start)?;
                text.extend(&octets[..length]);
            } else {
                if let Some(text) = &mut text {
                    text.push(self.cursor.current());
                }
                self.cursor.skip();
            }
            self.cursor.need(1)?;
        }
        if head.is_empty() && begin == self.cursor.pos() {
            return Err(self.fault(start, "did not find expected tag URI"));
        }
        Ok(match text {
            None => Cow::Borrowed(self.cursor.slice(from, self.cursor.pos())),
            Some(bytes) => Cow::Owned(
                String::from_utf8(bytes)
                    .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
            ),
        })
    }

    /// One character, each of its bytes written as `%XX`.
    fn scan_octets(&mut self, start: Mark) -> Result<([u8; 4], usize), Fault> {
        let mut octets = [0; 4];
        let mut length = 1;
        let mut at = 0;
        while at < length {
            self.cursor.need(3)?;
            let digit = |ahead| char::from(self.cursor.peek(ahead)).to_digit(16);
            let (b'%', Some(high), Some(low)) = (self.cursor.current(), digit(1), digit(2)) else {
                return Err(self.fault(start, "did not find URI escaped octet"));
            };
            let octet = u8::try_from(high << 4 | low).unwrap_or(0);
            if at == 0 {
                length = match octet {
                    0x00..=0x7f => 1,
                    0xc0..=0xdf => 2,
                    0xe0..=0xef => 3,
                    0xf0..=0xf7 => 4,
                    _ => {
                        return Err(self.fault(start, "found an incorrect leading UTF-8 octet"));
                    }
                };
            } else if octet & 0xc0 != 0x80 {
                return Err(self.fault(start, "found an incorrect trailing UTF-8 octet"));
            }
            octets[at] = octet;
            self.cursor.skip_bytes(3);
            at += 1;
        }
        Ok((octets, length))
    }
}
