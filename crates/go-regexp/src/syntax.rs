//! RE2's syntax, checked as Go checks it and written in that of the `regex` crate.
//!
//! What is written has no flags but those around single elements: the meaning of each element is settled
//! here, so that differences in defaults (ASCII classes, word boundaries) do not show.

mod class;
mod cursor;

use std::fmt::Write as _;

use cursor::Cursor;

/// Go's limits on repetition, nesting and size.
const MAX_REPEAT: i64 = 1000;
const MAX_HEIGHT: usize = 1000;
const MAX_SIZE: i64 = 3_355_443;

/// An expression in the syntax of the `regex` crate.
#[derive(Debug)]
pub(super) struct Translated {
    pub(super) pattern: String,
    /// Names of the groups from the first on; unnamed ones are empty.
    pub(super) names: Vec<String>,
}

/// What is wrong, in Go's words, and where.
#[derive(Debug)]
pub(super) struct SyntaxError {
    pub(super) message: &'static str,
    pub(super) place: Vec<u8>,
}

impl SyntaxError {
    fn new(message: &'static str, place: &[u8]) -> SyntaxError {
        SyntaxError {
            message,
            place: place.to_vec(),
        }
    }
}

pub(super) fn translate(expression: &[u8]) -> Result<Translated, SyntaxError> {
    Translator {
        cursor: Cursor { rest: expression },
        whole: expression,
        out: String::with_capacity(expression.len() * 2),
        names: Vec::new(),
        flags: Flags::default(),
        open: vec![Group::default()],
    }
    .run()
}

#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the syntax"
)]
struct Flags {
    fold_case: bool,
    multi_line: bool,
    dot_newline: bool,
    swap_greed: bool,
}

/// What has been read of a group, and the flags to return to after it.
#[derive(Default)]
struct Group {
    capturing: bool,
    flags: Flags,
    atoms: Vec<Atom>,
    /// Of the alternatives before the current one.
    alternatives: Vec<Measure>,
}

/// An element that a repetition may follow, and where it begins in the output.
struct Atom {
    start: usize,
    measure: Measure,
}

/// How large an expression is, by Go's count.
#[derive(Clone, Copy)]
struct Measure {
    height: usize,
    size: i64,
    /// The product of repetitions in each other.
    repeat: i64,
}

const SINGLE: Measure = Measure {
    height: 1,
    size: 1,
    repeat: 1,
};

impl Measure {
    fn around(parts: &[Measure], own_size: i64) -> Measure {
        let sum = parts
            .iter()
            .map(|part| part.size)
            .fold(0, i64::saturating_add);
        Measure {
            height: 1 + parts.iter().map(|part| part.height).max().unwrap_or(0),
            size: sum.saturating_add(own_size).max(1),
            repeat: parts.iter().map(|part| part.repeat).max().unwrap_or(1),
        }
    }

    /// Of parts in a row or as alternatives: one alone is no more than itself.
    fn of(parts: &[Measure], between: i64) -> Measure {
        match parts {
            [one] => *one,
            parts => {
                let gaps = i64::try_from(parts.len().saturating_sub(1)).unwrap_or(i64::MAX);
                Measure::around(parts, gaps.saturating_mul(between))
            }
        }
    }
}

struct Translator<'a> {
    cursor: Cursor<'a>,
    whole: &'a [u8],
    out: String,
    names: Vec<String>,
    flags: Flags,
    /// The groups around, the outermost first.
    open: Vec<Group>,
}

type Checked<T> = Result<T, SyntaxError>;

impl<'a> Translator<'a> {
    fn run(mut self) -> Checked<Translated> {
        // The repetition that ends here, if one does.
        let mut last_repeat: Option<&'a [u8]> = None;
        while let Some(c) = self.cursor.peek() {
            let before = self.cursor.rest;
            let mut repeated = false;
            match c {
                b'(' => self.open_group()?,
                b')' => {
                    self.cursor.skip(1);
                    self.close_group()?;
                }
                b'|' => {
                    self.cursor.skip(1);
                    self.alternative()?;
                }
                b'^' => {
                    self.cursor.skip(1);
                    let text = if self.flags.multi_line {
                        "(?m:^)"
                    } else {
                        "\\A"
                    };
                    self.atom(&format!("(?:{text})"))?;
                }
                b'$' => {
                    self.cursor.skip(1);
                    let text = if self.flags.multi_line {
                        "(?m:$)"
                    } else {
                        "\\z"
                    };
                    self.atom(&format!("(?:{text})"))?;
                }
                b'.' => {
                    self.cursor.skip(1);
                    let text = if self.flags.dot_newline {
                        "(?s:.)"
                    } else {
                        "[^\\n]"
                    };
                    self.atom(text)?;
                }
                b'[' => self.class()?,
                b'*' | b'+' | b'?' => {
                    self.cursor.skip(1);
                    let (min, max) = match c {
                        b'*' => (0, None),
                        b'+' => (1, None),
                        _ => (0, Some(1)),
                    };
                    self.repeat(before, last_repeat, min, max, true)?;
                    repeated = true;
                }
                b'{' => match self.cursor.repeat_count() {
                    None => {
                        self.cursor.skip(1);
                        self.literal('{')?;
                    }
                    Some((min, max)) => {
                        let wrong = min > MAX_REPEAT
                            || max.is_some_and(|max| max > MAX_REPEAT || min > max);
                        if wrong {
                            let place = self.cursor.since(before);
                            return Err(SyntaxError::new("invalid repeat count", place));
                        }
                        self.repeat(before, last_repeat, min, max, false)?;
                        repeated = true;
                    }
                },
                b'\\' => self.escaped()?,
                _ => {
                    let c = self.cursor.rune()?;
                    self.literal(c)?;
                }
            }
            last_repeat = repeated.then_some(before);
        }
        if self.open.len() != 1 {
            return Err(SyntaxError::new("missing closing )", self.whole));
        }
        Ok(Translated {
            pattern: self.out,
            names: self.names,
        })
    }

    fn group(&mut self) -> &mut Group {
        if self.open.is_empty() {
            self.open.push(Group::default());
        }
        let last = self.open.len() - 1;
        &mut self.open[last]
    }

    fn atom(&mut self, text: &str) -> Checked<()> {
        let start = self.out.len();
        self.out.push_str(text);
        self.measured(start, SINGLE)
    }

    fn measured(&mut self, start: usize, measure: Measure) -> Checked<()> {
        self.check(measure)?;
        self.group().atoms.push(Atom { start, measure });
        Ok(())
    }

    fn check(&self, measure: Measure) -> Checked<()> {
        if measure.size > MAX_SIZE {
            return Err(SyntaxError::new("expression too large", self.whole));
        }
        if measure.height > MAX_HEIGHT {
            return Err(SyntaxError::new("expression nests too deeply", self.whole));
        }
        Ok(())
    }

    fn literal(&mut self, c: char) -> Checked<()> {
        let mut text = String::new();
        if self.flags.fold_case {
            let _ = write!(text, "(?i:\\x{{{:X}}})", u32::from(c));
        } else if c.is_ascii_alphanumeric() {
            text.push(c);
        } else {
            let _ = write!(text, "\\x{{{:X}}}", u32::from(c));
        }
        self.atom(&text)
    }

    fn repeat(
        &mut self,
        before: &'a [u8],
        last_repeat: Option<&'a [u8]>,
        min: i64,
        max: Option<i64>,
        sign: bool,
    ) -> Checked<()> {
        let mut greedy = !self.flags.swap_greed;
        if self.cursor.peek() == Some(b'?') {
            self.cursor.skip(1);
            greedy = !greedy;
        }
        if let Some(last) = last_repeat {
            let place = self.cursor.since(last);
            return Err(SyntaxError::new(
                "invalid nested repetition operator",
                place,
            ));
        }
        let place = self.cursor.since(before);
        let Some(Atom { start, measure }) = self.group().atoms.pop() else {
            return Err(SyntaxError::new(
                "missing argument to repetition operator",
                place,
            ));
        };
        let repeated = repetition(measure, min, max, sign);
        self.check(repeated)?;
        if !sign && (min >= 2 || max.is_some_and(|max| max >= 2)) && repeated.repeat > MAX_REPEAT {
            return Err(SyntaxError::new("invalid repeat count", place));
        }
        match (min, max) {
            (0, None) => self.out.push('*'),
            (1, None) => self.out.push('+'),
            (0, Some(1)) => self.out.push('?'),
            (min, None) => drop(write!(self.out, "{{{min},}}")),
            (min, Some(max)) => drop(write!(self.out, "{{{min},{max}}}")),
        }
        if !greedy {
            self.out.push('?');
        }
        self.measured(start, repeated)
    }

    fn open_group(&mut self) -> Checked<()> {
        let before = self.cursor.rest;
        let flags = self.flags;
        match before {
            [b'(', b'?', b'P', b'<', name @ ..] | [b'(', b'?', b'<', name @ ..]
                if !name.is_empty() =>
            {
                self.name(before, name)?;
            }
            [b'(', b'?', ..] => return self.flag_group(before),
            _ => {
                self.cursor.skip(1);
                self.names.push(String::new());
            }
        }
        self.begin(true, flags);
        Ok(())
    }

    fn name(&mut self, before: &'a [u8], name: &'a [u8]) -> Checked<()> {
        const INVALID: &str = "invalid named capture";
        let Some(end) = name.iter().position(|c| *c == b'>') else {
            cursor::check_utf8(before)?;
            return Err(SyntaxError::new(INVALID, before));
        };
        let after = &name[end + 1..];
        let name = &name[..end];
        cursor::check_utf8(name)?;
        let valid = name.iter().all(|c| c.is_ascii_alphanumeric() || *c == b'_');
        if name.is_empty() || !valid {
            let place = &before[..before.len() - after.len()];
            return Err(SyntaxError::new(INVALID, place));
        }
        self.names.push(String::from_utf8_lossy(name).into_owned());
        self.cursor.rest = after;
        Ok(())
    }

    /// Flags for the rest of the group, or for one that begins here.
    fn flag_group(&mut self, before: &'a [u8]) -> Checked<()> {
        self.cursor.skip(2);
        let mut flags = self.flags;
        let (mut value, mut seen) = (true, false);
        while self.cursor.peek().is_some() {
            match self.cursor.rune()? {
                'i' => flags.fold_case = value,
                'm' => flags.multi_line = value,
                's' => flags.dot_newline = value,
                'U' => flags.swap_greed = value,
                '-' if value => {
                    (value, seen) = (false, false);
                    continue;
                }
                end @ (':' | ')') if value || seen => {
                    if end == ':' {
                        // The flags end with the group.
                        let outer = std::mem::replace(&mut self.flags, flags);
                        self.begin(false, outer);
                        return Ok(());
                    }
                    self.flags = flags;
                    return Ok(());
                }
                _ => break,
            }
            seen = true;
        }
        let place = self.cursor.since(before);
        Err(SyntaxError::new(
            "invalid or unsupported Perl syntax",
            place,
        ))
    }

    /// Begins a group, after which `flags` hold again.
    fn begin(&mut self, capturing: bool, flags: Flags) {
        let start = self.out.len();
        self.out.push_str(if capturing { "(" } else { "(?:" });
        // Its place in the group around; it is measured when it is complete.
        self.group().atoms.push(Atom {
            start,
            measure: SINGLE,
        });
        self.open.push(Group {
            capturing,
            flags,
            ..Group::default()
        });
    }

    fn alternative(&mut self) -> Checked<()> {
        self.out.push('|');
        let measure = self.end_of_alternative()?;
        self.group().alternatives.push(measure);
        Ok(())
    }

    fn end_of_alternative(&mut self) -> Checked<Measure> {
        let parts: Vec<Measure> = self
            .group()
            .atoms
            .drain(..)
            .map(|atom| atom.measure)
            .collect();
        let measure = Measure::of(&parts, 0);
        self.check(measure)?;
        Ok(measure)
    }

    fn close_group(&mut self) -> Checked<()> {
        if self.open.len() < 2 {
            return Err(SyntaxError::new("unexpected )", self.whole));
        }
        let last = self.end_of_alternative()?;
        let Some(mut group) = self.open.pop() else {
            return Ok(());
        };
        group.alternatives.push(last);
        let mut measure = Measure::of(&group.alternatives, 1);
        if group.capturing {
            measure = Measure::around(&[measure], 2);
        }
        self.check(measure)?;
        self.flags = group.flags;
        self.out.push(')');
        if let Some(atom) = self.group().atoms.last_mut() {
            atom.measure = measure;
        }
        Ok(())
    }

    fn escaped(&mut self) -> Checked<()> {
        let before = self.cursor.rest;
        match before.get(1) {
            Some(b'A') => self.after(2, "(?:\\A)"),
            Some(b'z') => self.after(2, "(?:\\z)"),
            Some(b'b') => self.after(2, "(?-u:\\b)"),
            Some(b'B') => self.after(2, "(?-u:\\B)"),
            Some(b'C') => Err(SyntaxError::new("invalid escape sequence", &before[..2])),
            Some(b'Q') => {
                self.cursor.skip(2);
                let text = self.cursor.rest;
                let end = memchr::memmem::find(text, b"\\E");
                let mut quoted = Cursor {
                    rest: &text[..end.unwrap_or(text.len())],
                };
                while quoted.peek().is_some() {
                    let c = quoted.rune()?;
                    self.literal(c)?;
                }
                self.cursor.rest = end.map_or(&[], |end| &text[end + 2..]);
                Ok(())
            }
            _ => {
                if let Some(class) = self.cursor.class_escape()? {
                    let text = class.text(self.flags.fold_case);
                    return self.atom(&text);
                }
                match self.cursor.escape()? {
                    Some(c) => self.literal(c),
                    None => self.atom(class::NOTHING),
                }
            }
        }
    }

    fn after(&mut self, length: usize, text: &str) -> Checked<()> {
        self.cursor.skip(length);
        self.atom(text)
    }

    fn class(&mut self) -> Checked<()> {
        let text = class::translate(&mut self.cursor, self.flags.fold_case)?;
        self.atom(&text)
    }
}

/// The size of an expression that is repeated.
fn repetition(inner: Measure, min: i64, max: Option<i64>, sign: bool) -> Measure {
    let size = match (min, max) {
        (0, None) => inner.size.saturating_add(2),
        (1, None) | (0, Some(1)) if sign => inner.size.saturating_add(1),
        (min, None) => min.saturating_mul(inner.size).saturating_add(1),
        (min, Some(max)) => max.saturating_mul(inner.size).saturating_add(max - min),
    };
    let count = max.unwrap_or(min);
    let repeat = match (sign, count) {
        (true, _) => inner.repeat,
        // Nothing is left of what is inside.
        (false, 0) if max.is_some() => 1,
        (false, count) => inner.repeat.saturating_mul(count.max(1)),
    };
    Measure {
        height: inner.height + 1,
        size: size.max(1),
        repeat,
    }
}
