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
    let mut start = from;
    loop {
        let angle = start + text[start..].iter().position(|&byte| byte == b'<')?;
        if text[angle..].starts_with(NO_VALUE) {
            return Some(angle);
        }
        start = angle + 1;
    }
}
