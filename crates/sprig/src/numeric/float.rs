//! Rounding, minima and maxima of floats, with Go's rules for what is no number.

use super::power;

/// The larger one; anything is smaller than what is no number, but infinity wins.
pub(crate) fn max(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        f64::INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a == 0.0 && b == 0.0 {
        if a.is_sign_negative() { b } else { a }
    } else if a > b {
        a
    } else {
        b
    }
}

/// The smaller one, by the same rules.
pub(crate) fn min(a: f64, b: f64) -> f64 {
    -max(-a, -b)
}

/// `value` to so many decimal `places`; a fraction of `round_on` or more goes up, in the direction of
/// positive infinity.
pub(crate) fn round(value: f64, places: i64, round_on: f64) -> f64 {
    let power = power::of_ten(places);
    let digit = power * value;
    let rounded = if digit.fract() >= round_on {
        digit.ceil()
    } else {
        digit.floor()
    };
    rounded / power
}
