//! Numbers out of any value, by the rules of `spf13/cast`: what is none is 0.

use windlass_gotemplate::strconv;
use windlass_gotemplate::{Kind, Value};

/// The value as an `int64`.
///
/// Texts are read with Go's prefixes (`0x`, `0o`, a leading zero for octal) after `.0` at their end has
/// been cut; floats are cut.
pub(crate) fn to_i64(value: &Value) -> i64 {
    match value {
        Value::Bool(value) => i64::from(*value),
        Value::Int(_, value) => *value,
        Value::Uint(_, value) => value.cast_signed(),
        Value::Float(_, value) => cut(*value),
        Value::String(text) => {
            strconv::parse_int(without_zero_decimals(text), 0, 64).unwrap_or(0)
        }
        value => calendar_number(value),
    }
}

/// The value as a `float64`.
#[expect(
    clippy::cast_precision_loss,
    reason = "as the conversion of the original does"
)]
pub(crate) fn to_f64(value: &Value) -> f64 {
    match value {
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::Int(_, value) => *value as f64,
        Value::Uint(_, value) => *value as f64,
        Value::Float(_, value) => *value,
        Value::String(text) => strconv::parse_float(text).unwrap_or(0.0),
        value => calendar_number(value) as f64,
    }
}

/// Of all named integers only months and weekdays are known.
fn calendar_number(value: &Value) -> i64 {
    if !matches!(value.type_name(), "time.Month" | "time.Weekday") {
        return 0;
    }
    match (value.kind(), value.underlying()) {
        (Kind::Int(_), Value::Int(_, number)) => number,
        _ => 0,
    }
}

/// A float without its fraction; what has no place in 64 bits becomes the lowest number, as amd64 has it.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the range has been checked, and cutting is the purpose"
)]
pub(crate) fn cut(value: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&value) {
        value as i64
    } else {
        i64::MIN
    }
}

/// `1.00` without `.00`.
fn without_zero_decimals(text: &[u8]) -> &[u8] {
    let zeros = text.iter().rev().take_while(|c| **c == b'0').count();
    match text[..text.len() - zeros].split_last() {
        Some((b'.', before)) if zeros > 0 => before,
        _ => text,
    }
}
