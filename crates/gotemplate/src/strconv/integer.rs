//! Integers.

/// Why a number cannot be parsed. The text is Go's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumError<T> {
    /// It is not a number.
    #[error("invalid syntax")]
    Syntax,
    /// It is out of range; the nearest number of the type is inside.
    #[error("value out of range")]
    Range(T),
}

/// `strconv.ParseInt`. Base 0 takes the base from the prefix (`0x`, `0o`, `0b`, `0`) and allows
/// underscores between digits. `bits` is 8 to 64.
///
/// # Errors
///
/// If it is no number or out of range.
pub fn parse_int(text: &[u8], base: u32, bits: u32) -> Result<i64, NumError<i64>> {
    let (negative, digits) = match text.split_first() {
        Some((b'-', digits)) => (true, digits),
        Some((b'+', digits)) => (false, digits),
        _ => (false, text),
    };
    let limit = 1_u64 << (bits.clamp(1, 64) - 1);
    let magnitude = match parse_uint(digits, base, bits) {
        Ok(magnitude) => magnitude,
        Err(NumError::Range(_)) => u64::MAX,
        Err(NumError::Syntax) => return Err(NumError::Syntax),
    };
    if negative {
        if magnitude > limit {
            return Err(NumError::Range(limit.wrapping_neg().cast_signed()));
        }
        return Ok(magnitude.wrapping_neg().cast_signed());
    }
    if magnitude >= limit {
        return Err(NumError::Range((limit - 1).cast_signed()));
    }
    Ok(magnitude.cast_signed())
}

/// `strconv.ParseUint`: as [`parse_int`] without a sign.
///
/// # Errors
///
/// If it is no number or out of range.
pub fn parse_uint(text: &[u8], base: u32, bits: u32) -> Result<u64, NumError<u64>> {
    let (base, digits, underscores) = match base {
        0 => {
            let (base, digits) = split_prefix(text);
            (base, digits, true)
        }
        base => (base, text, false),
    };
    if digits.is_empty() && !(underscores && text == b"0") {
        return Err(NumError::Syntax);
    }
    let max = u64::MAX >> (64 - bits.clamp(1, 64));
    let mut value: u64 = 0;
    let mut saw_underscore = false;
    for &byte in digits {
        if byte == b'_' && underscores {
            saw_underscore = true;
            continue;
        }
        let digit = char::from(byte)
            .to_digit(36)
            .filter(|digit| *digit < base)
            .ok_or(NumError::Syntax)?;
        // Go stops at the digit that overflows, whatever follows.
        value = value
            .checked_mul(u64::from(base))
            .and_then(|value| value.checked_add(u64::from(digit)))
            .filter(|value| *value <= max)
            .ok_or(NumError::Range(max))?;
    }
    if saw_underscore && !underscores_separate(text) {
        return Err(NumError::Syntax);
    }
    Ok(value)
}

fn split_prefix(text: &[u8]) -> (u32, &[u8]) {
    match text {
        [b'0', b'b' | b'B', rest @ ..] if !rest.is_empty() => (2, rest),
        [b'0', b'o' | b'O', rest @ ..] if !rest.is_empty() => (8, rest),
        [b'0', b'x' | b'X', rest @ ..] if !rest.is_empty() => (16, rest),
        [b'0', rest @ ..] => (8, rest),
        _ => (10, text),
    }
}

/// Whether underscores stand only between digits, or between a prefix and a digit.
pub(super) fn underscores_separate(text: &[u8]) -> bool {
    let text = match text.split_first() {
        Some((b'-' | b'+', rest)) => rest,
        _ => text,
    };
    let (digits, hex, mut after_digit) = match text {
        [b'0', b'b' | b'B' | b'o' | b'O', rest @ ..] => (rest, false, true),
        [b'0', b'x' | b'X', rest @ ..] => (rest, true, true),
        _ => (text, false, false),
    };
    let mut after_underscore = false;
    for &byte in digits {
        let digit = byte.is_ascii_digit() || hex && byte.is_ascii_hexdigit();
        let underscore = byte == b'_';
        if underscore && !after_digit || after_underscore && !digit {
            return false;
        }
        after_digit = digit;
        after_underscore = underscore;
    }
    !after_underscore
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_base_from_the_prefix() {
        for (text, value) in [
            ("0", 0),
            ("-0", 0),
            ("012", 10),
            ("0x1F", 31),
            ("0b101", 5),
            ("0o17", 15),
            ("1_000", 1000),
            ("0x_1", 1),
            ("0_7", 7),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(parse_int(text.as_bytes(), 0, 64), Ok(value), "{text}");
        }
        for text in [
            "", "-", "0x", "08", "_1", "1_", "1__0", "1.0", "1e3", " 1", "0b2",
        ] {
            assert_eq!(
                parse_int(text.as_bytes(), 0, 64),
                Err(NumError::Syntax),
                "{text}"
            );
        }
        assert_eq!(parse_int(b"1_0", 10, 64), Err(NumError::Syntax));
    }

    #[test]
    fn keeps_to_the_range() {
        assert_eq!(parse_int(b"128", 10, 8), Err(NumError::Range(127)));
        assert_eq!(parse_int(b"-129", 10, 8), Err(NumError::Range(-128)));
        assert_eq!(
            parse_int(b"9223372036854775808", 10, 64),
            Err(NumError::Range(i64::MAX))
        );
        assert_eq!(parse_uint(b"18446744073709551615", 10, 64), Ok(u64::MAX));
        assert_eq!(
            parse_uint(b"18446744073709551616", 10, 64),
            Err(NumError::Range(u64::MAX))
        );
    }
}
