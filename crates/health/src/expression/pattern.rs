//! How large a regular expression becomes when it is compiled: `matches` compiles its pattern
//! anew at each call, and a few letters of nested repetitions make megabytes.

use std::{iter::Peekable, str::Chars};

/// States of a class of Unicode characters such as `\w`, and of a set or a dot.
const CLASS: f64 = 250.0;
const SET: f64 = 3.0;
/// The compiler gives up beyond 10 MiB; this many states take about as long.
pub(super) const MAX_STATES: f64 = 4e4;

/// An upper bound of the states of `pattern`, at most [`MAX_STATES`]. A pattern that cannot be
/// parsed is bounded as well: finding that out costs no more.
pub(super) fn states(pattern: &str) -> f64 {
    let mut chars = pattern.chars().peekable();
    let mut open = Vec::new();
    // Of the group so far, and of its last atom, which a repetition multiplies.
    let (mut sum, mut last) = (1.0, 0.0);
    while let Some(char) = chars.next() {
        let atom = match char {
            '(' => {
                open.push(sum + last);
                (sum, last) = (1.0, 0.0);
                continue;
            }
            ')' => {
                let group = sum + last;
                sum = open.pop().unwrap_or(1.0);
                last = group;
                continue;
            }
            '{' => {
                last *= most_repetitions(&mut chars);
                continue;
            }
            '*' | '+' | '?' => {
                last *= 2.0;
                continue;
            }
            '\\' => match chars.next() {
                Some('w' | 'W' | 'd' | 'D' | 's' | 'S' | 'b' | 'B') => CLASS,
                Some('p' | 'P') => {
                    // One letter, or a name in braces.
                    if chars.next() == Some('{') {
                        chars.by_ref().find(|&char| char == '}');
                    }
                    CLASS
                }
                _ => 1.0,
            },
            '[' => set(&mut chars),
            '.' => SET,
            _ => 1.0,
        };
        sum += last;
        last = atom;
    }
    let all = open.into_iter().sum::<f64>() + sum + last;
    // Ignoring case, a letter is a set of two or three.
    let all = if pattern.contains("(?") {
        all * SET
    } else {
        all
    };
    all.min(MAX_STATES)
}

/// The greatest number up to the closing brace.
fn most_repetitions(chars: &mut Peekable<Chars<'_>>) -> f64 {
    let inside: String = chars.by_ref().take_while(|&char| char != '}').collect();
    inside
        .split(',')
        .filter_map(|number| number.trim().parse().ok())
        .fold(1.0, f64::max)
}

/// Reads a set in brackets; a bracket in first place belongs to it, and sets may nest.
fn set(chars: &mut Peekable<Chars<'_>>) -> f64 {
    let mut states = SET;
    let mut depth = 1;
    chars.next_if_eq(&'^');
    chars.next_if_eq(&']');
    while let Some(char) = chars.next() {
        match char {
            '\\' => {
                chars.next();
                states += CLASS;
            }
            '[' => {
                depth += 1;
                states += CLASS;
            }
            ']' => depth -= 1,
            _ => states += 0.25,
        }
        if depth == 0 {
            break;
        }
    }
    states
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_multiply() {
        assert!(states("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$") < 40.0);
        assert!(states("a{0,1000}") >= 1000.0);
        assert!(states("(ab){3}{4}") >= 24.0);
        assert!(states(r"\w{0,100}") >= 25_000.0);
        for bomb in [
            "((a{0,1000}){0,1000}){0,1000}",
            r"(\pL{0,100}){100}",
            r"(\p{Greek}{0,100}){100}",
            r"([^\w]{99}){99}",
            r"(\w{0,100}){0,100",
        ] {
            assert!(states(bomb) >= MAX_STATES, "{bomb}");
        }
    }
}
