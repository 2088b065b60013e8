//! Go's `time.Duration`: nanoseconds, written `1h30m0s`.

use std::fmt;

use crate::text::quote_ascii;

const NANOSECOND: u64 = 1;
const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000_000;
pub(crate) const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A length of time in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(
    /// Nanoseconds.
    pub i64,
);

impl Duration {
    /// Reads texts such as `1h30m`, `-1.5h` and `300ms`.
    ///
    /// # Errors
    ///
    /// The words of Go's `time.ParseDuration`.
    pub fn parse(text: &[u8]) -> Result<Duration, String> {
        let invalid = || format!("time: invalid duration {}", quote_ascii(text));
        let (negative, mut rest) = match text {
            [sign @ (b'-' | b'+'), rest @ ..] => (*sign == b'-', rest),
            _ => (false, text),
        };
        if rest == b"0" {
            return Ok(Duration(0));
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        let mut sum: u64 = 0;
        while !rest.is_empty() {
            let (value, length) = leading_int(rest).ok_or_else(invalid)?;
            rest = &rest[length..];
            let mut fraction = Fraction::NONE;
            if let [b'.', after @ ..] = rest {
                fraction = Fraction::leading(after);
                rest = &after[fraction.length..];
            }
            if length == 0 && fraction.length == 0 {
                return Err(invalid());
            }
            let end = rest
                .iter()
                .position(|c| *c == b'.' || c.is_ascii_digit())
                .unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            rest = after;
            if name.is_empty() {
                return Err(format!(
                    "time: missing unit in duration {}",
                    quote_ascii(text)
                ));
            }
            let unit = unit(name).ok_or_else(|| {
                let (name, text) = (quote_ascii(name), quote_ascii(text));
                format!("time: unknown unit {name} in duration {text}")
            })?;
            sum = value
                .checked_mul(unit)
                .and_then(|whole| whole.checked_add(fraction.of(unit)))
                .and_then(|part| sum.checked_add(part))
                .filter(|sum| *sum <= 1 << 63)
                .ok_or_else(invalid)?;
        }
        if negative {
            return Ok(Duration(0_i64.wrapping_sub_unsigned(sum)));
        }
        i64::try_from(sum).map(Duration).map_err(|_| invalid())
    }

    /// To the nearest multiple of `step`, halves away from zero; unchanged for a step of nothing.
    #[must_use]
    pub fn round(self, step: Duration) -> Duration {
        if step.0 <= 0 {
            return self;
        }
        let remainder = self.0 % step.0;
        let whole = self.0 - remainder;
        let up = remainder.unsigned_abs() >= step.0.unsigned_abs() - remainder.unsigned_abs();
        if !up {
            return Duration(whole);
        }
        let rounded = if self.0 < 0 {
            whole.saturating_sub(step.0)
        } else {
            whole.saturating_add(step.0)
        };
        Duration(rounded)
    }

    /// The largest unit alone: `2h`, `3mo`, `1y`.
    pub(crate) fn rough(self) -> String {
        let length = self.0.unsigned_abs();
        for (unit, name) in [
            (365 * DAY, "y"),
            (30 * DAY, "mo"),
            (DAY, "d"),
            (HOUR, "h"),
            (MINUTE, "m"),
            (SECOND, "s"),
        ] {
            // Exactly one of a unit is written in the next smaller one, an oddity that is kept.
            if length > unit {
                return format!("{}{name}", length / unit);
            }
        }
        "0s".to_owned()
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.0.unsigned_abs();
        if length == 0 {
            return f.write_str("0s");
        }
        if self.0 < 0 {
            f.write_str("-")?;
        }
        if length < SECOND {
            let (unit, name) = match length {
                0..MICROSECOND => (NANOSECOND, "ns"),
                MICROSECOND..MILLISECOND => (MICROSECOND, "µs"),
                _ => (MILLISECOND, "ms"),
            };
            return write_decimal(f, length, unit, name);
        }
        let (hours, rest) = (length / HOUR, length % HOUR);
        let (minutes, seconds) = (rest / MINUTE, rest % MINUTE);
        if hours > 0 {
            write!(f, "{hours}h")?;
        }
        if hours > 0 || minutes > 0 {
            write!(f, "{minutes}m")?;
        }
        write_decimal(f, seconds, SECOND, "s")
    }
}

fn write_decimal(f: &mut fmt::Formatter<'_>, length: u64, unit: u64, name: &str) -> fmt::Result {
    let (whole, fraction) = (length / unit, length % unit);
    if fraction == 0 {
        return write!(f, "{whole}{name}");
    }
    let width = unit.ilog10() as usize;
    let digits = format!("{fraction:0width$}");
    write!(f, "{whole}.{}{name}", digits.trim_end_matches('0'))
}

fn unit(name: &[u8]) -> Option<u64> {
    Some(match name {
        b"ns" => NANOSECOND,
        // Both the micro sign and the Greek letter.
        b"us" | b"\xc2\xb5s" | b"\xce\xbcs" => MICROSECOND,
        b"ms" => MILLISECOND,
        b"s" => SECOND,
        b"m" => MINUTE,
        b"h" => HOUR,
        _ => return None,
    })
}

/// The digits at the beginning of `text`, and how many there are; nothing when they exceed 2^63.
fn leading_int(text: &[u8]) -> Option<(u64, usize)> {
    let length = text.iter().take_while(|c| c.is_ascii_digit()).count();
    let mut value: u64 = 0;
    for digit in &text[..length] {
        value = value
            .checked_mul(10)?
            .checked_add(u64::from(digit - b'0'))
            .filter(|value| *value <= 1 << 63)?;
    }
    Some((value, length))
}

/// Digits after the point: as many as fit count, the others are skipped.
struct Fraction {
    value: u64,
    scale: f64,
    length: usize,
}

impl Fraction {
    const NONE: Fraction = Fraction {
        value: 0,
        scale: 1.0,
        length: 0,
    };

    fn leading(text: &[u8]) -> Fraction {
        let length = text.iter().take_while(|c| c.is_ascii_digit()).count();
        let mut fraction = Fraction {
            length,
            ..Fraction::NONE
        };
        for digit in &text[..length] {
            let next = fraction
                .value
                .checked_mul(10)
                .and_then(|value| value.checked_add(u64::from(digit - b'0')))
                .filter(|value| *value <= 1 << 63);
            let Some(next) = next else { break };
            fraction.value = next;
            fraction.scale *= 10.0;
        }
        fraction
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the original computes in floats as well; the result is below one unit"
    )]
    fn of(&self, unit: u64) -> u64 {
        (self.value as f64 * (unit as f64 / self.scale)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written() {
        for (text, written) in [
            ("1h30m", "1h30m0s"),
            ("-1.5h", "-1h30m0s"),
            ("300ms", "300ms"),
            ("1.5µs", "1.5µs"),
            ("0", "0s"),
            (".5s", "500ms"),
            ("2562047h47m16.854775807s", "2562047h47m16.854775807s"),
            ("-2562047h47m16.854775808s", "-2562047h47m16.854775808s"),
        ] {
            assert_eq!(
                Duration::parse(text.as_bytes()).unwrap().to_string(),
                written
            );
        }
        for (text, error) in [
            ("", "time: invalid duration \"\""),
            ("3", "time: missing unit in duration \"3\""),
            ("1x", "time: unknown unit \"x\" in duration \"1x\""),
            ("2562048h", "time: invalid duration \"2562048h\""),
        ] {
            assert_eq!(Duration::parse(text.as_bytes()).unwrap_err(), error);
        }
    }
}
