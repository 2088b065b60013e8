//! What the operators do.

use std::collections::BTreeMap;

use crate::Error;
use crate::expression::{Expression, Node};
use crate::glob::Pattern;

#[derive(Debug)]
pub(crate) struct Evaluator<'a> {
    vars: &'a BTreeMap<String, String>,
    strict: bool,
    /// Most bytes of any result.
    most: usize,
}

impl<'a> Evaluator<'a> {
    pub(crate) fn new(vars: &'a BTreeMap<String, String>, strict: bool, most: usize) -> Self {
        Self { vars, strict, most }
    }

    pub(crate) fn evaluate(&self, nodes: &[Node]) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        for node in nodes {
            match node {
                Node::Text(text) => out.extend_from_slice(text.as_bytes()),
                Node::Expression(expression) => out.extend(self.expression(expression)?),
            }
            if out.len() > self.most {
                return Err(Error::TooLarge(self.most));
            }
        }
        Ok(out)
    }

    fn expression(&self, expression: &Expression) -> Result<Vec<u8>, Error> {
        let arguments = expression
            .arguments
            .iter()
            .map(|argument| self.evaluate(std::slice::from_ref(argument)))
            .collect::<Result<Vec<_>, _>>()?;
        let operator = expression.operator.as_str();
        let value = self.vars.get(&expression.name).map(String::as_str);
        if value.is_none() && self.strict && !supplies_default(operator) {
            return Err(Error::NotSet(expression.name.clone()));
        }
        let value = value.unwrap_or_default();
        let bytes = value.as_bytes();
        let result = match (operator, arguments.as_slice()) {
            (",", _) => change_first(value, lower),
            (",,", _) => value.chars().map(lower).collect::<String>().into_bytes(),
            ("^", _) => change_first(value, upper),
            ("^^", _) => value.chars().map(upper).collect::<String>().into_bytes(),
            ("#", []) => value.len().to_string().into_bytes(),
            (":", arguments) => slice(bytes, arguments).to_vec(),
            ("#", [pattern]) => trim_prefix(value, pattern, false),
            ("##", [pattern]) => trim_prefix(value, pattern, true),
            ("%", [pattern]) => trim_suffix(value, pattern, false),
            ("%%", [pattern]) => trim_suffix(value, pattern, true),
            ("/", [old, rest @ ..]) => replace(bytes, old, rest.first(), 1, self.most)?,
            ("//", [old, rest @ ..]) => replace(bytes, old, rest.first(), usize::MAX, self.most)?,
            ("/#", [old, new]) if bytes.starts_with(old) => {
                replace(bytes, old, Some(new), 1, self.most)?
            }
            ("/%", [old, new]) => match bytes.strip_suffix(old.as_slice()) {
                Some(kept) => [kept, new].concat(),
                None => bytes.to_vec(),
            },
            ("/#", _) => bytes.to_vec(),
            // Everything else is the default operator, the mixed case operators included.
            _ if value.is_empty() => arguments.concat(),
            _ => bytes.to_vec(),
        };
        Ok(result)
    }
}

fn supplies_default(operator: &str) -> bool {
    matches!(operator, "=" | ":-" | ":+" | ":=" | ":?")
}

/// Go maps one rune to one rune.
fn upper(c: char) -> char {
    let mut mapped = c.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

fn lower(c: char) -> char {
    let mut mapped = c.to_lowercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

fn change_first(value: &str, change: fn(char) -> char) -> Vec<u8> {
    let mut chars = value.chars();
    let Some(first) = chars.next() else {
        return Vec::new();
    };
    format!("{}{}", change(first), chars.as_str()).into_bytes()
}

/// `:position` and `:position:length`, in bytes; numbers that do not parse leave the value as it
/// is.
fn slice<'v>(value: &'v [u8], arguments: &[Vec<u8>]) -> &'v [u8] {
    let length = value.len();
    let from_end = |n: i64| usize::try_from(n.unsigned_abs()).unwrap_or(usize::MAX);
    let Some(position) = arguments.first().and_then(|text| integer(text)) else {
        return value;
    };
    let start = if position < 0 {
        length.saturating_sub(from_end(position))
    } else {
        from_end(position).min(length)
    };
    let Some(second) = arguments.get(1) else {
        return &value[start..];
    };
    let Some(count) = integer(second) else {
        return value;
    };
    let end = if count < 0 {
        length.saturating_sub(from_end(count))
    } else {
        start.saturating_add(from_end(count)).min(length)
    };
    if end < start { &[] } else { &value[start..end] }
}

fn integer(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Replaces up to `limit` occurrences; like Go, an empty `old` matches before every character and
/// at the end.
fn replace(
    value: &[u8],
    old: &[u8],
    new: Option<&Vec<u8>>,
    limit: usize,
    most: usize,
) -> Result<Vec<u8>, Error> {
    let new: &[u8] = new.map_or(&[], Vec::as_slice);
    let mut out = Vec::with_capacity(value.len());
    let mut at = 0;
    let mut done = 0;
    while at <= value.len() {
        if done < limit && value[at..].starts_with(old) {
            out.extend_from_slice(new);
            done += 1;
            at += old.len();
            if !old.is_empty() {
                continue;
            }
        }
        if out.len() > most {
            return Err(Error::TooLarge(most));
        }
        let Some(&byte) = value.get(at) else { break };
        out.push(byte);
        at += 1;
        // With an empty `old`, matches lie between characters, not bytes.
        while old.is_empty() && value.get(at).is_some_and(|b| b & 0xC0 == 0x80) {
            out.push(value[at]);
            at += 1;
        }
    }
    Ok(out)
}

fn trim_prefix(value: &str, pattern: &[u8], longest: bool) -> Vec<u8> {
    let pattern = String::from_utf8_lossy(pattern);
    let matched = Pattern::parse(&pattern)
        .and_then(|p| p.prefix(value, longest))
        .unwrap_or(0);
    value.as_bytes()[matched..].to_vec()
}

/// The original reverses value and pattern, so classes and escapes do not work in suffixes.
fn trim_suffix(value: &str, pattern: &[u8], longest: bool) -> Vec<u8> {
    let value: String = value.chars().rev().collect();
    let pattern: String = String::from_utf8_lossy(pattern).chars().rev().collect();
    let kept = trim_prefix(&value, pattern.as_bytes(), longest);
    String::from_utf8_lossy(&kept)
        .chars()
        .rev()
        .collect::<String>()
        .into_bytes()
}
