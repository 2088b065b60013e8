//! A position in the text that keeps count of lines and columns.

use super::token::Mark;
use super::{Fault, FaultKind};

/// Reads a text character by character. Behind the end there are zero bytes, which no YAML text
/// holds.
pub(super) struct Cursor<'t> {
    text: &'t str,
    pos: usize,
    line: u32,
    column: u32,
    /// Line breaks passed since the last character that is not blank.
    newlines: u32,
    /// Whether the text was cut short before a character that YAML forbids.
    forbidden_ahead: bool,
}

/// How much the original decodes at a time: a forbidden character is found when the part that
/// holds it is needed, not before.
const PART: usize = 512;

/// How many bytes are looked at together where nothing is found most of the time.
const STEP: usize = 64;

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let visible = part_with_forbidden(text);
        Self {
            text: &text[..visible.unwrap_or(text.len())],
            pos: 0,
            line: 0,
            column: 0,
            newlines: 0,
            forbidden_ahead: visible.is_some(),
        }
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            index: self.pos,
            line: self.line,
            column: self.column,
        }
    }

    pub(super) fn pos(&self) -> usize {
        self.pos
    }

    pub(super) fn line(&self) -> u32 {
        self.line
    }

    pub(super) fn column(&self) -> u32 {
        self.column
    }

    pub(super) fn newlines(&self) -> u32 {
        self.newlines
    }

    pub(super) fn source(&self) -> &'t str {
        self.text
    }

    pub(super) fn slice(&self, from: usize, to: usize) -> &'t str {
        &self.text[from..to]
    }

    /// The byte `ahead` bytes on; zero behind the end.
    pub(super) fn peek(&self, ahead: usize) -> u8 {
        self.text
            .as_bytes()
            .get(self.pos + ahead)
            .copied()
            .unwrap_or(0)
    }

    pub(super) fn current(&self) -> u8 {
        self.peek(0)
    }

    /// Asks for the next `count` characters.
    ///
    /// # Errors
    /// When a forbidden character is among what has to be decoded for them.
    pub(super) fn need(&self, count: usize) -> Result<(), Fault> {
        if !self.forbidden_ahead || self.text[self.pos..].chars().take(count).count() == count {
            return Ok(());
        }
        Err(Fault::new(
            FaultKind::Reader,
            0,
            0,
            "control characters are not allowed",
        ))
    }

    pub(super) fn at_end(&self) -> bool {
        self.pos >= self.text.len()
    }

    pub(super) fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.peek(ahead), b' ' | b'\t')
    }

    pub(super) fn is_break(&self, ahead: usize) -> bool {
        break_length(self.text.as_bytes(), self.pos + ahead) > 0
    }

    /// A line break or the end.
    pub(super) fn is_break_or_end(&self, ahead: usize) -> bool {
        self.pos + ahead >= self.text.len() || self.is_break(ahead)
    }

    /// A blank, a line break or the end.
    pub(super) fn is_space_or_end(&self, ahead: usize) -> bool {
        self.is_blank(ahead) || self.is_break_or_end(ahead)
    }

    /// Whether `---` or `...` stands alone at the start of this line.
    pub(super) fn document_indicator(&self) -> Option<u8> {
        if self.column != 0 {
            return None;
        }
        let first = self.current();
        let found = matches!(first, b'-' | b'.')
            && self.peek(1) == first
            && self.peek(2) == first
            && self.is_space_or_end(3);
        found.then_some(first)
    }

    /// Passes one character that is no line break.
    pub(super) fn skip(&mut self) {
        let first = self.current();
        if !matches!(first, b' ' | b'\t') {
            self.newlines = 0;
        }
        if !self.at_end() {
            self.pos += width(first);
        }
        self.column += 1;
    }

    /// Passes `count` one-byte characters.
    pub(super) fn skip_bytes(&mut self, count: usize) {
        for _ in 0..count {
            self.skip();
        }
    }

    /// Passes the characters up to byte `to`, none of them a line break.
    pub(super) fn skip_to(&mut self, to: usize) {
        let passed = &self.text.as_bytes()[self.pos..to];
        self.column += characters(passed);
        if passed.iter().any(|byte| !matches!(byte, b' ' | b'\t')) {
            self.newlines = 0;
        }
        self.pos = to;
    }

    /// Passes blanks.
    pub(super) fn skip_blanks(&mut self) {
        while self.is_blank(0) {
            self.pos += 1;
            self.column += 1;
        }
    }

    /// Passes a line break, if there is one, and gives the text it stands for.
    pub(super) fn take_break(&mut self) -> &'static str {
        let bytes = self.text.as_bytes();
        let length = break_length(bytes, self.pos);
        if length == 0 {
            return "";
        }
        let text = match bytes.get(self.pos..self.pos + length) {
            Some(b"\xe2\x80\xa8") => "\u{2028}",
            Some(b"\xe2\x80\xa9") => "\u{2029}",
            _ => "\n",
        };
        self.pos += length;
        self.line += 1;
        self.column = 0;
        self.newlines += 1;
        text
    }

    /// Passes the rest of the line and gives it.
    pub(super) fn take_line(&mut self) -> &'t str {
        let start = self.pos;
        let end = line_end(self.text.as_bytes(), start);
        self.skip_to(end);
        &self.text[start..end]
    }

    /// At the very end the stream gets a line of its own.
    pub(super) fn end_line(&mut self) {
        if self.column != 0 {
            self.column = 0;
            self.line += 1;
        }
    }

    pub(super) fn bytes(&self) -> &'t [u8] {
        self.text.as_bytes()
    }
}

/// How many characters begin in `bytes`.
fn characters(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .map(|byte| u32::from((byte & 0xc0) != 0x80))
        .sum()
}

/// The width in bytes of the character that begins with `first`.
pub(super) fn width(first: u8) -> usize {
    match first {
        0x00..=0xbf => 1,
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0.. => 4,
    }
}

/// How many bytes the line break at `at` takes; none if there is no line break.
pub(crate) fn break_length(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(b'\r') if bytes.get(at + 1) == Some(&b'\n') => 2,
        Some(b'\n' | b'\r') => 1,
        Some(0xc2) if bytes.get(at + 1) == Some(&0x85) => 2,
        Some(0xe2)
            if bytes.get(at + 1) == Some(&0x80)
                && matches!(bytes.get(at + 2), Some(0xa8 | 0xa9)) =>
        {
            3
        }
        _ => 0,
    }
}

/// Where the line that holds `from` ends.
fn line_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(byte) = bytes.get(at) {
        if matches!(byte, b'\n' | b'\r' | 0xc2 | 0xe2) && break_length(bytes, at) > 0 {
            break;
        }
        at += 1;
    }
    at
}

/// Where the part begins that holds the first character YAML forbids.
fn part_with_forbidden(text: &str) -> Option<usize> {
    let suspicious = |byte: u8| {
        (byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r'))
            || matches!(byte, 0x7f | 0xc2 | 0xef)
    };
    let bytes = text.as_bytes();
    let mut from = 0;
    let first = loop {
        // Without a branch for each byte, many are looked at at once.
        let any = |part: &[u8]| part.iter().fold(false, |any, byte| any | suspicious(*byte));
        let parts = bytes[from..].chunks(STEP);
        from += parts
            .take_while(|part| !any(part))
            .map(<[u8]>::len)
            .sum::<usize>();
        let at = from + bytes[from..].iter().position(|byte| suspicious(*byte))?;
        let found = text[at..].chars().next()?;
        if is_forbidden(found) {
            break at;
        }
        from = at + found.len_utf8();
    };
    let mut start = 0;
    loop {
        let mut end = (start + PART).min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        if end > first {
            return Some(start);
        }
        start = end;
    }
}

fn is_forbidden(found: char) -> bool {
    matches!(
        found,
        '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}'
            | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}'
    )
}
