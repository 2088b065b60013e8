//! Go's `strconv`: numbers and quoted strings, and the characters they are made of.

mod float;
mod integer;
mod quote;
mod rune;
mod unicode;

pub use float::{FloatSize, append_float, format_float, parse_float};
pub use integer::{NumError, parse_int, parse_uint};
pub(crate) use quote::append_quoted;
pub use quote::{Unquoted, quote, quote_ascii, quote_rune, unquote, unquote_char};
pub use rune::{decode_rune, is_digit, is_letter, is_print, runes};
