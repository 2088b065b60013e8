//! Plain scalars.

use std::borrow::Cow;

use super::token::Lexeme;
use super::{Fault, Scanner};
use crate::node::Style;

/// The text of a flow scalar while its lines are folded: a piece of the source as long as that
/// will do.
pub(super) struct Folded<'t> {
    start: usize,
    end: usize,
    owned: Option<String>,
    source: &'t str,
}

impl<'t> Folded<'t> {
    pub(super) fn new(source: &'t str, start: usize) -> Self {
        Self {
            start,
            end: start,
            owned: None,
            source,
        }
    }

    /// Adds the source from `from` to `to`, with what was passed since the last piece unless the
    /// text has left the source.
    pub(super) fn extend(&mut self, from: usize, to: usize) {
        match &mut self.owned {
            Some(text) => text.push_str(&self.source[from..to]),
            None => self.end = to,
        }
    }

    /// Adds text that is not in the source.
    pub(super) fn push_str(&mut self, text: &str) {
        self.owned().push_str(text);
    }

    pub(super) fn push(&mut self, found: char) {
        self.owned().push(found);
    }

    fn owned(&mut self) -> &mut String {
        self.owned
            .get_or_insert_with(|| self.source[self.start..self.end].to_owned())
    }

    pub(super) fn into_text(self) -> Cow<'t, str> {
        match self.owned {
            Some(text) => Cow::Owned(text),
            None => Cow::Borrowed(&self.source[self.start..self.end]),
        }
    }
}

/// Line breaks between two lines of a flow scalar.
#[derive(Default)]
pub(super) struct Breaks {
    first: &'static str,
    more: String,
}

impl Breaks {
    pub(super) fn add(&mut self, text: &'static str) {
        if self.first.is_empty() {
            self.first = text;
        } else {
            self.more.push_str(text);
        }
    }

    /// Adds a break that is no first one: an escaped break came before.
    pub(super) fn add_more(&mut self, text: &'static str) {
        self.more.push_str(text);
    }

    /// A single break folds into a space, of more the first is lost; what is not a line feed
    /// stays.
    pub(super) fn fold_into(&mut self, text: &mut Folded<'_>) {
        if self.first == "\n" {
            if self.more.is_empty() {
                text.push(' ');
            }
        } else {
            text.push_str(self.first);
        }
        text.push_str(&self.more);
        self.first = "";
        self.more.clear();
    }
}

/// Bytes at which a plain scalar's word may end.
const ENDS_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let ends = b" \t\n\r:,?[]{}\xc2\xe2";
    let mut at = 0;
    while at < ends.len() {
        table[ends[at] as usize] = true;
        at += 1;
    }
    table
};

impl Scanner<'_> {
    pub(super) fn scan_plain(&mut self) -> Result<(), Fault> {
        let start = self.cursor.mark();
        let indent = self.indent + 1;
        let mut text = Folded::new(self.cursor.source(), start.index);
        let mut breaks = Breaks::default();
        let mut new_line = false;
        // Where the blanks before the next word begin.
        let mut blanks = start.index;
        loop {
            self.cursor.need(4)?;
            if self.cursor.document_indicator().is_some() || self.cursor.current() == b'#' {
                break;
            }
            let from = self.cursor.pos();
            let to = self.word_end(from);
            if to > from {
                if new_line {
                    breaks.fold_into(&mut text);
                    new_line = false;
                    text.extend(from, to);
                } else {
                    text.extend(blanks, to);
                }
                self.cursor.skip_to(to);
                self.cursor.need(2)?;
            }
            if !self.cursor.is_blank(0) && !self.cursor.is_break(0) {
                break;
            }
            blanks = self.cursor.pos();
            while self.cursor.is_blank(0) || self.cursor.is_break(0) {
                if self.cursor.is_break(0) {
                    breaks.add(self.cursor.take_break());
                    new_line = true;
                    self.cursor.need(1)?;
                    continue;
                }
                if new_line && self.column() < indent && self.cursor.current() == b'\t' {
                    return Err(
                        self.fault(start, "found a tab character that violates indentation")
                    );
                }
                self.cursor.skip();
            }
            self.cursor.need(1)?;
            if self.flow_level == 0 && self.column() < indent {
                break;
            }
        }
        if new_line {
            self.key_allowed = true;
        }
        let lexeme = Lexeme::Scalar {
            text: text.into_text(),
            style: Style::Plain,
        };
        self.push(lexeme, start);
        Ok(())
    }

    /// Where the run of characters ends that belongs to a plain scalar in any case.
    fn word_end(&self, from: usize) -> usize {
        let bytes = self.cursor.bytes();
        let flow = self.flow_level > 0;
        let mut at = from;
        while let Some(byte) = bytes.get(at) {
            let ends = ENDS_WORD[usize::from(*byte)]
                && match byte {
                    b' ' | b'\t' | b'\n' | b'\r' => true,
                    b':' => self.cursor.is_space_or_end(at + 1 - from),
                    0xc2 | 0xe2 => self.cursor.is_break(at - from),
                    _ => flow,
                };
            if ends {
                break;
            }
            at += 1;
        }
        at
    }
}
