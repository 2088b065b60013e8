//! Patterns of `.Files.Glob`.

use regex::Regex;

/// A pattern as Go's `gobwas/glob` reads it, with `/` as the separator: `*` and `?` stop at it,
/// `**` does not; `[abc]`, `[!abc]`, `[a-z]` and `{a,b}`. What cannot be compiled matches all.
pub(super) struct Glob(Option<Regex>);

impl Glob {
    pub(super) fn new(pattern: &str) -> Self {
        Self(translate(pattern).and_then(|regex| {
            regex::RegexBuilder::new(&regex)
                .size_limit(1 << 20)
                .dot_matches_new_line(true)
                .build()
                .ok()
        }))
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|regex| regex.is_match(name))
    }
}

/// The regular expression of a pattern; none if it is malformed.
fn translate(pattern: &str) -> Option<String> {
    let mut out = String::from("^");
    let mut depth = 0_usize;
    let mut chars = pattern.chars().peekable();
    while let Some(found) = chars.next() {
        match found {
            '*' => {
                if chars.next_if_eq(&'*').is_some() {
                    out.push_str(".*");
                } else {
                    out.push_str("[^/]*");
                }
            }
            '?' => out.push_str("[^/]"),
            '[' => out.push_str(&set(&mut chars)?),
            '{' => {
                depth += 1;
                out.push_str("(?:");
            }
            '}' if depth > 0 => {
                depth -= 1;
                out.push(')');
            }
            ',' if depth > 0 => out.push('|'),
            '\\' => {
                let escaped = chars.next()?;
                out.push_str(&regex::escape(escaped.encode_utf8(&mut [0; 4])));
            }
            other => out.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    out.push('$');
    (depth == 0).then_some(out)
}

/// A set: one range, or characters one by one.
fn set(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
    let negated = chars.next_if_eq(&'!').is_some();
    let mut members = String::new();
    let push = |members: &mut String, found: char| {
        members.extend(format!("\\x{{{:x}}}", u32::from(found)).chars());
    };
    let first = chars.next()?;
    if chars.next_if_eq(&'-').is_some() {
        let last = chars.next()?;
        if chars.next()? != ']' {
            return None;
        }
        push(&mut members, first);
        members.push('-');
        push(&mut members, last);
    } else {
        let mut found = first;
        while found != ']' {
            if found == '\\' {
                found = chars.next()?;
            }
            push(&mut members, found);
            found = chars.next()?;
        }
        if members.is_empty() {
            return None;
        }
    }
    Some(format!("[{}{members}]", if negated { "^" } else { "" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_as_gobwas_does() {
        for (pattern, name, expected) in [
            ("config/*.toml", "config/a.toml", true),
            ("config/*.toml", "config/b/a.toml", false),
            ("config/**.toml", "config/b/a.toml", true),
            ("**", "a/b", true),
            ("{a,b}.txt", "b.txt", true),
            ("[!a].txt", "b.txt", true),
            ("[a-c].txt", "b.txt", true),
            ("[a-cx].txt", "anything", true),
            ("{a", "anything", true),
            ("a\\*", "a*", true),
            ("a.txt", "axtxt", false),
        ] {
            assert_eq!(Glob::new(pattern).matches(name), expected, "{pattern}");
        }
    }
}
