//! What a scalar's text means: go-yaml's resolver for both dialects.

use crate::node::{Node, Style};
use crate::timestamp::Timestamp;
use crate::{Dialect, Error};

/// A resolved scalar; text that stays text is not copied.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Timestamp(Timestamp),
    Str,
}

impl Scalar {
    /// The short name of the tag, as error texts show it.
    pub(crate) fn tag(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::Uint(_) => "int",
            Self::Float(_) => "float",
            Self::Timestamp(_) => "timestamp",
            Self::Str => "str",
        }
    }
}

/// Resolves `text` under the short form of its explicit `tag` (`str`, `int` …); no tag means the
/// text alone decides. A tag outside the core schema makes any text a string.
///
/// # Errors
/// When the tag demands a type the text does not have.
pub(crate) fn resolve(
    dialect: Dialect,
    tag: Option<&str>,
    text: &str,
    line: usize,
) -> Result<Scalar, Error> {
    match tag {
        None => return Ok(untagged(dialect, text, true)),
        Some("bool" | "int" | "float" | "null" | "timestamp") => {}
        Some(_) => return Ok(Scalar::Str),
    }
    let found = untagged(dialect, text, tag == Some("timestamp"));
    let wanted = tag.unwrap_or_default();
    match found {
        _ if found.tag() == wanted => Ok(found),
        #[expect(clippy::cast_precision_loss, reason = "Go converts the same way")]
        Scalar::Int(int) if wanted == "float" => Ok(Scalar::Float(int as f64)),
        _ => Err(Error::decode(
            format!("cannot decode !!{} `{text}` as a !!{wanted}", found.tag()),
            line,
        )),
    }
}

/// Resolves a scalar node, its quoting and tag considered.
///
/// # Errors
/// As [`resolve`].
pub(crate) fn resolve_node(dialect: Dialect, node: &Node) -> Result<Scalar, Error> {
    let plain = node.style == Style::Plain;
    match node.short_tag() {
        None if !plain || node.value == "<<" => Ok(Scalar::Str),
        None => Ok(untagged(dialect, &node.value, true)),
        // The non-specific tag: v2 takes it for a private one, v3 ignores it.
        Some("!") if plain && dialect == Dialect::V3 => Ok(untagged(dialect, &node.value, true)),
        tag => resolve(dialect, tag, &node.value, node.line),
    }
}

/// The meaning of a plain, untagged scalar.
pub(crate) fn untagged(dialect: Dialect, text: &str, timestamps: bool) -> Scalar {
    let Some(first) = text.bytes().next() else {
        return Scalar::Null;
    };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => {
            word(dialect, text)
        }
        b'.' => match word(dialect, text) {
            Scalar::Str => fraction(text).map_or(Scalar::Str, Scalar::Float),
            known => known,
        },
        b'+' | b'-' | b'0'..=b'9' => match word(dialect, text) {
            Scalar::Str => number(dialect, text, timestamps),
            known => known,
        },
        _ => Scalar::Str,
    }
}

fn word(dialect: Dialect, text: &str) -> Scalar {
    match text {
        "true" | "True" | "TRUE" => Scalar::Bool(true),
        "false" | "False" | "FALSE" => Scalar::Bool(false),
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" if dialect == Dialect::V2 => {
            Scalar::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" if dialect == Dialect::V2 => {
            Scalar::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
        _ => Scalar::Str,
    }
}

fn number(dialect: Dialect, text: &str, timestamps: bool) -> Scalar {
    if timestamps && let Some(time) = Timestamp::parse(text) {
        return Scalar::Timestamp(time);
    }
    let plain = if text.contains('_') {
        text.replace('_', "")
    } else {
        text.to_owned()
    };
    if let Some(int) = integer(&plain) {
        return int;
    }
    if is_decimal(&plain)
        && let Some(value) = float(&plain)
    {
        return Scalar::Float(value);
    }
    // go-yaml's own attempts after strconv's: they accept a sign behind the prefix.
    let radixes: &[(&str, u32)] = match dialect {
        Dialect::V2 => &[("0b", 2)],
        Dialect::V3 => &[("0b", 2), ("0o", 8)],
    };
    for (prefix, radix) in radixes {
        if let Some(digits) = plain.strip_prefix(prefix) {
            if let Some(int) = signed(digits, *radix) {
                return Scalar::Int(int);
            }
        } else if let Some(digits) = plain.strip_prefix('-').and_then(|t| t.strip_prefix(prefix))
            && let Some(int) = signed(&format!("-{digits}"), *radix)
        {
            return Scalar::Int(int);
        }
    }
    Scalar::Str
}

/// strconv's integers in base zero: the prefix names the radix, a lone leading zero octal.
fn integer(text: &str) -> Option<Scalar> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| char::from(byte).is_digit(radix)) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    let signed = if negative {
        0i64.checked_sub_unsigned(magnitude)
    } else {
        i64::try_from(magnitude).ok()
    };
    match signed {
        Some(int) => Some(Scalar::Int(int)),
        // An unsigned number takes no sign, not even a plus.
        None if text.starts_with(['-', '+']) => None,
        None => Some(Scalar::Uint(magnitude)),
    }
}

fn signed(text: &str, radix: u32) -> Option<i64> {
    i64::from_str_radix(text, radix).ok()
}

/// Whether `text` is a decimal number: sign, digits around an optional point, exponent.
fn is_decimal(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && digits(fraction),
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => !mantissa.is_empty() && digits(mantissa),
    };
    mantissa_fits
        && exponent.is_none_or(|exponent| {
            let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent)
        })
}

/// A float that begins with its point. Unlike elsewhere underscores must stand between digits.
fn fraction(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == b'_' && !(digit(at - 1) && digit(at + 1)) {
            return None;
        }
    }
    float(&text.replace('_', ""))
}

/// A finite float; what overflows is no number to go-yaml.
fn float(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite())
}
