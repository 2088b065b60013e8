//! The pen: where it stands, how far in, and what stands before it.

use super::Generation;
use super::analysis::width;
use crate::scan::break_length;

/// Output of one document after the other.
pub(super) struct Printer {
    pub(super) out: String,
    pub(super) generation: Generation,
    /// Longest line that is not folded, in columns.
    pub(super) width: usize,
    /// Column of the innermost collection; none outside of all.
    pub(super) indent: Option<usize>,
    indents: Vec<Option<usize>>,
    pub(super) column: usize,
    /// A blank or a line's beginning stands before the pen.
    pub(super) whitespace: bool,
    /// Nothing but indentation and dashes stands on this line.
    pub(super) indention: bool,
    pub(super) flow_level: usize,
    /// Where an empty line must follow the comment just written.
    pub(super) foot_indent: Option<usize>,
}

/// Columns per level.
pub(super) const STEP: usize = 2;

impl Printer {
    pub(super) fn new(generation: Generation, width: usize, capacity: usize) -> Self {
        Self {
            out: String::with_capacity(capacity),
            generation,
            width,
            indent: None,
            indents: Vec::new(),
            column: 0,
            whitespace: true,
            indention: true,
            flow_level: 0,
            foot_indent: None,
        }
    }

    pub(super) fn put(&mut self, ascii: char) {
        self.out.push(ascii);
        self.column += 1;
    }

    /// Text without line breaks.
    pub(super) fn put_str(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += if text.is_ascii() {
            text.len()
        } else {
            text.chars().count()
        };
    }

    pub(super) fn put_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
        self.indention = true;
    }

    /// Copies the character at byte `at`, whatever it is, and gives its width.
    pub(super) fn copy(&mut self, text: &str, at: usize) -> usize {
        let width = width(text.as_bytes()[at]);
        self.out.push_str(&text[at..at + width]);
        self.column += 1;
        width
    }

    /// Copies the line break at byte `at`, and gives its width.
    pub(super) fn copy_break(&mut self, text: &str, at: usize) -> usize {
        if text.as_bytes()[at] == b'\n' {
            self.put_break();
            return 1;
        }
        // A carriage return and a line feed count as two.
        let width = break_length(text.as_bytes(), at).min(width(text.as_bytes()[at]));
        self.out.push_str(&text[at..at + width]);
        self.column = 0;
        self.indention = true;
        width
    }

    /// Goes to the current indentation, on a new line unless nothing is on this one.
    pub(super) fn write_indent(&mut self) {
        let indent = self.indent.unwrap_or(0);
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.put_break();
        }
        if self.foot_indent == Some(indent) {
            self.put_break();
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        if self.generation == Generation::V2 {
            self.indention = true;
        }
        self.foot_indent = None;
    }

    pub(super) fn space(&mut self) {
        if !self.whitespace {
            self.put(' ');
        }
    }

    /// An indicator; `spaced` if it must be set off from what stands before it.
    pub(super) fn indicator(&mut self, text: &str, spaced: bool) {
        if spaced {
            self.space();
        }
        self.put_str(text);
        self.whitespace = false;
        self.indention = false;
    }

    /// An indicator that is part of the indentation: a dash, or the mark of a long key.
    pub(super) fn indention_indicator(&mut self, text: &str) {
        let indention = self.indention;
        self.indicator(text, true);
        self.indention = indention;
    }

    /// A bracket, behind which no blank follows.
    pub(super) fn opening(&mut self, text: &str) {
        self.indicator(text, true);
        self.whitespace = true;
    }

    /// Enters a level. `flow` for scalars and flow collections, `in_item` directly behind a dash,
    /// `level` for a sequence whose dashes stand in the column of its key.
    pub(super) fn enter(&mut self, flow: bool, in_item: bool, level: bool) {
        self.indents.push(self.indent);
        let next = match self.indent {
            None => usize::from(flow) * STEP,
            Some(indent) if self.generation == Generation::V2 => {
                indent + STEP * usize::from(!level)
            }
            Some(indent) if in_item => indent + STEP,
            Some(indent) => STEP * ((indent + STEP) / STEP) - STEP * usize::from(level),
        };
        self.indent = Some(next);
    }

    pub(super) fn leave(&mut self) {
        self.indent = self.indents.pop().flatten();
    }

    /// A tag's handle and the rest of it.
    pub(super) fn tag(&mut self, handle: &str, suffix: &str) {
        if handle.is_empty() {
            self.indicator("!<", true);
            self.tag_content(suffix);
            self.indicator(">", false);
        } else {
            self.space();
            self.put_str(handle);
            self.tag_content(suffix);
        }
        self.whitespace = false;
        self.indention = false;
    }

    fn tag_content(&mut self, text: &str) {
        const HEX: &[u8; 16] = b"0123456789ABCDEF";
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() || b"_-;/?:@&=+$,.~*'()[]".contains(&byte) {
                self.put(char::from(byte));
            } else {
                self.put('%');
                self.put(char::from(HEX[usize::from(byte >> 4)]));
                self.put(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }

    /// A comment's lines, each with its `#`, and a line break.
    pub(super) fn comment(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut at = 0;
        let mut after_break = false;
        let mut begun = false;
        while at < bytes.len() {
            if break_length(bytes, at) > 0 {
                at += self.copy_break(text, at);
                after_break = true;
                begun = false;
                continue;
            }
            if after_break {
                self.write_indent();
            }
            if !begun && bytes[at] != b'#' {
                self.put_str("# ");
            }
            begun = true;
            at += self.copy(text, at);
            self.indention = false;
            after_break = false;
        }
        if !after_break {
            self.put_break();
        }
        self.whitespace = true;
    }
}
