//! Compiled expressions and the templates of replacements.

use std::borrow::Cow;
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use regex::{Captures, Regex};
use windlass_gotemplate::Failure;
use windlass_gotemplate::strconv::{is_digit, is_letter};

/// How much memory a compiled expression may take: the first of these that is enough is counted.
const SIZES: [usize; 5] = [SMALL, 64 << 10, 1 << 20, 8 << 20, 32 << 20];
/// What nearly all expressions stay below.
const SMALL: usize = 8 << 10;
/// How many expressions are kept, and how much memory they may take.
const MAX_KEPT: usize = 256;
const MAX_KEPT_BYTES: usize = 64 << 20;

/// Expressions that have been compiled, good or bad: templates use the same few over and over.
#[derive(Default)]
pub(super) struct Cache {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    expressions: HashMap<Vec<u8>, Compiled>,
    bytes: usize,
}

/// An expression, or what is wrong with it in Go's words.
type Compiled = Result<Arc<Expression>, String>;

impl Cache {
    /// The expression, or what is wrong with it in Go's words.
    pub(super) fn get(&self, source: &[u8]) -> Result<Arc<Expression>, String> {
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().expressions.get(source) {
            return known.clone();
        }
        let compiled = Expression::compile(source).map(Arc::new);
        let bytes = source.len() + compiled.as_ref().map_or(0, |found| found.bytes);
        let mut known = lock();
        if known.expressions.len() >= MAX_KEPT || known.bytes + bytes > MAX_KEPT_BYTES {
            *known = Known::default();
        }
        known.bytes += bytes;
        known.expressions.insert(source.to_vec(), compiled.clone());
        compiled
    }
}

#[derive(Debug)]
pub(super) struct Expression {
    regex: Regex,
    /// Of the groups from the first on; unnamed ones are empty.
    names: Vec<String>,
    /// What it takes in memory at most.
    bytes: usize,
}

impl Expression {
    /// What the largest one counts for, in steps of a template.
    pub(super) const MOST_STEPS: u64 = (SIZES[4] / 256) as u64;

    fn compile(source: &[u8]) -> Result<Expression, String> {
        let parsed = windlass_go_regexp::parse(source)?;
        let (regex, bytes) = parsed
            .compile(&SIZES)
            .ok_or_else(|| windlass_go_regexp::too_large(source))?;
        Ok(Expression {
            regex,
            names: parsed.names,
            bytes,
        })
    }

    /// How many steps of a template a search of so many bytes counts for. At worst it takes time by the
    /// product of both sizes. An expression that takes long to compile counts for that, whether it was
    /// known or not.
    pub(super) fn steps(&self, searched: usize) -> u64 {
        let compile = if self.bytes > SMALL {
            self.bytes / 256
        } else {
            0
        };
        let search = (searched / 64).saturating_mul(self.bytes / SMALL);
        u64::try_from(compile.saturating_add(search)).unwrap_or(u64::MAX)
    }

    pub(super) fn is_match(&self, text: &[u8]) -> bool {
        self.regex.is_match(&Subject::new(text).text)
    }

    /// Where matches are, `limit` at most.
    pub(super) fn find_all(&self, text: &[u8], limit: Option<NonZeroUsize>) -> Vec<Range<usize>> {
        let subject = Subject::new(text);
        self.regex
            .find_iter(&subject.text)
            .take(limit.map_or(usize::MAX, NonZeroUsize::get))
            .map(|found| subject.original(found.range()))
            .collect()
    }

    /// The text with the template for every match; `charge` is told how long the replacements get.
    pub(super) fn replace_all(
        &self,
        text: &[u8],
        template: &Template<'_>,
        mut charge: impl FnMut(usize) -> Result<(), Failure>,
    ) -> Result<Vec<u8>, Failure> {
        let subject = Subject::new(text);
        let mut out = Vec::with_capacity(text.len());
        let mut at = 0;
        for captures in self.regex.captures_iter(&subject.text) {
            let Some(whole) = captures.get(0) else {
                continue;
            };
            let whole = subject.original(whole.range());
            out.extend_from_slice(&text[at..whole.start]);
            at = whole.end;
            let before = out.len();
            for part in &template.parts {
                match part {
                    Part::Text(part) => out.extend_from_slice(part),
                    Part::Group(name) => {
                        if let Some(range) = self.group(&captures, name) {
                            out.extend_from_slice(&text[subject.original(range)]);
                        }
                    }
                }
            }
            charge(out.len() - before)?;
        }
        out.extend_from_slice(&text[at..]);
        Ok(out)
    }

    /// The group of a number or, among those of the same name, the first that took part.
    fn group(&self, captures: &Captures<'_>, name: &GroupName<'_>) -> Option<Range<usize>> {
        let range = |index| captures.get(index).map(|group| group.range());
        match name {
            GroupName::Number(index) => range(*index),
            GroupName::Name(name) => self
                .names
                .iter()
                .enumerate()
                .filter(|(_, known)| known.as_bytes() == *name)
                .find_map(|(index, _)| range(index + 1)),
        }
    }
}

/// A text to be searched: where it is no UTF-8, each bad byte is seen as U+FFFD.
struct Subject<'a> {
    text: Cow<'a, str>,
    /// Bytes that were replaced, by their place in the original.
    replaced: Vec<usize>,
}

impl<'a> Subject<'a> {
    fn new(text: &'a [u8]) -> Subject<'a> {
        if let Ok(text) = std::str::from_utf8(text) {
            return Subject {
                text: Cow::Borrowed(text),
                replaced: Vec::new(),
            };
        }
        let (mut out, mut replaced) = (String::with_capacity(text.len() + 16), Vec::new());
        let mut at = 0;
        for chunk in text.utf8_chunks() {
            out.push_str(chunk.valid());
            at += chunk.valid().len();
            for _ in chunk.invalid() {
                out.push(char::REPLACEMENT_CHARACTER);
                replaced.push(at);
                at += 1;
            }
        }
        Subject {
            text: Cow::Owned(out),
            replaced,
        }
    }

    fn original(&self, range: Range<usize>) -> Range<usize> {
        // Each replacement before a place made the text two bytes longer.
        let place = |at: usize| {
            let before =
                |count: usize| self.replaced.get(count).is_some_and(|r| r + 2 * count < at);
            let (mut low, mut high) = (0, self.replaced.len());
            while low < high {
                let middle = usize::midpoint(low, high);
                if before(middle) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            at - 2 * low
        };
        place(range.start)..place(range.end)
    }
}

/// What stands for each match: text with groups in it, `$1`, `${name}`.
pub(super) struct Template<'a> {
    parts: Vec<Part<'a>>,
}

enum Part<'a> {
    Text(&'a [u8]),
    Group(GroupName<'a>),
}

enum GroupName<'a> {
    Number(usize),
    Name(&'a [u8]),
}

impl<'a> Template<'a> {
    pub(super) fn literal(text: &'a [u8]) -> Template<'a> {
        Template {
            parts: vec![Part::Text(text)],
        }
    }

    pub(super) fn parse(text: &'a [u8]) -> Template<'a> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(dollar) = memchr::memchr(b'$', rest) {
            parts.push(Part::Text(&rest[..dollar]));
            let after = &rest[dollar + 1..];
            if let Some(after) = after.strip_prefix(b"$") {
                parts.push(Part::Text(b"$"));
                rest = after;
            } else if let Some((name, after)) = group_name(after) {
                parts.push(Part::Group(name));
                rest = after;
            } else {
                // What names no group is text.
                parts.push(Part::Text(b"$"));
                rest = after;
            }
        }
        parts.push(Part::Text(rest));
        Template { parts }
    }
}

fn group_name(text: &[u8]) -> Option<(GroupName<'_>, &[u8])> {
    let braced = text.first() == Some(&b'{');
    let inner = if braced { &text[1..] } else { text };
    let end = windlass_gotemplate::strconv::runes(inner)
        .find(|(_, rune)| !rune.is_some_and(|c| is_letter(c) || is_digit(c) || c == '_'))
        .map_or(inner.len(), |(at, _)| at);
    let (name, mut after) = inner.split_at(end);
    if name.is_empty() {
        return None;
    }
    if braced {
        after = after.strip_prefix(b"}")?;
    }
    let is_number = name.iter().all(u8::is_ascii_digit) && (name.len() == 1 || name[0] != b'0');
    let number = std::str::from_utf8(name)
        .ok()
        .filter(|_| is_number && name.len() <= 9)
        .and_then(|name| name.parse().ok());
    let name = number.map_or(GroupName::Name(name), GroupName::Number);
    Some((name, after))
}
