//! Characters in byte strings.

use super::unicode;

/// The first character of the bytes and how many it takes up: none and 1 where they are not
/// UTF-8, none and 0 at the end.
pub fn decode_rune(bytes: &[u8]) -> (Option<char>, usize) {
    let Some(&first) = bytes.first() else {
        return (None, 0);
    };
    let length = match first {
        0..0x80 => return (Some(char::from(first)), 1),
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return (None, 1),
    };
    let rune = bytes
        .get(..length)
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .and_then(|text| text.chars().next());
    match rune {
        Some(rune) => (Some(rune), length),
        None => (None, 1),
    }
}

/// The characters of the bytes with their offsets, as Go's `range` over a string gives them;
/// none for each byte that is not part of UTF-8.
pub fn runes(bytes: &[u8]) -> impl Iterator<Item = (usize, Option<char>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (rune, length) = decode_rune(&bytes[at..]);
        if length == 0 {
            return None;
        }
        let start = at;
        at += length;
        Some((start, rune))
    })
}

/// Whether the character is in a class given by the points at which it begins and ends.
fn in_class(class: &[u32], rune: char) -> bool {
    class.partition_point(|&edge| edge <= u32::from(rune)) % 2 == 1
}

/// `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols and the ASCII space.
pub fn is_print(rune: char) -> bool {
    match rune {
        ' '..='~' => true,
        '\u{A1}'..='\u{FF}' => rune != '\u{AD}',
        '\0'..='\u{FF}' => false,
        _ => in_class(&unicode::PRINT, rune),
    }
}

/// `unicode.IsLetter`.
pub fn is_letter(rune: char) -> bool {
    match rune {
        'a'..='z' | 'A'..='Z' | '\u{AA}' | '\u{B5}' | '\u{BA}' => true,
        '\u{C0}'..='\u{FF}' => rune != '\u{D7}' && rune != '\u{F7}',
        '\0'..='\u{FF}' => false,
        _ => in_class(&unicode::LETTER, rune),
    }
}

/// `unicode.IsDigit`: decimal digits of any script.
pub fn is_digit(rune: char) -> bool {
    match rune {
        '\0'..='\u{FF}' => rune.is_ascii_digit(),
        _ => in_class(&unicode::DIGIT, rune),
    }
}
