//! The reference layouts of Go's `time` package: `Mon Jan 2 15:04:05 MST 2006` taken apart.

/// What a part of a layout stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Element {
    /// `January`
    LongMonth,
    /// `Jan`
    Month,
    /// `1`
    NumMonth,
    /// `01`
    ZeroMonth,
    /// `Monday`
    LongWeekday,
    /// `Mon`
    Weekday,
    /// `2`
    Day,
    /// `_2`
    UnderDay,
    /// `02`
    ZeroDay,
    /// `__2`
    UnderYearDay,
    /// `002`
    ZeroYearDay,
    /// `15`
    Hour,
    /// `3`
    Hour12,
    /// `03`
    ZeroHour12,
    /// `4`
    Minute,
    /// `04`
    ZeroMinute,
    /// `5`
    Second,
    /// `05`
    ZeroSecond,
    /// `2006`
    LongYear,
    /// `06`
    Year,
    /// `PM`
    UpperPm,
    /// `pm`
    LowerPm,
    /// `MST`
    ZoneName,
    /// `-0700` and its kin
    Offset(Offset),
    /// `.000`: this many digits after this sign
    Fraction { digits: usize, sign: u8 },
    /// `.999`: the same without trailing zeros
    TrimmedFraction { digits: usize, sign: u8 },
}

/// How an offset from UTC is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offset {
    /// `Z07`: UTC is a mere `Z`.
    pub(crate) zulu: bool,
    /// `-07:00`
    pub(crate) colon: bool,
    /// How many two-digit parts there are: hours, minutes, seconds.
    pub(crate) parts: usize,
}

/// The text before an element, the element, its own text, and what follows.
pub(crate) type Step<'t> = (&'t [u8], Element, &'t [u8], &'t [u8]);

/// The first element of `layout`: the text before it, the element, its own text, and what follows.
pub(crate) fn next(layout: &[u8]) -> Option<Step<'_>> {
    (0..layout.len()).find_map(|at| {
        let (skip, element, length) = element_at(layout, at)?;
        let start = at + skip;
        let end = start + length;
        Some((
            &layout[..start],
            element,
            &layout[start..end],
            &layout[end..],
        ))
    })
}

/// The element that begins at `at`, as how much of it is plain text after all, and its length.
fn element_at(layout: &[u8], at: usize) -> Option<(usize, Element, usize)> {
    let rest = &layout[at..];
    let fixed = |table: &[(&str, Element)]| {
        table
            .iter()
            .find(|(text, _)| rest.starts_with(text.as_bytes()))
            .map(|(text, element)| (0, *element, text.len()))
    };
    match rest[0] {
        b'J' | b'M' => {
            let (text, element, length) = fixed(&[
                ("January", Element::LongMonth),
                ("Jan", Element::Month),
                ("Monday", Element::LongWeekday),
                ("Mon", Element::Weekday),
                ("MST", Element::ZoneName),
            ])?;
            // `Janet` is no month.
            let short = matches!(element, Element::Month | Element::Weekday);
            let word = short && rest.get(length).is_some_and(u8::is_ascii_lowercase);
            (!word).then_some((text, element, length))
        }
        b'0' => fixed(&[
            ("01", Element::ZeroMonth),
            ("002", Element::ZeroYearDay),
            ("02", Element::ZeroDay),
            ("03", Element::ZeroHour12),
            ("04", Element::ZeroMinute),
            ("05", Element::ZeroSecond),
            ("06", Element::Year),
        ]),
        b'1' => fixed(&[("15", Element::Hour), ("1", Element::NumMonth)]),
        b'2' => fixed(&[("2006", Element::LongYear), ("2", Element::Day)]),
        b'_' if rest.starts_with(b"_2006") => Some((1, Element::LongYear, 4)),
        b'_' => fixed(&[("_2", Element::UnderDay), ("__2", Element::UnderYearDay)]),
        b'3' => fixed(&[("3", Element::Hour12)]),
        b'4' => fixed(&[("4", Element::Minute)]),
        b'5' => fixed(&[("5", Element::Second)]),
        b'P' => fixed(&[("PM", Element::UpperPm)]),
        b'p' => fixed(&[("pm", Element::LowerPm)]),
        b'-' | b'Z' => {
            let offset = |parts, colon| {
                Element::Offset(Offset {
                    zulu: rest[0] == b'Z',
                    colon,
                    parts,
                })
            };
            [
                ("070000", offset(3, false)),
                ("07:00:00", offset(3, true)),
                ("0700", offset(2, false)),
                ("07:00", offset(2, true)),
                ("07", offset(1, false)),
            ]
            .into_iter()
            .find(|(text, _)| rest[1..].starts_with(text.as_bytes()))
            .map(|(text, element)| (0, element, text.len() + 1))
        }
        sign @ (b'.' | b',') => {
            let digit = *rest.get(1)?;
            if digit != b'0' && digit != b'9' {
                return None;
            }
            let digits = rest[1..].iter().take_while(|c| **c == digit).count();
            if rest.get(digits + 1).is_some_and(u8::is_ascii_digit) {
                return None;
            }
            let element = if digit == b'0' {
                Element::Fraction { digits, sign }
            } else {
                Element::TrimmedFraction { digits, sign }
            };
            Some((0, element, digits + 1))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(mut layout: &[u8]) -> Vec<Element> {
        let mut found = Vec::new();
        while let Some((_, element, _, rest)) = next(layout) {
            found.push(element);
            layout = rest;
        }
        found
    }

    #[test]
    fn words_that_look_like_elements_are_text() {
        assert_eq!(elements(b"Janet Month"), []);
        assert_eq!(elements(b"Jan_2006"), [Element::Month, Element::LongYear]);
        assert_eq!(
            elements(b".0009"),
            [],
            "digits that go on are no fraction of a second"
        );
    }
}
