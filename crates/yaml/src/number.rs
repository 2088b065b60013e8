//! Go's texts for floating point numbers.

/// The shortest decimal digits that read back as the value, without a point, and the position of
/// the point counted from their start.
struct Digits {
    negative: bool,
    text: String,
    point: i32,
}

impl Digits {
    /// From Rust's `{:e}` form, which is shortest as well.
    fn from_scientific(text: &str) -> Self {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let negative = mantissa.starts_with('-');
        let text = mantissa.chars().filter(char::is_ascii_digit).collect();
        let exponent: i32 = exponent.parse().unwrap_or(0);
        Self {
            negative,
            text,
            point: exponent + 1,
        }
    }

    fn positional(&self) -> String {
        let mut out = String::from(if self.negative { "-" } else { "" });
        let count = i32::try_from(self.text.len()).unwrap_or(i32::MAX);
        match usize::try_from(self.point) {
            Ok(point) if self.point >= count => {
                out.push_str(&self.text);
                out.extend(std::iter::repeat_n('0', point - self.text.len()));
            }
            Ok(point) if point > 0 => {
                out.push_str(&self.text[..point]);
                out.push('.');
                out.push_str(&self.text[point..]);
            }
            _ => {
                out.push_str("0.");
                out.extend(std::iter::repeat_n('0', self.point.unsigned_abs() as usize));
                out.push_str(&self.text);
            }
        }
        out
    }

    /// `d.ddde±XX`, the exponent at least `width` digits wide.
    fn scientific(&self, width: usize) -> String {
        let mut out = String::from(if self.negative { "-" } else { "" });
        out.push_str(&self.text[..1]);
        if self.text.len() > 1 {
            out.push('.');
            out.push_str(&self.text[1..]);
        }
        let exponent = self.point - 1;
        out.push('e');
        out.push(if exponent < 0 { '-' } else { '+' });
        let exponent = exponent.unsigned_abs().to_string();
        out.extend(std::iter::repeat_n(
            '0',
            width.saturating_sub(exponent.len()),
        ));
        out.push_str(&exponent);
        out
    }
}

/// A finite float as `encoding/json` writes it: exponents only below 1e-6 and from 1e21 on, and
/// negative ones without padding.
pub(crate) fn json_float(value: f64) -> String {
    let digits = Digits::from_scientific(&format!("{value:e}"));
    let size = value.abs();
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        digits.positional()
    } else if size < 1.0 {
        digits.scientific(1)
    } else {
        digits.scientific(2)
    }
}

/// A float as strconv's shortest `g` form, the one go-yaml emits; infinities and NaN as YAML
/// spells them.
pub(crate) fn yaml_float(value: f64) -> String {
    general(value, &format!("{value:e}"))
}

/// As [`yaml_float`] after rounding to single precision: how `sigs.k8s.io/yaml` turns a float map
/// key into a string.
pub(crate) fn key_float(value: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "the rounding is the point")]
    let single = value as f32;
    general(f64::from(single), &format!("{single:e}"))
}

fn general(value: f64, scientific: &str) -> String {
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value < 0.0 { "-.inf" } else { ".inf" }.to_owned();
    }
    let digits = Digits::from_scientific(scientific);
    let exponent = digits.point - 1;
    // The shortest form decides as if six digits had been asked for.
    if value != 0.0 && !(-4..6).contains(&exponent) {
        digits.scientific(2)
    } else {
        digits.positional()
    }
}
