//! Scalars in each of the five styles.

use super::analysis::{Analysis, analyze, is_printable};
use super::printer::{Printer, STEP};
use crate::node::Style;
use crate::scan::break_length;

/// Where a scalar stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    /// A key on one line with its value.
    pub(super) simple_key: bool,
    /// Directly behind a dash.
    pub(super) in_item: bool,
}

/// Longest key written without a question mark, in bytes.
pub(super) const MAX_SIMPLE_KEY: usize = 128;

impl Printer {
    pub(super) fn analyze(&self, text: &str) -> Analysis {
        analyze(text, self.generation)
    }

    /// Writes a scalar, in the wanted style if its text allows. `comment` is what stands behind
    /// the header of a block scalar; true if it was used.
    pub(super) fn scalar(
        &mut self,
        text: &str,
        wanted: Style,
        analysis: Analysis,
        spot: Spot,
        comment: &str,
    ) -> bool {
        let style = style_for(text, wanted, analysis, self.flow_level > 0, spot.simple_key);
        self.enter(true, spot.in_item, false);
        let folds = !spot.simple_key;
        match style {
            Style::SingleQuoted => self.single_quoted(text, folds),
            Style::DoubleQuoted => self.double_quoted(text, analysis, folds),
            Style::Literal => self.literal(text, comment),
            Style::Folded => self.folded(text, comment),
            Style::Plain | Style::Block | Style::Flow => self.plain(text, folds),
        }
        self.leave();
        matches!(style, Style::Literal | Style::Folded)
    }

    /// Whether `length` more columns fit the line, so that nothing need be folded.
    fn fits(&self, length: usize) -> bool {
        self.column.saturating_add(length) <= self.width
    }

    /// A text without line breaks.
    fn plain(&mut self, text: &str, folds: bool) {
        if !text.is_empty() {
            self.space();
            if !folds || self.fits(text.len()) {
                self.put_str(text);
            } else {
                self.folded_words(text, "");
            }
            self.whitespace = false;
        }
        self.indention = false;
    }

    /// Words and spaces, broken at single spaces beyond the width. `doubled` is a character that
    /// is written twice.
    fn folded_words(&mut self, text: &str, doubled: &str) {
        let quoted = !doubled.is_empty();
        let bytes = text.as_bytes();
        let mut at = 0;
        let mut after_space = false;
        let mut after_break = false;
        while at < bytes.len() {
            if bytes[at] == b' ' {
                let inner = !quoted || (at > 0 && at < bytes.len() - 1);
                if !after_space
                    && inner
                    && self.column > self.width
                    && bytes.get(at + 1) != Some(&b' ')
                {
                    self.write_indent();
                    at += 1;
                } else {
                    at += self.copy(text, at);
                }
                after_space = true;
            } else if break_length(bytes, at) > 0 {
                if !after_break && bytes[at] == b'\n' {
                    self.put_break();
                }
                at += self.copy_break(text, at);
                after_break = true;
            } else {
                if after_break {
                    self.write_indent();
                }
                if quoted && text[at..].starts_with(doubled) {
                    self.put_str(doubled);
                }
                let end = at + word_length(&bytes[at..]);
                self.put_str(&text[at..end]);
                at = end;
                self.indention = false;
                after_space = false;
                after_break = false;
            }
        }
    }

    fn single_quoted(&mut self, text: &str, folds: bool) {
        self.indicator("'", true);
        if folds {
            self.folded_words(text, "'");
        } else {
            let width = std::mem::replace(&mut self.width, usize::MAX);
            self.folded_words(text, "'");
            self.width = width;
        }
        self.indicator("'", false);
    }

    fn double_quoted(&mut self, text: &str, analysis: Analysis, folds: bool) {
        self.indicator("\"", true);
        let plain = analysis.simple && !text.contains(['"', '\\', '\t']);
        if plain && (!folds || self.fits(text.len())) {
            self.put_str(text);
        } else {
            self.escaped(text, folds);
        }
        self.indicator("\"", false);
    }

    fn escaped(&mut self, text: &str, folds: bool) {
        let bytes = text.as_bytes();
        // go-yaml asks whether the text begins with a byte order mark where it means to ask about
        // the character, and so escapes all of it.
        let marked = text.starts_with('\u{feff}');
        let mut after_space = false;
        for (at, found) in text.char_indices() {
            let raw = is_printable(bytes, at)
                && !marked
                && break_length(bytes, at) == 0
                && !matches!(found, '"' | '\\');
            if !raw {
                self.escape(found);
                after_space = false;
            } else if found == ' ' {
                if folds
                    && !after_space
                    && self.column > self.width
                    && at > 0
                    && at < bytes.len() - 1
                {
                    self.write_indent();
                    if bytes[at + 1] == b' ' {
                        self.put('\\');
                    }
                } else {
                    self.put(' ');
                }
                after_space = true;
            } else {
                self.out.push(found);
                self.column += 1;
                after_space = false;
            }
        }
    }

    fn escape(&mut self, found: char) {
        let short = match found {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let code = u32::from(found);
                let escape = match code {
                    0..=0xff => format!("\\x{code:02X}"),
                    0x100..=0xffff => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                };
                self.put_str(&escape);
                return;
            }
        };
        self.put('\\');
        self.put(short);
    }

    /// The header of a block scalar, and its comment.
    fn block_header(&mut self, indicator: &str, text: &str, comment: &str) {
        self.indicator(indicator, true);
        let bytes = text.as_bytes();
        if text.starts_with(' ') || break_length(bytes, 0) > 0 {
            const { assert!(STEP < 10, "the hint is one digit") };
            self.indicator(&STEP.to_string(), false);
        }
        let mut last = text.char_indices().rev();
        let mut ends_with_break = || {
            last.next()
                .is_some_and(|(at, _)| break_length(bytes, at) > 0)
        };
        if !ends_with_break() {
            self.indicator("-", false);
        } else if text.chars().nth(1).is_none() || ends_with_break() {
            self.indicator("+", false);
        }
        if comment.is_empty() {
            self.put_break();
        } else {
            self.space();
            self.comment(comment);
        }
        self.whitespace = true;
    }

    fn literal(&mut self, text: &str, comment: &str) {
        self.block_header("|", text, comment);
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            if break_length(bytes, at) > 0 {
                at += self.copy_break(text, at);
                continue;
            }
            self.write_indent();
            let mut end = at;
            while end < bytes.len() && break_length(bytes, end) == 0 {
                end += 1;
            }
            self.put_str(&text[at..end]);
            self.indention = false;
            at = end;
        }
    }

    fn folded(&mut self, text: &str, comment: &str) {
        self.block_header(">", text, comment);
        let bytes = text.as_bytes();
        // go-yaml looks for these at the start of the whole text, not of the line at hand.
        let breaks_at_start = leading_breaks(bytes);
        let content_at_start = !bytes
            .get(breaks_at_start)
            .is_none_or(|byte| matches!(byte, b' ' | b'\t' | 0));
        let mut after_break = true;
        let mut spaced_line = true;
        let mut at = 0;
        while at < bytes.len() {
            if break_length(bytes, at) > 0 {
                if !after_break && !spaced_line && bytes[at] == b'\n' && content_at_start {
                    self.put_break();
                }
                at += self.copy_break(text, at);
                after_break = true;
                continue;
            }
            if after_break {
                self.write_indent();
                spaced_line = matches!(bytes[at], b' ' | b'\t');
            }
            let foldable = !after_break
                && bytes[at] == b' '
                && bytes.get(at + 1) != Some(&b' ')
                && self.column > self.width;
            if foldable {
                self.write_indent();
                at += 1;
            } else {
                at += self.copy(text, at);
            }
            self.indention = false;
            after_break = false;
        }
    }
}

/// The wanted style, or the one nearest to it that the text allows where it stands.
pub(super) fn style_for(
    text: &str,
    wanted: Style,
    analysis: Analysis,
    flow: bool,
    simple_key: bool,
) -> Style {
    let mut style = wanted;
    if simple_key && analysis.multiline {
        style = Style::DoubleQuoted;
    }
    let plain = if flow {
        analysis.flow_plain
    } else {
        analysis.block_plain
    };
    if style == Style::Plain && (!plain || text.is_empty() && (flow || simple_key)) {
        style = Style::SingleQuoted;
    }
    if style == Style::SingleQuoted && !analysis.single_quoted {
        style = Style::DoubleQuoted;
    }
    if matches!(style, Style::Literal | Style::Folded) && (!analysis.block || flow || simple_key) {
        style = Style::DoubleQuoted;
    }
    style
}

/// The length of the run of ASCII letters and the like at the start, or of the one character there.
fn word_length(bytes: &[u8]) -> usize {
    let plain = bytes
        .iter()
        .take_while(|byte| matches!(byte, b'!'..=b'~') && **byte != b'\'')
        .count();
    plain.max(super::analysis::width(bytes[0]))
}

fn leading_breaks(bytes: &[u8]) -> usize {
    let mut at = 0;
    loop {
        match break_length(bytes, at) {
            0 => return at,
            length => at += length,
        }
    }
}
