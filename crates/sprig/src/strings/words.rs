//! Texts cut, shortened and wrapped. Lengths are bytes, as in the original: a cut may go through a
//! character.

use crate::text::unicode;

/// What a function answers when Go would panic.
pub(crate) type Panic = String;

/// `text[start..end]` with Go's complaint about bounds that are none.
fn slice(text: &[u8], start: i64, end: i64) -> Result<&[u8], Panic> {
    let length = text.len();
    let bounds = |n: i64| usize::try_from(n).ok();
    match (bounds(start), bounds(end)) {
        (_, to) if to.is_none_or(|to| to > length) => {
            Err(out_of_range(&format!("[:{end}]"), length, end))
        }
        (Some(start), Some(end)) if start <= end => Ok(&text[start..end]),
        (None, _) => Err(out_of_range(&format!("[{start}:]"), length, start)),
        _ => Err(format!(
            "runtime error: slice bounds out of range [{start}:{end}]"
        )),
    }
}

fn out_of_range(bounds: &str, length: usize, at: i64) -> Panic {
    // A bound below zero is wrong for any length.
    if at < 0 {
        return format!("runtime error: slice bounds out of range {bounds}");
    }
    format!("runtime error: slice bounds out of range {bounds} with length {length}")
}

/// `start` below zero: up to `end`. `end` below zero or beyond the text: from `start` on.
pub(crate) fn substring(start: i64, end: i64, text: &[u8]) -> Result<&[u8], Panic> {
    let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
    if start < 0 {
        return slice(text, 0, end);
    }
    if end < 0 || end > length {
        if start > length {
            return Err(format!(
                "runtime error: slice bounds out of range [{start}:{length}]"
            ));
        }
        return slice(text, start, length);
    }
    slice(text, start, end)
}

/// The first `count` bytes, or the last when `count` is negative.
pub(crate) fn truncate(count: i64, text: &[u8]) -> &[u8] {
    let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if wanted >= text.len() {
        text
    } else if count < 0 {
        &text[text.len() - wanted..]
    } else {
        &text[..wanted]
    }
}

/// At most `width` bytes of a text, dots for the rest.
pub(crate) fn abbreviate(width: i64, text: &[u8]) -> Result<Vec<u8>, Panic> {
    if width < 4 {
        return Ok(text.to_vec());
    }
    abbreviate_from(text, 0, width)
}

/// Like [`abbreviate`], with dots on both sides of what begins around `left`.
pub(crate) fn abbreviate_both(left: i64, right: i64, text: &[u8]) -> Result<Vec<u8>, Panic> {
    if right < 4 || left > 0 && right < 7 {
        return Ok(text.to_vec());
    }
    abbreviate_from(text, left, right)
}

fn abbreviate_from(text: &[u8], offset: i64, width: i64) -> Result<Vec<u8>, Panic> {
    let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
    if length <= width {
        return Ok(text.to_vec());
    }
    let room = width - 3;
    let offset = offset.min(length);
    // Far below zero the difference is, as in Go, none at all.
    let offset = if length.wrapping_sub(offset) < room {
        length - room
    } else {
        offset
    };
    if offset <= 4 {
        return Ok([slice(text, 0, room)?, b"..."].concat());
    }
    if width < 7 {
        return Ok(Vec::new());
    }
    if offset + room < length {
        let rest = slice(text, offset, length)?;
        let inner = abbreviate_from(rest, 0, room)?;
        return Ok([&b"..."[..], &inner].concat());
    }
    Ok([b"...", slice(text, length - room, length)?].concat())
}

/// Each byte that is no space, as a character of its own: what is beyond ASCII is garbled, as it is by
/// the original.
pub(crate) fn without_space(text: &[u8]) -> Vec<u8> {
    let spaces = text.iter().any(|byte| unicode::is_space(char::from(*byte)));
    if !spaces {
        return text.to_vec();
    }
    text.iter()
        .map(|byte| char::from(*byte))
        .filter(|c| !unicode::is_space(*c))
        .collect::<String>()
        .into_bytes()
}

/// The first byte of each word, as a character of its own.
pub(crate) fn initials(text: &[u8]) -> String {
    let mut gap = true;
    text.iter()
        .map(|byte| char::from(*byte))
        .filter(|c| {
            if unicode::is_space(*c) {
                gap = true;
                return false;
            }
            std::mem::take(&mut gap)
        })
        .collect()
}

/// Lines of at most `width` bytes where words allow it; words that are longer are cut when `cut` says so.
pub(crate) fn wrap(text: &[u8], width: i64, newline: &[u8], cut: bool) -> Vec<u8> {
    let newline = if newline.is_empty() { b"\n" } else { newline };
    let width = usize::try_from(width.max(1)).unwrap_or(usize::MAX);
    let mut out = Vec::with_capacity(text.len() + text.len() / 16);
    let mut at = 0;
    while text.len() - at > width {
        if text[at] == b' ' {
            at += 1;
            continue;
        }
        let space = |range: &[u8]| range.iter().rposition(|c| *c == b' ');
        let (end, next) = match space(&text[at..=at + width]) {
            Some(space) => (at + space, at + space + 1),
            None if cut => (at + width, at + width),
            None => match text[at + width..].iter().position(|c| *c == b' ') {
                Some(space) => (at + width + space, at + width + space + 1),
                None => break,
            },
        };
        out.extend_from_slice(&text[at..end]);
        out.extend_from_slice(newline);
        at = next;
    }
    out.extend_from_slice(&text[at..]);
    out
}

/// Every line behind `pad`, empty ones too.
pub(crate) fn indent(pad: &[u8], text: &[u8]) -> Vec<u8> {
    let lines = memchr::memchr_iter(b'\n', text).count() + 1;
    let mut out = Vec::with_capacity(text.len() + lines * pad.len());
    for (at, line) in text.split(|c| *c == b'\n').enumerate() {
        if at > 0 {
            out.push(b'\n');
        }
        out.extend_from_slice(pad);
        out.extend_from_slice(line);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_shortened() {
        assert_eq!(abbreviate(5, b"abcdefgh").unwrap(), b"ab...");
        assert_eq!(
            abbreviate_both(5, 10, b"1234 5678 9123").unwrap(),
            b"...5678..."
        );
        assert_eq!(truncate(-2, b"abc"), b"bc");
        assert_eq!(substring(0, 99, b"abc").unwrap(), b"abc");
        assert_eq!(
            substring(2, 1, b"abc").unwrap_err(),
            "runtime error: slice bounds out of range [2:1]"
        );
    }

    #[test]
    fn words_are_wrapped() {
        assert_eq!(wrap(b"Hello World", 5, b"", false), b"Hello\nWorld");
        assert_eq!(wrap(b"abcdefg", 3, b"-", true), b"abc-def-g");
        assert_eq!(wrap(b"abcdefg h", 3, b"", false), b"abcdefg\nh");
    }
}
