//! Sums and products in decimal numbers of any length, so that `0.1 + 0.2` is `0.3`.

use num_bigint::{BigInt, Sign};

/// How many digits after the point a quotient has.
const PRECISION: i64 = 16;

/// `value * 10^exponent`.
#[derive(Debug, Clone)]
pub(crate) struct Decimal {
    value: BigInt,
    exponent: i64,
}

impl Decimal {
    /// The shortest decimal number that reads as `value`.
    ///
    /// # Errors
    ///
    /// What the original panics with for infinity and for what is no number.
    pub(crate) fn from_f64(value: f64) -> Result<Decimal, String> {
        if value.is_nan() {
            return Err("Cannot create a Decimal from NaN".to_owned());
        }
        if value.is_infinite() {
            let sign = if value > 0.0 { '+' } else { '-' };
            return Err(format!("Cannot create a Decimal from {sign}Inf"));
        }
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let decimals = digits.split_once('.').map_or(0, |(_, part)| part.len());
        let digits = digits.replace('.', "");
        Ok(Decimal {
            value: digits.parse().unwrap_or_default(),
            exponent: exponent.parse::<i64>().unwrap_or(0)
                - i64::try_from(decimals).unwrap_or(0),
        })
    }

    /// The nearest float.
    pub(crate) fn to_f64(&self) -> f64 {
        if self.value.sign() == Sign::NoSign {
            return 0.0;
        }
        format!("{}e{}", self.value, self.exponent)
            .parse()
            .unwrap_or(0.0)
    }

    pub(crate) fn add(&self, other: &Decimal) -> Decimal {
        let exponent = self.exponent.min(other.exponent);
        Decimal {
            value: self.scaled(exponent) + other.scaled(exponent),
            exponent,
        }
    }

    pub(crate) fn sub(&self, other: &Decimal) -> Decimal {
        let exponent = self.exponent.min(other.exponent);
        Decimal {
            value: self.scaled(exponent) - other.scaled(exponent),
            exponent,
        }
    }

    pub(crate) fn mul(&self, other: &Decimal) -> Decimal {
        Decimal {
            value: &self.value * &other.value,
            exponent: self.exponent + other.exponent,
        }
    }

    /// The quotient with 16 digits after the point, halves away from zero.
    ///
    /// # Errors
    ///
    /// What the original panics with for a division by zero.
    pub(crate) fn div(&self, other: &Decimal) -> Result<Decimal, String> {
        if other.value.sign() == Sign::NoSign {
            return Err("decimal division by 0".to_owned());
        }
        let shift = self.exponent - other.exponent + PRECISION;
        let (dividend, divisor) = if shift < 0 {
            (self.value.clone(), &other.value * power_of_ten(-shift))
        } else {
            (&self.value * power_of_ten(shift), other.value.clone())
        };
        let quotient = &dividend / &divisor;
        let rest = &dividend - &quotient * &divisor;
        let up = (rest * 2_u8).magnitude() >= divisor.magnitude();
        let away = match (up, self.value.sign() == other.value.sign()) {
            (false, _) => 0,
            (true, true) => 1,
            (true, false) => -1,
        };
        Ok(Decimal {
            value: quotient + away,
            exponent: -PRECISION,
        })
    }

    fn scaled(&self, exponent: i64) -> BigInt {
        &self.value * power_of_ten(self.exponent - exponent)
    }
}

fn power_of_ten(exponent: i64) -> BigInt {
    BigInt::from(10_u8).pow(u32::try_from(exponent).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: f64) -> Decimal {
        Decimal::from_f64(value).unwrap()
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "exactness is the point")]
    fn sums_are_those_of_decimal_numbers() {
        assert_eq!(of(0.1).add(&of(0.2)).to_f64(), 0.3);
        assert_eq!(of(1.0).div(&of(3.0)).unwrap().to_f64(), 0.333_333_333_333_333_3);
        assert_eq!(of(-2.0).div(&of(3.0)).unwrap().to_f64(), -0.666_666_666_666_666_7);
        assert_eq!(of(1e300).mul(&of(1e300)).to_f64(), f64::INFINITY);
        assert_eq!(of(5e-324).add(&of(1e308)).to_f64(), 1e308);
        assert!(of(1.0).div(&of(0.0)).is_err());
    }
}
