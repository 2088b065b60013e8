//! The order go-yaml v2 gives the keys of a map.

use std::cmp::Ordering;

/// Compares two keys as go-yaml does: at the first difference letters come after everything
/// else, runs of digits compare as numbers, and the rest by code point.
pub(crate) fn natural(left: &str, right: &str) -> Ordering {
    let mut lefts = left.chars();
    let mut rights = right.chars();
    // What the common prefix ends with: the digits just before the difference count when a run
    // starts with zero there.
    let mut consumed = 0;
    loop {
        let (left_rest, right_rest) = (lefts.as_str(), rights.as_str());
        match (lefts.next(), rights.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(a), Some(b)) if a == b => consumed += a.len_utf8(),
            (Some(a), Some(b)) => {
                return differing(&left[..consumed], (a, left_rest), (b, right_rest));
            }
        }
    }
}

fn differing(prefix: &str, (a, left): (char, &str), (b, right): (char, &str)) -> Ordering {
    match (a.is_alphabetic(), b.is_alphabetic()) {
        (true, true) => return a.cmp(&b),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let nonzero_before = prefix
        .chars()
        .rev()
        .take_while(char::is_ascii_digit)
        .any(|digit| digit != '0');
    let start = i64::from((a == '0' || b == '0') && nonzero_before);
    let (left_number, left_length) = digit_run(left, start);
    let (right_number, right_length) = digit_run(right, start);
    left_number
        .cmp(&right_number)
        .then(left_length.cmp(&right_length))
        .then(a.cmp(&b))
}

/// The number a run of digits spells (wrapping, as Go's does), and how long the run is.
fn digit_run(text: &str, start: i64) -> (i64, usize) {
    text.bytes()
        .take_while(u8::is_ascii_digit)
        .fold((start, 0), |(number, length), digit| {
            (
                number
                    .wrapping_mul(10)
                    .wrapping_add(i64::from(digit - b'0')),
                length + 1,
            )
        })
}
