//! Powers of ten as Go's `math.Pow` computes them, which matters in the last digit.

/// `10^exponent`.
pub(crate) fn of_ten(exponent: i64) -> f64 {
    // Ten is 0.625 * 2^4; the original multiplies the fractions and counts the twos apart.
    let mut fraction = 1.0;
    let mut twos: i64 = 0;
    let (mut factor, mut factor_twos) = (0.625_f64, 4_i64);
    let mut rest = exponent.unsigned_abs();
    while rest != 0 {
        if factor_twos.abs() > 1 << 12 {
            twos += factor_twos;
            break;
        }
        if rest & 1 == 1 {
            fraction *= factor;
            twos += factor_twos;
        }
        factor *= factor;
        factor_twos <<= 1;
        if factor < 0.5 {
            factor += factor;
            factor_twos -= 1;
        }
        rest >>= 1;
    }
    if exponent < 0 {
        fraction = 1.0 / fraction;
        twos = -twos;
    }
    scale(fraction, twos)
}

/// `fraction * 2^twos`.
fn scale(mut fraction: f64, mut twos: i64) -> f64 {
    const STEP: i32 = 1000;
    while twos > i64::from(STEP) {
        fraction *= 2.0_f64.powi(STEP);
        twos -= i64::from(STEP);
        if fraction.is_infinite() {
            return fraction;
        }
    }
    while twos < -i64::from(STEP) {
        fraction *= 2.0_f64.powi(-STEP);
        twos += i64::from(STEP);
        if fraction == 0.0 {
            return fraction;
        }
    }
    fraction * 2.0_f64.powi(i32::try_from(twos).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "exactness is the point")]
    fn powers_are_exact_where_they_can_be() {
        assert_eq!(of_ten(0), 1.0);
        assert_eq!(of_ten(22), 1e22);
        assert_eq!(of_ten(-2), 0.01);
        assert_eq!(of_ten(400), f64::INFINITY);
        assert_eq!(of_ten(-400), 0.0);
        assert_eq!(of_ten(i64::MAX), f64::INFINITY);
        assert_eq!(of_ten(i64::MIN), 0.0);
    }
}
