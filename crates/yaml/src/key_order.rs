//! The order go-yaml gives the keys of a map.

use std::cmp::Ordering;

use serde_json::Map;

use crate::Value;
use crate::emit::Generation;
use crate::go_sort;

/// The pairs of a map in the order they are written in.
pub(crate) fn sorted(map: &Map<String, Value>, generation: Generation) -> Vec<(&String, &Value)> {
    let mut pairs: Vec<_> = map.iter().collect();
    // This order has circles: a digit comes before a letter unless a digit stands before both.
    go_sort(&mut pairs, |(left, _), (right, _)| {
        natural(left, right, generation).is_lt()
    });
    pairs
}

/// Compares two keys as go-yaml does: at the first difference letters come after everything
/// else, runs of digits compare as numbers, and the rest by code point. v3 has letters come first
/// where a digit stands before the difference.
fn natural(left: &str, right: &str, generation: Generation) -> Ordering {
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
                return differing(
                    &left[..consumed],
                    (a, left_rest),
                    (b, right_rest),
                    generation,
                );
            }
        }
    }
}

fn differing(
    prefix: &str,
    (a, left): (char, &str),
    (b, right): (char, &str),
    generation: Generation,
) -> Ordering {
    let letters = (a.is_alphabetic(), b.is_alphabetic());
    if letters == (true, true) {
        return a.cmp(&b);
    }
    if letters != (false, false) {
        let letters_first =
            generation == Generation::V3 && prefix.ends_with(|last: char| last.is_ascii_digit());
        return if letters.0 == letters_first {
            Ordering::Less
        } else {
            Ordering::Greater
        };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_go_round_in_a_circle_are_all_there() {
        let letters = ["0", "1", "9", "a", "b", "-", "é", "٣"];
        let mut map = Map::new();
        for first in letters {
            for second in letters {
                for third in letters {
                    map.insert(format!("{first}{second}{third}"), Value::Null);
                }
            }
        }
        for generation in [Generation::V2, Generation::V3] {
            assert_eq!(sorted(&map, generation).len(), map.len());
        }
    }
}
