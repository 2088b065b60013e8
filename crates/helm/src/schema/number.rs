//! Numbers in messages and comparisons.

use serde_json::{Number, Value as Json};
use windlass_gotemplate::strconv::{FloatSize, format_float};

/// A number as messages show it: in groups of three digits, and as a power of ten where Go's
/// shortest form has an exponent.
pub(super) fn shown(number: &Number) -> String {
    let text = format_float(
        number.as_f64().unwrap_or_default(),
        b'g',
        None,
        FloatSize::Bits64,
    );
    grouped(&text)
}

/// Digits before the point in groups of three.
pub(super) fn grouped(text: &str) -> String {
    if text.contains('e') {
        return text.to_owned();
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, format!(".{fraction}")),
        None => (digits, String::new()),
    };
    let mut out = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out + &fraction
}

/// Whether the number is whole.
pub(super) fn is_whole(number: &Number) -> bool {
    !number.is_f64() || number.as_f64().is_some_and(|float| float.fract() == 0.0)
}

/// Whether `number` divided by `by` is whole.
pub(super) fn is_multiple(number: &Number, by: &Number) -> bool {
    if let (Some(number), Some(by)) = (number.as_i64(), by.as_i64())
        && by != 0
    {
        return number % by == 0;
    }
    // Decimal fractions: as many places as either has.
    let places = |number: &Number| {
        let text = format_float(
            number.as_f64().unwrap_or_default(),
            b'f',
            None,
            FloatSize::Bits64,
        );
        text.split_once('.')
            .map_or(0, |(_, fraction)| fraction.len())
    };
    let shift = places(number).max(places(by)).min(15);
    let scale = 10_f64.powi(i32::try_from(shift).unwrap_or(15));
    let scaled = |number: &Number| (number.as_f64().unwrap_or_default() * scale).round();
    let (number, by) = (scaled(number), scaled(by));
    by != 0.0 && number % by == 0.0
}

/// Whether two values are equal, numbers by what they are worth.
pub(super) fn equal(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => {
            a == b || a.as_f64().is_some_and(|a| b.as_f64() == Some(a))
        }
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        (a, b) => a == b,
    }
}

/// A text that two values share exactly where they are [`equal`].
pub(super) fn identity(value: &Json) -> String {
    let mut text = String::new();
    write_identity(value, &mut text);
    text
}

fn write_identity(value: &Json, text: &mut String) {
    match value {
        Json::Number(number) => {
            // Nought has two signs.
            let float = number.as_f64().unwrap_or_default() + 0.0;
            text.push_str(&float.to_string());
        }
        Json::Array(items) => {
            text.push('[');
            for item in items {
                write_identity(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Json::Object(members) => {
            text.push('{');
            for (name, item) in members {
                text.push_str(&Json::String(name.clone()).to_string());
                text.push(':');
                write_identity(item, text);
                text.push(',');
            }
            text.push('}');
        }
        other => text.push_str(&other.to_string()),
    }
}
