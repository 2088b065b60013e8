//! Literal numbers.

use super::node::Number;
use crate::strconv::{self, NumError, Unquoted, parse_float, parse_int, parse_uint};
use crate::value::lossy;

impl Number {
    /// What a character constant, `'x'`, stands for.
    pub(super) fn from_char(text: &[u8]) -> Result<Self, String> {
        let (value, tail) = strconv::unquote_char(text.get(1..).unwrap_or_default(), b'\'')
            .ok_or("invalid syntax")?;
        if tail != b"'" {
            return Err(format!("malformed character constant: {}", lossy(text)));
        }
        let code = match value {
            Unquoted::Byte(byte) => u32::from(byte),
            Unquoted::Rune(rune) => u32::from(rune),
        };
        Ok(Self {
            int: Some(i64::from(code)),
            uint: Some(u64::from(code)),
            float: Some(f64::from(code)),
            complex: None,
            text: lossy(text).into(),
        })
    }

    /// A pair such as `1+2i`.
    pub(super) fn from_complex(text: &[u8]) -> Result<Self, String> {
        let bad = || "syntax error scanning complex number".to_owned();
        let (re, rest) = split_float(text);
        if !matches!(rest.first(), Some(b'+' | b'-')) {
            return Err(bad());
        }
        let (im, rest) = split_float(rest);
        if rest.first() != Some(&b'i') {
            return Err(bad());
        }
        Ok(Self::complex(scan_float(re)?, scan_float(im)?, text))
    }

    /// A complex number, which is a plain one too if it has no imaginary part.
    fn complex(re: f64, im: f64, text: &[u8]) -> Self {
        let float = (im == 0.0).then_some(re);
        Self {
            int: float.and_then(whole),
            uint: float.and_then(whole_unsigned),
            float,
            complex: Some((re, im)),
            text: lossy(text).into(),
        }
    }

    /// Any other number.
    #[expect(clippy::cast_precision_loss, reason = "Go promotes them the same way")]
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        if let Some(imaginary) = text.strip_suffix(b"i")
            && let Ok(im) = parse_float(imaginary)
        {
            return Ok(Self::complex(0.0, im, text));
        }
        let int = parse_int(text, 0, 64).ok();
        let mut number = Self {
            int,
            uint: parse_uint(text, 0, 64)
                .ok()
                .or(int.filter(|int| *int == 0).map(|_| 0)),
            float: None,
            complex: None,
            text: lossy(text).into(),
        };
        if let Some(int) = number.int {
            number.float = Some(int as f64);
        } else if let Some(uint) = number.uint {
            number.float = Some(uint as f64);
        } else if let Ok(float) = parse_float(text) {
            // An integer that only fits a float is no float.
            if !text.iter().any(|byte| b".eEpP".contains(byte)) {
                return Err(format!("integer overflow: {}", strconv::quote(text)));
            }
            number.float = Some(float);
            number.int = whole(float);
            number.uint = whole_unsigned(float);
        }
        if number.int.is_none() && number.uint.is_none() && number.float.is_none() {
            return Err(format!("illegal number syntax: {}", strconv::quote(text)));
        }
        Ok(number)
    }
}

/// The part of the text that `fmt.Sscan` takes for a floating point number.
fn split_float(text: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    let mut accept = |set: &[u8]| {
        let found = text.get(at).is_some_and(|byte| set.contains(byte));
        at += usize::from(found);
        found
    };
    accept(b"+-");
    // The beginning of `Inf`, which the lexer lets nothing follow.
    if !accept(b"i") {
        let (digits, exponent): (&[u8], &[u8]) = if accept(b"0") && accept(b"xX") {
            (b"0123456789abcdefABCDEF_", b"pP")
        } else {
            (b"0123456789_", b"eEpP")
        };
        while accept(digits) {}
        if accept(b".") {
            while accept(digits) {}
        }
        if accept(exponent) {
            accept(b"+-");
            while accept(b"0123456789_") {}
        }
    }
    text.split_at(at)
}

fn scan_float(text: &[u8]) -> Result<f64, String> {
    parse_float(text).map_err(|error| {
        let text = strconv::quote(text);
        let error = match error {
            NumError::Syntax => "invalid syntax",
            NumError::Range(_) => "value out of range",
        };
        format!("strconv.ParseFloat: parsing {text}: {error}")
    })
}

/// The integer a float is, if it is one.
#[expect(clippy::cast_possible_truncation, reason = "in range and whole")]
fn whole(float: f64) -> Option<i64> {
    const END: f64 = 9_223_372_036_854_775_808.0;
    (float.fract() == 0.0 && (-END..END).contains(&float)).then_some(float as i64)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "in range and whole"
)]
fn whole_unsigned(float: f64) -> Option<u64> {
    const END: f64 = 18_446_744_073_709_551_616.0;
    (float.fract() == 0.0 && (0.0..END).contains(&float)).then_some(float as u64)
}
