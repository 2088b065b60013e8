//! Cutting a stream into documents.

/// Cuts `text` at `---`, wherever it starts a line (blank lines above go with it) or the text.
/// Text may follow on the same line, as many charts have it. Documents without content are left
/// out; what is before one is trimmed, what is behind it stays.
pub fn split_manifests(text: &str) -> Vec<&str> {
    let text = text.trim_start();
    let mut documents = Vec::new();
    let mut rest = text;
    let mut at_start = true;
    loop {
        if let Some((begin, end)) = separator(rest, at_start) {
            documents.push(&rest[..begin]);
            rest = &rest[end..];
            at_start = false;
        } else {
            documents.push(rest);
            break;
        }
    }
    documents
        .into_iter()
        .map(str::trim_start)
        .filter(|document| !document.is_empty())
        .collect()
}

/// Where the next separator begins, blanks before it included, and where it ends, blanks behind
/// it included.
fn separator(text: &str, at_start: bool) -> Option<(usize, usize)> {
    if at_start && text.starts_with("---") {
        return Some((0, past_blanks(text, 3)));
    }
    let found = text.find("\n---")?;
    let begin = text[..found].trim_end_matches(is_blank).len();
    Some((begin, past_blanks(text, found + 4)))
}

fn past_blanks(text: &str, from: usize) -> usize {
    text.len() - text[from..].trim_start_matches(is_blank).len()
}

/// What `\s` matches in Go's regular expressions.
fn is_blank(found: char) -> bool {
    matches!(found, ' ' | '\t' | '\n' | '\r' | '\u{c}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_where_helm_does() {
        for (text, expected) in [
            ("", &[][..]),
            ("---\na: 1\n---\nb: 2\n", &["a: 1", "b: 2\n"]),
            ("a: 1\n\n  \n---  \n\nb: 2\n\n", &["a: 1", "b: 2\n\n"]),
            ("---a: 1\n", &["a: 1\n"]),
            ("----\na: 1", &["-\na: 1"]),
            ("a: 1\n--- # x\nb: 2", &["a: 1", "# x\nb: 2"]),
            (
                "x: '---'\ny: |\n  ---\n  z\n",
                &["x: '---'\ny: |\n  ---\n  z\n"],
            ),
            // The break behind a separator is gone when the next one is looked for.
            ("a: 1\n---\n---\n\n---\n", &["a: 1", "---"]),
            ("a: 1\r\n---\r\nb: 2\r\n", &["a: 1", "b: 2\r\n"]),
        ] {
            assert_eq!(split_manifests(text), expected, "{text:?}");
        }
    }
}
