//! Shell patterns for one name, as Go's `filepath.Match` reads them.

/// A compiled shell pattern: `*`, `?`, `[a-z]`, `[^a-z]` and `\` before a character that stands for itself.
#[derive(Debug, Clone)]
pub(super) struct Glob {
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
enum Part {
    /// Any run of characters, also none.
    Star,
    /// Any one character.
    Any,
    One(char),
    /// One character in (or, negated, in none of) the ranges.
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Part {
    fn accepts(&self, c: char) -> bool {
        match self {
            Self::Star => false,
            Self::Any => true,
            Self::One(one) => *one == c,
            Self::Class { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
            }
        }
    }
}

impl Glob {
    /// `None` when the pattern is malformed; such a pattern matches nothing.
    pub(super) fn parse(text: &str) -> Option<Glob> {
        let mut chars = text.chars().peekable();
        let mut parts = Vec::new();
        while let Some(c) = chars.next() {
            parts.push(match c {
                '*' => Part::Star,
                '?' => Part::Any,
                '\\' => Part::One(chars.next()?),
                '[' => {
                    let negated = chars.next_if_eq(&'^').is_some();
                    let mut ranges = Vec::new();
                    while ranges.is_empty() || chars.next_if_eq(&']').is_none() {
                        let low = class_bound(&mut chars)?;
                        let dashed = chars.next_if_eq(&'-').is_some();
                        let high = if dashed {
                            class_bound(&mut chars)?
                        } else {
                            low
                        };
                        ranges.push((low, high));
                    }
                    Part::Class { negated, ranges }
                }
                c => Part::One(c),
            });
        }
        Some(Glob { parts })
    }

    /// Whether the whole of `name` fits. Takes at most length times length steps.
    pub(super) fn matches(&self, name: &str) -> bool {
        let mut rest = name.chars();
        let mut at = 0;
        // Where to go on when what follows the last star does not fit.
        let mut retry = None;
        loop {
            match self.parts.get(at) {
                Some(Part::Star) => {
                    at += 1;
                    retry = Some((at, rest.clone()));
                    continue;
                }
                Some(part) if rest.next().is_some_and(|c| part.accepts(c)) => {
                    at += 1;
                    continue;
                }
                None if rest.as_str().is_empty() => return true,
                _ => {}
            }
            let Some((after_star, from)) = &mut retry else {
                return false;
            };
            if from.next().is_none() {
                return false;
            }
            at = *after_star;
            rest = from.clone();
        }
    }
}

/// One end of a range in a class, where `-` and `]` must be escaped.
fn class_bound(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
    match chars.next()? {
        '-' | ']' => None,
        '\\' => chars.next(),
        c => Some(c),
    }
}
