//! Runes and quotes as Go has them.

use std::fmt::Write as _;

/// A text in quotes, as the `time` package quotes in its errors: what is not printable ASCII is shown byte
/// by byte.
pub(crate) fn quote_ascii(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for byte in text {
        match byte {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(char::from(*byte));
            }
            // DEL is not escaped by the original.
            b' '..=0x7f => out.push(char::from(*byte)),
            _ => drop(write!(out, "\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}

/// The characters of a text as the bytes they are written in; what is no UTF-8 is taken apart byte by byte.
pub(crate) fn runes(text: &[u8]) -> Vec<&[u8]> {
    let mut runes = Vec::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        let valid = chunk.valid();
        runes.extend(
            valid
                .char_indices()
                .map(|(at, c)| &valid.as_bytes()[at..at + c.len_utf8()]),
        );
        runes.extend(chunk.invalid().chunks(1));
    }
    runes
}

/// Unicode properties of Go's `unicode` package: categories rather than derived properties, and mappings
/// of one character to one.
pub(crate) mod unicode {
    use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

    pub(crate) fn is_upper(c: char) -> bool {
        c.general_category() == GeneralCategory::UppercaseLetter
    }

    pub(crate) fn is_lower(c: char) -> bool {
        c.general_category() == GeneralCategory::LowercaseLetter
    }

    pub(crate) fn is_title(c: char) -> bool {
        c.general_category() == GeneralCategory::TitlecaseLetter
    }

    pub(crate) fn is_letter(c: char) -> bool {
        c.general_category_group() == GeneralCategoryGroup::Letter
    }

    pub(crate) fn is_digit(c: char) -> bool {
        c.general_category() == GeneralCategory::DecimalNumber
    }

    pub(crate) fn is_number(c: char) -> bool {
        c.general_category_group() == GeneralCategoryGroup::Number
    }

    pub(crate) fn is_punct(c: char) -> bool {
        c.general_category_group() == GeneralCategoryGroup::Punctuation
    }

    pub(crate) fn is_space(c: char) -> bool {
        c.is_whitespace()
    }

    pub(crate) fn to_upper(c: char) -> char {
        let mut mapped = c.to_uppercase();
        match (mapped.next(), mapped.next()) {
            (Some(upper), None) => upper,
            _ => with_iota(c, true).unwrap_or(c),
        }
    }

    pub(crate) fn to_lower(c: char) -> char {
        let mut mapped = c.to_lowercase();
        match (mapped.next(), mapped.next()) {
            (Some(lower), None) => lower,
            // The dotted capital I becomes a plain i.
            (Some(lower), Some(_)) => lower,
            (None, _) => c,
        }
    }

    pub(crate) fn to_title(c: char) -> char {
        match c {
            'Ǆ'..='ǆ' => 'ǅ',
            'Ǉ'..='ǉ' => 'ǈ',
            'Ǌ'..='ǌ' => 'ǋ',
            'Ǳ'..='ǳ' => 'ǲ',
            // Georgian has capitals only for texts that are capitals throughout.
            'ა'..='ჿ' => c,
            _ => to_upper(c),
        }
    }

    /// Greek letters with an iota below: their capitals are one character when asked for one.
    fn with_iota(c: char, upper: bool) -> Option<char> {
        let code = u32::from(c);
        let mapped = match code {
            0x1f80..=0x1faf if upper => code | 8,
            0x1fb3 | 0x1fc3 | 0x1ff3 if upper => code + 9,
            _ => return None,
        };
        char::from_u32(mapped)
    }
}
