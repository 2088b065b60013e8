//! Floating point numbers.

use std::io::Write;

use super::integer::{NumError, underscores_separate};

/// How many bits a number has: it decides which digits are enough to tell it from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloatSize {
    /// `float32`.
    Bits32,
    /// `float64`.
    Bits64,
}

/// Decimal digits and where the point is: `0.d₁d₂… × 10^point`. Zero has no digits.
struct Decimal {
    digits: Vec<u8>,
    point: i32,
}

/// More digits than any number has, all its digits being exact.
const MAX_DIGITS: usize = 1100;

/// `strconv.FormatFloat`. The format is one of `b e E f g G x X`; no precision means as many
/// digits as it takes to tell the number from its neighbours.
pub fn format_float(value: f64, format: u8, precision: Option<usize>, size: FloatSize) -> String {
    let mut out = Vec::with_capacity(24);
    append_float(&mut out, value, format, precision, size);
    // Only ASCII was written.
    String::from_utf8(out).unwrap_or_default()
}

/// `strconv.AppendFloat`: as [`format_float`].
pub fn append_float(
    out: &mut Vec<u8>,
    value: f64,
    format: u8,
    precision: Option<usize>,
    size: FloatSize,
) {
    if value.is_nan() {
        out.extend(b"NaN");
        return;
    }
    if value.is_infinite() {
        out.extend(if value < 0.0 { b"-Inf" } else { b"+Inf" });
        return;
    }
    if value.is_sign_negative() {
        out.push(b'-');
    }
    let value = value.abs();
    match format {
        b'b' => append_binary(out, value, size),
        b'x' | b'X' => append_hex(out, value, format, precision, size),
        b'f' | b'F' => {
            let decimal = match precision {
                None => shortest(value, size),
                Some(precision) => rounded_after_point(value, precision),
            };
            let precision = precision.unwrap_or_else(|| {
                usize::try_from(decimal.len() - decimal.point).unwrap_or_default()
            });
            append_plain(out, &decimal, precision);
        }
        b'e' | b'E' => {
            let decimal = match precision {
                None => shortest(value, size),
                Some(precision) => rounded(value, precision + 1),
            };
            let precision = precision.unwrap_or(decimal.digits.len().saturating_sub(1));
            append_exponent(out, &decimal, precision, format);
        }
        b'g' | b'G' => append_general(out, value, format, precision, size),
        _ => out.extend([b'%', format]),
    }
}

impl Decimal {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "there are at most a few thousand digits"
    )]
    fn len(&self) -> i32 {
        self.digits.len() as i32
    }

    /// Reads what Rust prints with `{:e}`.
    fn from_scientific(text: &str) -> Self {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
        if digits.iter().all(|digit| *digit == b'0') {
            return Self {
                digits: Vec::new(),
                point: 0,
            };
        }
        Self {
            digits,
            point: exponent.parse::<i32>().unwrap_or_default() + 1,
        }
    }

    fn trim(mut self) -> Self {
        while self.digits.last() == Some(&b'0') {
            self.digits.pop();
        }
        self
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the number is a float32 widened"
)]
fn shortest(value: f64, size: FloatSize) -> Decimal {
    Decimal::from_scientific(&match size {
        FloatSize::Bits32 => format!("{:e}", value as f32),
        FloatSize::Bits64 => format!("{value:e}"),
    })
}

fn rounded(value: f64, digits: usize) -> Decimal {
    let precision = digits.saturating_sub(1).min(MAX_DIGITS);
    Decimal::from_scientific(&format!("{value:.precision$e}")).trim()
}

fn rounded_after_point(value: f64, precision: usize) -> Decimal {
    let precision = precision.min(MAX_DIGITS);
    let text = format!("{value:.precision$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let whole = whole.trim_start_matches('0');
    let mut digits = [whole.as_bytes(), fraction.as_bytes()].concat();
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    digits.drain(..zeros);
    if digits.is_empty() {
        return Decimal { digits, point: 0 };
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "there are at most a few thousand digits"
    )]
    let point = whole.len() as i32 - if whole.is_empty() { zeros as i32 } else { 0 };
    Decimal { digits, point }.trim()
}

fn append_general(
    out: &mut Vec<u8>,
    value: f64,
    format: u8,
    precision: Option<usize>,
    size: FloatSize,
) {
    let decimal = match precision {
        None => shortest(value, size),
        Some(precision) => rounded(value, precision.max(1)),
    };
    let count = decimal.digits.len();
    let precision_or_all = precision.map_or(count, |precision| precision.max(1));
    let threshold = match precision {
        None => 6,
        Some(_) if precision_or_all > count && decimal.len() >= decimal.point => count,
        Some(_) => precision_or_all,
    };
    let exponent = decimal.point - 1;
    if exponent < -4 || i64::from(exponent) >= i64::try_from(threshold).unwrap_or(i64::MAX) {
        let digits = precision_or_all.min(count);
        append_exponent(
            out,
            &decimal,
            digits.saturating_sub(1),
            format - (b'g' - b'e'),
        );
    } else {
        let digits = usize::try_from(decimal.len() - decimal.point).unwrap_or_default();
        append_plain(out, &decimal, digits);
    }
}

fn append_exponent(out: &mut Vec<u8>, decimal: &Decimal, precision: usize, letter: u8) {
    out.push(decimal.digits.first().copied().unwrap_or(b'0'));
    if precision > 0 {
        out.push(b'.');
        let fraction = decimal.digits.get(1..).unwrap_or_default();
        let known = &fraction[..fraction.len().min(precision)];
        out.extend(known);
        out.extend(std::iter::repeat_n(b'0', precision - known.len()));
    }
    let exponent = if decimal.digits.is_empty() {
        0
    } else {
        decimal.point - 1
    };
    let sign = if exponent < 0 { '-' } else { '+' };
    // Writing to memory does not fail.
    let _ = write!(
        out,
        "{}{sign}{:02}",
        char::from(letter),
        exponent.unsigned_abs()
    );
}

fn append_plain(out: &mut Vec<u8>, decimal: &Decimal, precision: usize) {
    let digits = &decimal.digits;
    let whole = usize::try_from(decimal.point).unwrap_or_default();
    if whole == 0 {
        out.push(b'0');
    } else {
        let known = &digits[..digits.len().min(whole)];
        out.extend(known);
        out.extend(std::iter::repeat_n(b'0', whole - known.len()));
    }
    if precision > 0 {
        out.push(b'.');
        let zeros = usize::try_from(-decimal.point)
            .unwrap_or_default()
            .min(precision);
        out.extend(std::iter::repeat_n(b'0', zeros));
        let fraction = digits.get(whole..).unwrap_or_default();
        let known = &fraction[..fraction.len().min(precision - zeros)];
        out.extend(known);
        out.extend(std::iter::repeat_n(b'0', precision - zeros - known.len()));
    }
}

/// Mantissa and exponent: the number is `mantissa × 2^exponent`.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a float32 widened; an exponent of 11 bits"
)]
fn parts(value: f64, size: FloatSize) -> (u64, i32, u32) {
    let (bits, width, offset) = match size {
        FloatSize::Bits32 => (u64::from((value as f32).to_bits()), 23, 127),
        FloatSize::Bits64 => (value.to_bits(), 52, 1023),
    };
    let exponent = (bits >> width) as i32;
    let mantissa = bits & ((1 << width) - 1);
    match exponent {
        0 => (mantissa, 1 - offset, width),
        _ => (mantissa | 1 << width, exponent - offset, width),
    }
}

/// `4503599627370496p-52`.
fn append_binary(out: &mut Vec<u8>, value: f64, size: FloatSize) {
    let (mantissa, exponent, bits) = parts(value, size);
    let exponent = exponent - bits.cast_signed();
    let _ = write!(out, "{mantissa}p{exponent:+}");
}

/// `0x1.8p+01`.
fn append_hex(
    out: &mut Vec<u8>,
    value: f64,
    format: u8,
    precision: Option<usize>,
    size: FloatSize,
) {
    let (mut mantissa, mut exponent, bits) = parts(value, size);
    if mantissa == 0 {
        exponent = 0;
    }
    // The leading 1 at bit 60, so that 15 digits follow.
    mantissa <<= 60 - bits;
    while mantissa != 0 && mantissa & (1 << 60) == 0 {
        mantissa <<= 1;
        exponent -= 1;
    }
    if let Some(precision) = precision.filter(|precision| *precision < 15) {
        let shift = precision * 4;
        let rest = (mantissa << shift) & ((1 << 60) - 1);
        mantissa >>= 60 - shift;
        // To the nearest, ties to even.
        if rest | (mantissa & 1) > 1 << 59 {
            mantissa += 1;
        }
        mantissa <<= 60 - shift;
        if mantissa & (1 << 61) != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let digits: &[u8; 16] = if format == b'X' {
        b"0123456789ABCDEF"
    } else {
        b"0123456789abcdef"
    };
    out.extend([b'0', format, b'0' + u8::from(mantissa >> 60 & 1 == 1)]);
    mantissa <<= 4;
    if precision.is_none() && mantissa != 0 || precision.is_some_and(|precision| precision > 0) {
        out.push(b'.');
    }
    match precision {
        None => {
            while mantissa != 0 {
                out.push(digits[(mantissa >> 60) as usize & 15]);
                mantissa <<= 4;
            }
        }
        Some(precision) => {
            for _ in 0..precision {
                out.push(digits[(mantissa >> 60) as usize & 15]);
                mantissa <<= 4;
            }
        }
    }
    let letter = if format == b'X' { 'P' } else { 'p' };
    let sign = if exponent < 0 { '-' } else { '+' };
    let _ = write!(out, "{letter}{sign}{:02}", exponent.unsigned_abs());
}

/// `strconv.ParseFloat` for `float64`: decimal and hexadecimal numbers, `inf`, `infinity` and
/// `nan` in any case.
///
/// # Errors
///
/// If it is no number, or too large: infinity is inside then.
pub fn parse_float(text: &[u8]) -> Result<f64, NumError<f64>> {
    let (negative, unsigned) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let sign = if negative { -1.0 } else { 1.0 };
    if unsigned.eq_ignore_ascii_case(b"inf") || unsigned.eq_ignore_ascii_case(b"infinity") {
        return Ok(sign * f64::INFINITY);
    }
    if text.eq_ignore_ascii_case(b"nan") {
        return Ok(f64::NAN);
    }
    if unsigned.contains(&b'_') && !underscores_separate(unsigned) {
        return Err(NumError::Syntax);
    }
    let digits: String = unsigned
        .iter()
        .filter(|byte| **byte != b'_')
        .map(|byte| char::from(*byte))
        .collect();
    let hex = digits
        .get(..2)
        .is_some_and(|prefix| prefix.eq_ignore_ascii_case("0x"));
    let value = if hex {
        parse_hex(&digits.as_bytes()[2..]).ok_or(NumError::Syntax)?
    } else {
        // Rust's parser takes the same decimals, and words and signs besides.
        if !digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
            return Err(NumError::Syntax);
        }
        digits.parse::<f64>().map_err(|_| NumError::Syntax)?
    };
    if value.is_infinite() {
        return Err(NumError::Range(sign * value));
    }
    Ok(sign * value)
}

/// The number after `0x`: digits with a point perhaps, and a binary exponent always.
fn parse_hex(text: &[u8]) -> Option<f64> {
    let at = text.iter().position(|byte| matches!(byte, b'p' | b'P'))?;
    let (digits, exponent) = (&text[..at], &text[at + 1..]);
    let mut mantissa: u64 = 0;
    let mut lost = false;
    let mut scale: i64 = 0;
    let mut point = false;
    let mut any = false;
    for &byte in digits {
        if byte == b'.' && !point {
            point = true;
            continue;
        }
        let digit = char::from(byte).to_digit(16)?;
        any = true;
        if mantissa >> 60 == 0 {
            mantissa = mantissa << 4 | u64::from(digit);
            scale -= if point { 4 } else { 0 };
        } else {
            lost |= digit != 0;
            scale += if point { 0 } else { 4 };
        }
    }
    let (negative, exponent) = match exponent.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, exponent),
    };
    if !any || exponent.is_empty() {
        return None;
    }
    let mut power: i64 = 0;
    for byte in exponent {
        let digit = char::from(*byte).to_digit(10)?;
        power = (power * 10 + i64::from(digit)).min(1_000_000_000);
    }
    Some(compose(
        mantissa,
        lost,
        scale + if negative { -power } else { power },
    ))
}

/// `mantissa × 2^exponent`, rounded to the nearest number, ties to even. `lost` says that the
/// mantissa was cut.
fn compose(mantissa: u64, lost: bool, exponent: i64) -> f64 {
    if mantissa == 0 {
        return 0.0;
    }
    let shift = mantissa.leading_zeros();
    let mantissa = mantissa << shift;
    let exponent = exponent - i64::from(shift) + 63;
    if exponent > 1023 {
        return f64::INFINITY;
    }
    let subnormal = (-1022 - exponent).max(0);
    let dropped = 11 + subnormal;
    if dropped > 64 {
        return 0.0;
    }
    let wide = u128::from(mantissa);
    let kept = wide >> dropped;
    let rest = wide & ((1 << dropped) - 1);
    let half = 1_u128 << (dropped - 1);
    let up = rest > half || rest == half && (lost || kept & 1 == 1);
    #[expect(clippy::cast_possible_truncation, reason = "53 bits at most")]
    let kept = kept as u64 + u64::from(up);
    if subnormal > 0 {
        return f64::from_bits(kept);
    }
    // A carry out of the mantissa moves the exponent on by itself.
    let biased = (exponent + 1023).cast_unsigned() << 52;
    f64::from_bits(biased + kept - (1 << 52))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn general(value: f64) -> String {
        format_float(value, b'g', None, FloatSize::Bits64)
    }

    #[test]
    fn takes_exponents_where_go_does() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (999_999.0, "999999"),
            (1e6, "1e+06"),
            (123_456_789.0, "1.23456789e+08"),
            (1_000_000.5, "1.0000005e+06"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e100, "1e+100"),
            (5e-324, "5e-324"),
            (f64::INFINITY, "+Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(general(value), text);
        }
    }

    #[test]
    fn rounds_to_a_precision() {
        for (format, precision, value, text) in [
            (b'f', 0, 2.5, "2"),
            (b'f', 2, 1.005, "1.00"),
            (b'f', 3, 0.0004, "0.000"),
            (b'e', 3, 123_456.0, "1.235e+05"),
            (b'g', 3, 123_456.0, "1.23e+05"),
            (b'g', 10, 100.0, "100"),
            (b'G', 1, 0.000_001, "1E-06"),
            (b'x', 2, 1.0, "0x1.00p+00"),
        ] {
            assert_eq!(
                format_float(value, format, Some(precision), FloatSize::Bits64),
                text
            );
        }
        assert_eq!(
            format_float(1.0, b'b', None, FloatSize::Bits64),
            "4503599627370496p-52"
        );
        assert_eq!(
            format_float(-1.5, b'x', None, FloatSize::Bits64),
            "-0x1.8p+00"
        );
        assert_eq!(
            format_float(f64::from(0.1_f32), b'g', None, FloatSize::Bits32),
            "0.1"
        );
    }

    #[test]
    fn parses_what_go_parses() {
        for (text, value) in [
            ("1", 1.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("-1e3", -1000.0),
            ("1_000.5", 1000.5),
            ("0x1p-2", 0.25),
            ("0x1.8p1", 3.0),
            ("0x1p-1074", 5e-324),
            ("0x1p-1075", 0.0),
            ("+Inf", f64::INFINITY),
        ] {
            assert_eq!(parse_float(text.as_bytes()), Ok(value), "{text}");
        }
        for text in [
            "", ".", "e1", "1e", "0x1", "0x", "x", "1__0", "+nan", "--1", "1 ", "infin",
        ] {
            assert_eq!(
                parse_float(text.as_bytes()),
                Err(NumError::Syntax),
                "{text}"
            );
        }
        assert_eq!(parse_float(b"1e400"), Err(NumError::Range(f64::INFINITY)));
        assert_eq!(
            parse_float(b"-0x1p2000"),
            Err(NumError::Range(f64::NEG_INFINITY))
        );
    }
}
