//! Sets of characters: `[a-z\d[:alpha:]]`.

use std::fmt::Write as _;

use super::cursor::Cursor;
use super::{Checked, SyntaxError};

/// What matches no character.
pub(super) const NOTHING: &str = "[a&&b]";

/// A class that an escape stands for, in Rust's syntax.
pub(super) struct ClassEscape {
    pub(super) positive: String,
    pub(super) negated: bool,
}

impl ClassEscape {
    pub(super) fn text(&self, fold_case: bool) -> String {
        let not = if self.negated { "^" } else { "" };
        let flag = if fold_case { "i" } else { "" };
        format!("(?{flag}:[{not}{}])", self.positive)
    }

    /// Inside of another class; there other cases are added to what is not negated before it is.
    fn item(&self) -> String {
        if self.negated {
            format!("[^{}]", self.positive)
        } else {
            self.positive.clone()
        }
    }
}

/// Reads a class, of which the bracket is next, and writes it in Rust's syntax.
pub(super) fn translate(cursor: &mut Cursor<'_>, fold_case: bool) -> Checked<String> {
    let whole = cursor.rest;
    cursor.skip(1);
    let negated = cursor.peek() == Some(b'^');
    if negated {
        cursor.skip(1);
    }
    let mut items = String::new();
    let mut first = true;
    while first || cursor.peek() != Some(b']') {
        first = false;
        if cursor.rest.starts_with(b"[:")
            && cursor.rest.len() > 2
            && let Some(item) = named(cursor)?
        {
            items.push_str(&item);
            continue;
        }
        if let Some(class) = cursor.class_escape()? {
            items.push_str(&class.item());
            continue;
        }
        range(cursor, whole, &mut items)?;
    }
    cursor.skip(1);
    let flag = if fold_case { "i" } else { "" };
    Ok(match (negated, items.is_empty()) {
        (false, true) => NOTHING.to_owned(),
        (true, true) => "(?s:.)".to_owned(),
        (false, false) => format!("(?{flag}:[{items}])"),
        (true, false) => format!("(?{flag}:[^{items}])"),
    })
}

fn range<'a>(cursor: &mut Cursor<'a>, whole: &'a [u8], items: &mut String) -> Checked<()> {
    let before = cursor.rest;
    let low = character(cursor, whole)?;
    let mut high = low;
    if let [b'-', next, ..] = cursor.rest
        && *next != b']'
    {
        cursor.skip(1);
        high = character(cursor, whole)?;
        if high < low {
            let place = cursor.since(before);
            return Err(SyntaxError::new("invalid character class range", place));
        }
    }
    // Half characters are in no text, and not in Rust's syntax.
    for (low, high) in [(low, high.min(0xd7ff)), (low.max(0xe000), high)] {
        if low <= high {
            let _ = write!(items, "\\x{{{low:X}}}-\\x{{{high:X}}}");
        }
    }
    Ok(())
}

/// The code of a character, half characters too.
fn character<'a>(cursor: &mut Cursor<'a>, whole: &'a [u8]) -> Checked<u32> {
    match cursor.peek() {
        None => Err(SyntaxError::new("missing closing ]", whole)),
        // Half characters end ranges as the characters around them would.
        Some(b'\\') => Ok(cursor.escape()?.map_or(0xd800, u32::from)),
        Some(_) => cursor.rune().map(u32::from),
    }
}

/// `[:alpha:]` and `[:^alpha:]`.
fn named(cursor: &mut Cursor<'_>) -> Checked<Option<String>> {
    let Some(end) = memchr::memmem::find(&cursor.rest[2..], b":]") else {
        return Ok(None);
    };
    let place = &cursor.rest[..end + 4];
    let name = &cursor.rest[2..end + 2];
    let (name, not) = match name.strip_prefix(b"^") {
        Some(name) => (name, "^"),
        None => (name, ""),
    };
    let known: [&[u8]; 14] = [
        b"alnum", b"alpha", b"ascii", b"blank", b"cntrl", b"digit", b"graph", b"lower", b"print",
        b"punct", b"space", b"upper", b"word", b"xdigit",
    ];
    if !known.contains(&name) {
        return Err(SyntaxError::new("invalid character class range", place));
    }
    let name = String::from_utf8_lossy(name);
    cursor.skip(place.len());
    Ok(Some(format!("[:{not}{name}:]")))
}
