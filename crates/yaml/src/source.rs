//! The text as the scanner gets it: its shortcomings at the ends of a text are made up for here.

use std::borrow::Cow;

use crate::node::{Kind, Node, Style};
use crate::{Error, Limits};

/// A text prepared for scanning.
pub(crate) struct Source<'t> {
    text: Cow<'t, str>,
    /// A line break was added at the end.
    completed: bool,
    /// How often the text may still be changed.
    changes_left: usize,
    colons_replaced: bool,
}

/// Where the scanner stumbled over what go-yaml's scanner accepts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// `\\'` in double quotes, at the backslash.
    QuoteEscape(usize),
    /// A tag running on into `,`, `[` or `]`, at that character.
    Tag(usize),
    /// The same in a flow collection, somewhere after a position.
    TagInFlow { after: usize },
    /// A colon before a flow indicator, at the colon; go-yaml takes it for text.
    FlowColon(usize),
}

impl Fault {
    /// The fault behind a scanner error at byte `at`, if it may be one.
    pub(crate) fn of(problem: &str, at: usize) -> Option<Self> {
        match problem {
            "found unknown escape character" => Some(Self::QuoteEscape(at)),
            "did not find expected whitespace or line break" => Some(Self::Tag(at)),
            "found unexpected ':'" => Some(Self::FlowColon(at)),
            _ => None,
        }
    }
}

/// Most changes made to one text.
const MAX_CHANGES: usize = 64;

/// Stands for a colon that is text.
const COLON: char = '\u{10_fffd}';

impl<'t> Source<'t> {
    /// Cuts a byte order mark, as libyaml's own detection takes every text that starts with a
    /// character from U+F000 on for a broken mark. Completes a last line that may belong to a
    /// block scalar or ends in a backslash, as the scanner reads past the end there.
    ///
    /// # Errors
    /// When the text is longer than `limits` allow.
    pub(crate) fn new(text: &'t str, limits: &Limits) -> Result<Self, Error> {
        if text.len() > limits.max_bytes {
            return Err(Error::limit(format!(
                "text of {} bytes exceeds the limit of {}",
                text.len(),
                limits.max_bytes
            )));
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let completed = !text.ends_with(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'])
            && (text.contains(['|', '>']) || text.ends_with('\\'));
        let text = if completed {
            Cow::Owned(format!("{text}\n"))
        } else {
            Cow::Borrowed(text)
        };
        Ok(Self {
            text,
            completed,
            changes_left: MAX_CHANGES,
            colons_replaced: false,
        })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Spells a fault in a way the scanner accepts, keeping lines and meaning. False when there is
    /// nothing to do about it, or too much was done already: each change costs a new scan.
    pub(crate) fn write_around(&mut self, fault: Fault) -> bool {
        if self.changes_left == 0 {
            return false;
        }
        self.changes_left -= 1;
        match fault {
            Fault::QuoteEscape(at) => self.respell_quotes(at),
            Fault::Tag(at) => self.respell_tag(at),
            Fault::TagInFlow { after } => {
                let is_tag = |byte: u8| byte.is_ascii_alphanumeric() || b"!-_.:/".contains(&byte);
                let bytes = self.bytes();
                let comma = (after..bytes.len())
                    .filter(|at| bytes[*at] == b'!')
                    .find_map(|at| {
                        let end = (at..bytes.len()).find(|end| !is_tag(bytes[*end]))?;
                        (bytes[end] == b',').then_some(end)
                    });
                comma.is_some_and(|at| self.respell_tag(at))
            }
            Fault::FlowColon(at) => {
                let colon = self.bytes().get(at) == Some(&b':');
                if colon {
                    let mut stand_in = [0; 4];
                    self.text
                        .to_mut()
                        .replace_range(at..=at, COLON.encode_utf8(&mut stand_in));
                    self.colons_replaced = true;
                }
                colon
            }
        }
    }

    /// Puts back what stands for something else in a scalar's text.
    pub(crate) fn restore(&self, text: &mut String) {
        if self.colons_replaced && text.contains(COLON) {
            *text = text.replace(COLON, ":");
        }
    }

    /// Whether a scanner's position lies behind the line break added at the end.
    pub(crate) fn is_past_end(&self, at: usize) -> bool {
        self.completed && at >= self.text.len()
    }

    /// Whether the text ends amid an escape.
    pub(crate) fn ends_in_escape(&self) -> bool {
        let backslashes = self.text.trim_end_matches('\n').bytes().rev();
        self.completed && backslashes.take_while(|byte| *byte == b'\\').count() % 2 == 1
    }

    /// Every `\\'` from `at` to the end of the double-quoted scalar.
    fn respell_quotes(&mut self, at: usize) -> bool {
        if self.text.get(at..at + 2) != Some("\\'") {
            return false;
        }
        let mut respelled = self.text[..at].to_owned();
        let mut rest = self.text[at..].chars();
        while let Some(found) = rest.next() {
            match (found, rest.as_str().chars().next()) {
                ('\\', Some('\'')) => {
                    rest.next();
                    respelled.push_str("\\x27");
                }
                ('\\', Some(escaped)) => {
                    rest.next();
                    respelled.extend(['\\', escaped]);
                }
                ('"', _) => {
                    respelled.push('"');
                    break;
                }
                _ => respelled.push(found),
            }
        }
        respelled.push_str(rest.as_str());
        self.text = Cow::Owned(respelled);
        true
    }

    fn respell_tag(&mut self, at: usize) -> bool {
        let escape = match self.bytes().get(at) {
            Some(b',') => "%2C",
            Some(b'[') => "%5B",
            Some(b']') => "%5D",
            _ => return false,
        };
        self.text.to_mut().replace_range(at..=at, escape);
        true
    }

    /// How many lines below its start the double-quoted scalar between two bytes holds the escape
    /// `\\/`, if it does.
    pub(crate) fn slash_escape(&self, start: usize, end: usize) -> Option<usize> {
        let quoted = self.text.get(start..end)?;
        if !quoted.contains("\\/") {
            return None;
        }
        let mut breaks = 0;
        let mut bytes = quoted.bytes();
        while let Some(byte) = bytes.next() {
            let escaped = if byte == b'\\' { bytes.next() } else { None };
            if escaped == Some(b'/') {
                return Some(breaks);
            }
            breaks += usize::from(byte == b'\n' || escaped == Some(b'\n'));
        }
        None
    }

    /// The line, from zero, of a `%YAML` directive at the start of the text that names another
    /// version than 1.1, the only one go-yaml reads.
    pub(crate) fn incompatible_version(&self) -> Option<usize> {
        for (index, line) in self.text.lines().enumerate() {
            if let Some(version) = line.strip_prefix("%YAML ") {
                let version = version.split('#').next().unwrap_or_default().trim();
                let numbers = version.split_once('.').and_then(|(major, minor)| {
                    Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?))
                });
                return numbers
                    .is_some_and(|numbers| numbers != (1, 1))
                    .then_some(index);
            }
            if !line.trim_start().is_empty() && !line.trim_start().starts_with('#') {
                return None;
            }
        }
        None
    }

    /// Takes back from a block scalar that ends at byte `end` the line break added at the end of
    /// the text.
    pub(crate) fn mend_block_scalar(&self, node: &mut Node, end: u64) {
        debug_assert_eq!(node.kind, Kind::Scalar, "only scalars have a text");
        if !self.completed
            || !matches!(node.style, Style::Literal | Style::Folded)
            || usize::try_from(end).is_ok_and(|end| end < self.text.len())
        {
            return;
        }
        let mut lines = self.text.lines().skip(node.line - 1);
        let header = lines.next().unwrap_or_default();
        let keeps = header
            .rfind(['|', '>'])
            .is_some_and(|mark| header[mark..].split('#').next().unwrap_or("").contains('+'));
        if node.value.ends_with('\n') && (keeps || self.last_line_is_content(node, lines)) {
            node.value.pop();
        }
    }

    /// Whether the last line holds more than the block's indentation.
    fn last_line_is_content<'a>(
        &self,
        node: &Node,
        mut block: impl Iterator<Item = &'a str>,
    ) -> bool {
        let last = self.text.lines().next_back().unwrap_or_default();
        if !last.bytes().all(|byte| byte == b' ') {
            return true;
        }
        let indent_of = |line: &str| line.len() - line.trim_start_matches(' ').len();
        let first = block
            .find(|line| !line.trim_matches(' ').is_empty())
            .unwrap_or_default();
        let kept = indent_of(node.value.trim_start_matches('\n'));
        last.len() > indent_of(first).saturating_sub(kept)
    }
}
