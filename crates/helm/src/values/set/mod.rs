//! The grammar of `--set` and its kin: `a.b[0].c=v,d={x,y}`. Quirks and error texts are those of
//! Helm's `strvals`; what ends in the middle of a list index, for one, is silently accepted there.

mod parser;
mod scanner;

use super::value::Map;
use parser::Parser;
pub(super) use parser::{MAX_ITEMS, Reading};

/// Gives the content of the file that a value of `--set-file` names, or why there is none.
pub type FileReader<'a> = dyn FnMut(&str) -> Result<String, String> + 'a;

/// Why an expression was refused; the text is Helm's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SetError(String);

/// `--set`: integers, booleans and `null` are typed, everything else is text.
pub fn parse_into(text: &str, into: &mut Map) -> Result<(), SetError> {
    parse(text, into, Reading::Typed)
}

/// `--set-string`: every value is text.
pub fn parse_string_into(text: &str, into: &mut Map) -> Result<(), SetError> {
    parse(text, into, Reading::Text)
}

/// `--set-file`: every value names a file whose content it stands for.
pub fn parse_file_into(
    text: &str,
    into: &mut Map,
    read: &mut FileReader<'_>,
) -> Result<(), SetError> {
    parse(text, into, Reading::File(read))
}

/// `--set-json`: every value is JSON; none at all is `null`.
pub fn parse_json_into(text: &str, into: &mut Map) -> Result<(), SetError> {
    parse(text, into, Reading::Json)
}

/// `--set-literal`: one key, and all that follows `=` is its text.
pub fn parse_literal_into(text: &str, into: &mut Map) -> Result<(), SetError> {
    parse(text, into, Reading::Literal)
}

fn parse(text: &str, into: &mut Map, reading: Reading<'_, '_>) -> Result<(), SetError> {
    parse_within(text, into, reading, &mut { MAX_ITEMS })
}

/// Any of them, one of several that may make lists longer by `left` items in all.
pub(super) fn parse_within(
    text: &str,
    into: &mut Map,
    reading: Reading<'_, '_>,
    left: &mut usize,
) -> Result<(), SetError> {
    Parser::new(text, reading, left)
        .parse(into)
        .map_err(SetError)
}

#[cfg(test)]
mod tests;
