//! Go's `filepath.Match`.

/// A pattern that Go cannot compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("syntax error in pattern")]
pub(crate) struct BadPattern;

/// Whether `name` matches `pattern` as a whole: `*` and `?` stop at `/`, `[a-z]` and `[^a]` are
/// sets, a backslash escapes.
///
/// # Errors
/// [`BadPattern`], but only when matching gets as far as what is wrong with it.
pub(crate) fn path_match(pattern: &str, name: &str) -> Result<bool, BadPattern> {
    let mut pattern = pattern;
    let mut name = name;
    'pattern: while !pattern.is_empty() {
        let (star, chunk, rest) = scan_chunk(pattern);
        pattern = rest;
        if star && chunk.is_empty() {
            // A trailing star takes the rest, unless it has a slash.
            return Ok(!name.contains('/'));
        }
        if let Some(left) = match_chunk(chunk, name)? {
            // The last chunk must use up the whole name.
            if left.is_empty() || !pattern.is_empty() {
                name = left;
                continue;
            }
        }
        if star {
            for (index, found) in name.char_indices() {
                if found == '/' {
                    break;
                }
                if let Some(left) = match_chunk(chunk, &name[index + found.len_utf8()..])? {
                    if pattern.is_empty() && !left.is_empty() {
                        continue;
                    }
                    name = left;
                    continue 'pattern;
                }
            }
        }
        // The rest of the pattern is only checked.
        while !pattern.is_empty() {
            let (_, chunk, rest) = scan_chunk(pattern);
            pattern = rest;
            match_chunk(chunk, "")?;
        }
        return Ok(false);
    }
    Ok(name.is_empty())
}

/// Whether `name` matches the pattern; a pattern that is malformed matches nothing.
pub fn path_matches(pattern: &str, name: &str) -> bool {
    path_match(pattern, name).unwrap_or(false)
}

/// Whether the pattern starts with stars, what follows up to the next star, and the rest.
fn scan_chunk(pattern: &str) -> (bool, &str, &str) {
    let trimmed = pattern.trim_start_matches('*');
    let star = trimmed.len() < pattern.len();
    let mut in_range = false;
    let mut escaped = false;
    for (index, found) in trimmed.char_indices() {
        if escaped {
            escaped = false;
            continue;
        }
        match found {
            '\\' => escaped = true,
            '[' => in_range = true,
            ']' => in_range = false,
            '*' if !in_range => return (star, &trimmed[..index], &trimmed[index..]),
            _ => {}
        }
    }
    (star, trimmed, "")
}

/// What is left of `name` after the chunk matched its start.
fn match_chunk<'a>(chunk: &str, name: &'a str) -> Result<Option<&'a str>, BadPattern> {
    let mut chunk = chunk.chars();
    let mut name = name.chars();
    // After a mismatch the pattern is still checked.
    let mut failed = false;
    while let Some(wanted) = chunk.next() {
        if !failed && name.as_str().is_empty() {
            failed = true;
        }
        match wanted {
            '[' => {
                let found = if failed { None } else { name.next() };
                let inside = match_set(&mut chunk, found)?;
                if inside != Some(true) {
                    failed = true;
                }
            }
            '?' => {
                if !failed && name.next() == Some('/') {
                    failed = true;
                }
            }
            other => {
                let other = if other == '\\' {
                    chunk.next().ok_or(BadPattern)?
                } else {
                    other
                };
                if !failed && name.next() != Some(other) {
                    failed = true;
                }
            }
        }
    }
    Ok((!failed).then_some(name.as_str()))
}

fn match_set(
    chunk: &mut std::str::Chars<'_>,
    found: Option<char>,
) -> Result<Option<bool>, BadPattern> {
    let negated = chunk.as_str().starts_with('^');
    if negated {
        chunk.next();
    }
    let mut inside = false;
    let mut ranges = 0;
    loop {
        if chunk.as_str().starts_with(']') && ranges > 0 {
            chunk.next();
            break;
        }
        let low = set_character(chunk)?;
        let mut high = low;
        if chunk.as_str().starts_with('-') {
            chunk.next();
            high = set_character(chunk)?;
        }
        ranges += 1;
        inside |= found.is_some_and(|found| (low..=high).contains(&found));
    }
    Ok(found.map(|_| inside != negated))
}

fn set_character(chunk: &mut std::str::Chars<'_>) -> Result<char, BadPattern> {
    let found = match chunk.next() {
        None | Some('-' | ']') => return Err(BadPattern),
        Some('\\') => chunk.next().ok_or(BadPattern)?,
        Some(found) => found,
    };
    // The set has to be closed.
    if chunk.as_str().is_empty() {
        return Err(BadPattern);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_as_go_does() {
        for (pattern, name, expected) in [
            ("abc", "abc", Ok(true)),
            ("*", "abc", Ok(true)),
            ("*c", "abc", Ok(true)),
            ("a*/b", "abc/b", Ok(true)),
            ("a*/b", "a/c/b", Ok(false)),
            ("a*b*c*d*e*/f", "axbxcxdxe/f", Ok(true)),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/f", Ok(true)),
            ("a*b?c*x", "abxbbxdbxebxczzx", Ok(true)),
            ("ab[e-g]", "abc", Ok(false)),
            ("ab[^c]", "abc", Ok(false)),
            ("a\\*b", "a*b", Ok(true)),
            ("a???b", "a\u{263a}b", Ok(false)),
            ("a?b", "a/b", Ok(false)),
            ("[]a]", "]", Err(BadPattern)),
            ("[-]", "-", Err(BadPattern)),
            ("[a-", "a", Err(BadPattern)),
            ("a[", "ab", Err(BadPattern)),
            ("a[", "x", Err(BadPattern)),
            ("*x", "xxx", Ok(true)),
            ("\\", "a", Err(BadPattern)),
            ("templates/.?*", "templates/.a", Ok(true)),
            ("templates/.?*", "templates/.", Ok(false)),
        ] {
            assert_eq!(path_match(pattern, name), expected, "{pattern} {name}");
        }
    }
}
