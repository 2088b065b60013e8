//! Go's ways to print, for error texts.

use windlass_gotemplate::format::sprintf;
use windlass_gotemplate::strconv;

use crate::values::Value;

/// Longest piece of data that goes into a message.
const MAX_MESSAGE: usize = 1 << 20;

/// `%q` of a string.
pub(crate) fn quote(text: &str) -> String {
    strconv::quote(text.as_bytes())
}

/// `%q` of a `[]rune`: each character in single quotes.
pub(crate) fn quote_chars(text: &str) -> String {
    let quoted: Vec<String> = text
        .chars()
        .map(|found| strconv::quote_rune(found, false))
        .collect();
    format!("[{}]", quoted.join(" "))
}

/// `%v` of a value.
pub(crate) fn display(value: &Value) -> String {
    formatted(b"%v", value)
}

/// `%t` of a value, which Helm uses for values that are no booleans.
pub(crate) fn bad_verb_t(value: &Value) -> String {
    formatted(b"%t", value)
}

fn formatted(format: &[u8], value: &Value) -> String {
    let value = crate::objects::template_value(value);
    match sprintf(format, &[value], MAX_MESSAGE) {
        Ok(text) => String::from_utf8_lossy(&text).into_owned(),
        Err(limit) => limit.to_string(),
    }
}
