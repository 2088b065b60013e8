//! Shell patterns as Go's `path.Match` reads them, except that `*` and `?` also match `/`.

/// A parsed pattern.
#[derive(Debug)]
pub(crate) struct Pattern(Vec<Item>);

#[derive(Debug)]
enum Item {
    Literal(char),
    AnyOne,
    AnyRun,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Item {
    fn matches(&self, c: char) -> bool {
        match self {
            Self::Literal(literal) => *literal == c,
            Self::AnyOne | Self::AnyRun => true,
            Self::Class { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
            }
        }
    }
}

impl Pattern {
    /// None for a malformed pattern, which matches nothing.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut items = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            items.push(match c {
                '*' if matches!(items.last(), Some(Item::AnyRun)) => continue,
                '*' => Item::AnyRun,
                '?' => Item::AnyOne,
                '\\' => Item::Literal(chars.next()?),
                '[' => class(&mut chars)?,
                c => Item::Literal(c),
            });
        }
        Some(Self(items))
    }

    /// The number of bytes of the longest or shortest non-empty prefix of `text` that matches.
    ///
    /// All positions of the pattern advance together, so the cost is the product of the lengths
    /// whatever the pattern.
    pub(crate) fn prefix(&self, text: &str, longest: bool) -> Option<usize> {
        let mut states = vec![false; self.0.len() + 1];
        states[0] = true;
        self.skip_runs(&mut states);
        let mut found = None;
        for (start, c) in text.char_indices() {
            // The original tries every byte length; a cut character counts as one unknown
            // character per byte.
            if c.len_utf8() > 1 {
                let mut cut = states.clone();
                for taken in 1..c.len_utf8() {
                    cut = self.step(&cut, char::REPLACEMENT_CHARACTER);
                    if cut[self.0.len()] {
                        found = Some(start + taken);
                        if !longest {
                            return found;
                        }
                    }
                }
            }
            states = self.step(&states, c);
            if states[self.0.len()] {
                found = Some(start + c.len_utf8());
                if !longest {
                    return found;
                }
            }
        }
        found
    }

    fn step(&self, states: &[bool], c: char) -> Vec<bool> {
        let mut next = vec![false; states.len()];
        for (at, item) in self.0.iter().enumerate() {
            if states[at] && item.matches(c) {
                let stays = matches!(item, Item::AnyRun);
                next[if stays { at } else { at + 1 }] = true;
            }
        }
        self.skip_runs(&mut next);
        next
    }

    fn skip_runs(&self, states: &mut [bool]) {
        for (at, item) in self.0.iter().enumerate() {
            if states[at] && matches!(item, Item::AnyRun) {
                states[at + 1] = true;
            }
        }
    }
}

/// What follows `[`, up to and including `]`.
fn class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Item> {
    let negated = chars.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    loop {
        if !ranges.is_empty() && chars.next_if_eq(&']').is_some() {
            return Some(Item::Class { negated, ranges });
        }
        let low = class_char(chars)?;
        let high = if chars.next_if_eq(&'-').is_some() {
            class_char(chars)?
        } else {
            low
        };
        ranges.push((low, high));
    }
}

fn class_char(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
    match chars.next()? {
        '-' | ']' => None,
        '\\' => chars.next(),
        c => Some(c),
    }
}
