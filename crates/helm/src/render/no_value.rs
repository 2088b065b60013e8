//! `<no value>`, which Go prints and Helm deletes.

const NO_VALUE: &[u8] = b"<no value>";

/// The text without it; none where it does not occur.
pub(crate) fn delete_no_value(text: &[u8]) -> Option<Vec<u8>> {
    let mut from = find(text, 0)?;
    let mut out = Vec::with_capacity(text.len());
    let mut copied = 0;
    loop {
        out.extend_from_slice(&text[copied..from]);
        copied = from + NO_VALUE.len();
        if let Some(next) = find(text, copied) {
            from = next;
        } else {
            out.extend_from_slice(&text[copied..]);
            return Some(out);
        }
    }
}

fn find(text: &[u8], from: usize) -> Option<usize> {
    let mut brackets = memchr::memchr_iter(b'<', &text[from..]).map(|at| from + at);
    brackets.find(|at| text[*at..].starts_with(NO_VALUE))
}
