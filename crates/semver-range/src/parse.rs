//! The text of a range.

use std::fmt::Write as _;

use semver::{Prerelease, Version};

use crate::constraint::{Comparison, Open, Operator};
use crate::version::parse_version;

const MAX_BYTES: usize = 512;
const MAX_GROUPS: usize = 32;

/// Why a text is no range. The words are those that users know from Flux and Helm.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// One of the `||` groups is not made of comparisons.
    #[error("improper constraint: {}", quoted(.0))]
    Improper(String),
    /// It looks like a comparison, but the version in it is none, such as `xx` or `1|2`.
    #[error("constraint parser error")]
    Version,
    /// More than 512 bytes.
    #[error("constraint string is too long (max {MAX_BYTES} bytes)")]
    TooLong,
    /// More than 32 groups.
    #[error("too many constraint groups (max {MAX_GROUPS})")]
    TooManyGroups,
}

/// The `||` groups of `text`, each a list of comparisons.
pub(crate) fn groups(text: &str) -> Result<Vec<Vec<Comparison>>, ParseError> {
    if text.len() > MAX_BYTES {
        return Err(ParseError::TooLong);
    }
    let text = spell_out_ranges(text);
    let groups: Vec<_> = text.split("||").collect();
    if groups.len() > MAX_GROUPS {
        return Err(ParseError::TooManyGroups);
    }
    groups.into_iter().map(group).collect()
}

fn group(text: &str) -> Result<Vec<Comparison>, ParseError> {
    let improper = || ParseError::Improper(text.to_owned());
    let mut rest = skip_space(text);
    let mut raw = Vec::new();
    loop {
        let (operator, after) = operator(rest);
        let (version, after) = RawVersion::scan(skip_space(after)).ok_or_else(improper)?;
        raw.push((operator, version));
        rest = skip_space(after);
        if rest.is_empty() {
            break;
        }
        match rest.strip_prefix(',') {
            Some(next) => rest = skip_space(next),
            None if rest.len() < after.len() => {}
            None => return Err(improper()),
        }
    }
    // Only now: a group that is malformed further on is improper, whatever its versions are.
    raw.into_iter()
        .map(|(operator, version)| version.comparison(operator))
        .collect()
}

fn operator(text: &str) -> (Operator, &str) {
    const OPERATORS: [(&str, Operator); 11] = [
        (">=", Operator::GreaterOrEqual),
        ("=>", Operator::GreaterOrEqual),
        ("<=", Operator::LessOrEqual),
        ("=<", Operator::LessOrEqual),
        ("!=", Operator::NotEqual),
        ("~>", Operator::Tilde),
        ("~", Operator::Tilde),
        ("^", Operator::Caret),
        (">", Operator::Greater),
        ("<", Operator::Less),
        ("=", Operator::Equal),
    ];
    OPERATORS
        .iter()
        .find_map(|(sign, operator)| text.strip_prefix(sign).map(|rest| (*operator, rest)))
        .unwrap_or((Operator::Equal, text))
}

/// What looks like a version in a range; the numbers may yet be anything of digits, `x`, `*` and `|`.
struct RawVersion<'a> {
    text: &'a str,
    numbers: [&'a str; 3],
    pre: &'a str,
}

impl<'a> RawVersion<'a> {
    /// Takes as much of the beginning of `text` as looks like a version; returns what follows as well.
    fn scan(text: &'a str) -> Option<(RawVersion<'a>, &'a str)> {
        let mut rest = text.strip_prefix('v').unwrap_or(text);
        let mut numbers = [""; 3];
        numbers[0] = take(&mut rest, is_number_part)?;
        for number in &mut numbers[1..] {
            let Some(mut after) = rest.strip_prefix('.') else {
                break;
            };
            let Some(taken) = take(&mut after, is_number_part) else {
                break;
            };
            (*number, rest) = (taken, after);
        }
        let pre = identifiers(&mut rest, '-');
        identifiers(&mut rest, '+');
        let text = &text[..text.len() - rest.len()];
        Some((RawVersion { text, numbers, pre }, rest))
    }

    fn comparison(&self, operator: Operator) -> Result<Comparison, ParseError> {
        let open = |part: &str| matches!(part, "" | "x" | "X" | "*");
        let [major, minor, patch] = self.numbers;
        let (open, numbers) = if open(major) {
            (Open::All, "0.0.0".to_owned())
        } else if open(minor) {
            (Open::Minor, format!("{major}.0.0"))
        } else if open(patch) {
            (Open::Patch, format!("{major}.{minor}.0"))
        } else {
            (Open::Nothing, format!("{major}.{minor}.{patch}"))
        };
        let parsed = || {
            let version = parse_version(&numbers)?;
            Some(Version {
                pre: Prerelease::new(self.pre).ok()?,
                ..version
            })
        };
        let bound = parsed().ok_or(ParseError::Version)?;
        Ok(Comparison {
            operator,
            bound,
            open,
        })
    }
}

/// Dotted identifiers after `sign`; nothing is taken when there is none.
fn identifiers<'a>(rest: &mut &'a str, sign: char) -> &'a str {
    let Some(start) = rest.strip_prefix(sign) else {
        return "";
    };
    let mut after = start;
    if take(&mut after, is_identifier_part).is_none() {
        return "";
    }
    loop {
        *rest = after;
        let Some(mut next) = after.strip_prefix('.') else {
            break;
        };
        if take(&mut next, is_identifier_part).is_none() {
            break;
        }
        after = next;
    }
    &start[..start.len() - rest.len()]
}

fn take<'a>(rest: &mut &'a str, part: fn(char) -> bool) -> Option<&'a str> {
    let end = rest.find(|c| !part(c)).unwrap_or(rest.len());
    let (taken, after) = rest.split_at(end);
    *rest = after;
    (!taken.is_empty()).then_some(taken)
}

/// The bar is an oddity of the original: a single one is no separator but part of a (bad) number.
fn is_number_part(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '|' | 'x' | 'X' | '*')
}

fn is_identifier_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-'
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c')
}

fn skip_space(text: &str) -> &str {
    text.trim_start_matches(is_space)
}

/// Rewrites every `a - b` as `>= a, <= b `, on the whole text as the original does: error messages show
/// the rewritten form.
fn spell_out_ranges(text: &str) -> String {
    let mut out = text.to_owned();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        match hyphen_range(&text[at..]) {
            Some((from, to, length)) => {
                out = out.replacen(&text[at..at + length], &format!(">= {from}, <= {to} "), 1);
                at += length;
            }
            None => at += c.len_utf8(),
        }
    }
    out
}

/// Both ends of a range at the beginning of `text`, and how long it is with the space around it.
fn hyphen_range(text: &str) -> Option<(&str, &str, usize)> {
    let (from, rest) = RawVersion::scan(skip_space(text))?;
    let rest = skip_spaces(rest)?.strip_prefix('-')?;
    let (to, rest) = RawVersion::scan(skip_spaces(rest)?)?;
    Some((from.text, to.text, text.len() - skip_space(rest).len()))
}

/// Like [`skip_space`], where at least one is needed.
fn skip_spaces(text: &str) -> Option<&str> {
    let rest = skip_space(text);
    (rest.len() < text.len()).then_some(rest)
}

/// `text` in quotes, as Go's `%q` writes it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x0b' => out.push_str("\\v"),
            c if c.is_ascii_control() => drop(write!(out, "\\x{:02x}", u32::from(c))),
            c if c.is_ascii() || c.escape_debug().len() == 1 => out.push(c),
            c if u32::from(c) <= 0xffff => drop(write!(out, "\\u{:04x}", u32::from(c))),
            c => drop(write!(out, "\\U{:08x}", u32::from(c))),
        }
    }
    out.push('"');
    out
}
