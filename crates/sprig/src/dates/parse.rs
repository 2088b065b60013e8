//! Times read by a layout.

use super::calendar::{MONTHS, WEEKDAYS, days_from_civil, days_in, is_leap};
use super::layout::{self, Element, Offset};
use super::time::Time;
use super::zone::Zone;
use crate::text::quote_ascii;

impl Time {
    /// Reads `value`, written in `layout`; without any other word on it the time is one of `zone`.
    ///
    /// # Errors
    ///
    /// The words of Go's `time.ParseError`.
    pub fn parse(layout: &[u8], value: &[u8], zone: &Zone) -> Result<Time, String> {
        let mut parts = Parts::default();
        let (mut layout_rest, mut rest) = (layout, value);
        let mismatch = |element: &[u8], at: &[u8]| {
            let (value, layout) = (quote_ascii(value), quote_ascii(layout));
            let (at, element) = (quote_ascii(at), quote_ascii(element));
            format!("parsing time {value} as {layout}: cannot parse {at} as {element}")
        };
        let wrong = |message: &str| format!("parsing time {}: {message}", quote_ascii(value));
        loop {
            let next = layout::next(layout_rest);
            let text = next.map_or(layout_rest, |(text, ..)| text);
            rest = skip(rest, text).map_err(|at| mismatch(text, at))?;
            let Some((_, element, element_text, after)) = next else {
                break;
            };
            let fraction_follows = matches!(
                layout::next(after),
                Some((
                    _,
                    Element::Fraction { .. } | Element::TrimmedFraction { .. },
                    ..
                ))
            );
            rest =
                parts
                    .read(element, rest, fraction_follows)
                    .map_err(|problem| match problem {
                        Problem::Mismatch => mismatch(element_text, rest),
                        Problem::OutOfRange(what) => wrong(&format!("{what} out of range")),
                    })?;
            layout_rest = after;
        }
        if !rest.is_empty() {
            return Err(wrong(&format!("extra text: {}", quote_ascii(rest))));
        }
        parts.time(zone).map_err(wrong)
    }
}

/// Why an element cannot be read.
enum Problem {
    Mismatch,
    OutOfRange(&'static str),
}

type Read<'a, T> = Result<(T, &'a [u8]), Problem>;

#[derive(Default)]
struct Parts {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanos: u32,
    afternoon: Option<bool>,
    utc: bool,
    offset: Option<i64>,
    zone_name: String,
}

impl Parts {
    /// Takes `element` off the beginning of `value`; returns what follows.
    fn read<'a>(
        &mut self,
        element: Element,
        value: &'a [u8],
        fraction_follows: bool,
    ) -> Result<&'a [u8], Problem> {
        let rest;
        match element {
            Element::Year => {
                let (digits, after) = value.split_at_checked(2).ok_or(Problem::Mismatch)?;
                let year = signed_number(digits)?;
                self.year = if year >= 69 { year + 1900 } else { year + 2000 };
                rest = after;
            }
            Element::LongYear => {
                let (digits, after) = value.split_at_checked(4).ok_or(Problem::Mismatch)?;
                if !digits[0].is_ascii_digit() {
                    return Err(Problem::Mismatch);
                }
                self.year = signed_number(digits)?;
                rest = after;
            }
            Element::Month | Element::LongMonth => {
                let (index, after) = name(&MONTHS, value, element == Element::Month)?;
                self.month = Some(index + 1);
                rest = after;
            }
            Element::NumMonth | Element::ZeroMonth => {
                let (month, after) = two_digits(value, element == Element::ZeroMonth)?;
                self.month = Some(within(month, 1..=12, "month")?);
                rest = after;
            }
            Element::Weekday | Element::LongWeekday => {
                (_, rest) = name(&WEEKDAYS, value, element == Element::Weekday)?;
            }
            Element::Day | Element::UnderDay | Element::ZeroDay => {
                let padded = element == Element::UnderDay;
                let value = value.strip_prefix(b" ").filter(|_| padded).unwrap_or(value);
                let (day, after) = two_digits(value, element == Element::ZeroDay)?;
                self.day = Some(day);
                rest = after;
            }
            Element::UnderYearDay | Element::ZeroYearDay => {
                let fixed = element == Element::ZeroYearDay;
                let spaces = value.iter().take(2).take_while(|c| **c == b' ').count();
                let value = if fixed { value } else { &value[spaces..] };
                let count = value
                    .iter()
                    .take(3)
                    .take_while(|c| c.is_ascii_digit())
                    .count();
                if count == 0 || fixed && count != 3 {
                    return Err(Problem::Mismatch);
                }
                self.year_day = Some(number(&value[..count]));
                rest = &value[count..];
            }
            Element::Hour => {
                let (hour, after) = two_digits(value, false)?;
                self.hour = within(hour, 0..=23, "hour")?;
                rest = after;
            }
            Element::Hour12 | Element::ZeroHour12 => {
                let (hour, after) = two_digits(value, element == Element::ZeroHour12)?;
                self.hour = within(hour, 0..=12, "hour")?;
                rest = after;
            }
            Element::Minute | Element::ZeroMinute => {
                let (minute, after) = two_digits(value, element == Element::ZeroMinute)?;
                self.minute = within(minute, 0..=59, "minute")?;
                rest = after;
            }
            Element::Second | Element::ZeroSecond => {
                let (second, after) = two_digits(value, element == Element::ZeroSecond)?;
                self.second = within(second, 0..=59, "second")?;
                rest = if fraction_follows {
                    after
                } else {
                    // A fraction may follow though the layout has none.
                    self.fraction(after)
                };
            }
            Element::Fraction { digits, .. } => {
                let (text, after) = value
                    .split_at_checked(digits + 1)
                    .ok_or(Problem::Mismatch)?;
                if !is_sign(text[0]) {
                    return Err(Problem::Mismatch);
                }
                let digits = &text[1..text.len().min(10)];
                let nanos = signed_number(digits)?;
                let scale = 10_u32.pow(u32::try_from(9 - digits.len()).unwrap_or(0));
                self.nanos = u32::try_from(nanos)
                    .map_err(|_| Problem::OutOfRange("fractional second"))?
                    * scale;
                rest = after;
            }
            Element::TrimmedFraction { .. } => rest = self.fraction(value),
            Element::UpperPm | Element::LowerPm => {
                let (half, after) = value.split_at_checked(2).ok_or(Problem::Mismatch)?;
                self.afternoon = Some(match (element, half) {
                    (Element::UpperPm, b"PM") | (Element::LowerPm, b"pm") => true,
                    (Element::UpperPm, b"AM") | (Element::LowerPm, b"am") => false,
                    _ => return Err(Problem::Mismatch),
                });
                rest = after;
            }
            Element::Offset(Offset { zulu: true, .. }) if value.first() == Some(&b'Z') => {
                self.utc = true;
                rest = &value[1..];
            }
            Element::Offset(offset) => {
                let (seconds, after) = read_offset(value, offset)?;
                self.offset = Some(seconds);
                rest = after;
            }
            Element::ZoneName => {
                if let Some(after) = value.strip_prefix(b"UTC") {
                    self.utc = true;
                    return Ok(after);
                }
                let length = abbreviation(value).ok_or(Problem::Mismatch)?;
                let (text, after) = value.split_at(length);
                self.zone_name = String::from_utf8_lossy(text).into_owned();
                rest = after;
            }
        }
        Ok(rest)
    }

    /// Takes a fraction of a second off `value` if there is one.
    fn fraction<'a>(&mut self, value: &'a [u8]) -> &'a [u8] {
        let [sign, digits @ ..] = value else {
            return value;
        };
        let count = digits.iter().take_while(|c| c.is_ascii_digit()).count();
        if !is_sign(*sign) || count == 0 {
            return value;
        }
        let kept = &digits[..count.min(9)];
        let scale = 10_i64.pow(u32::try_from(9 - kept.len()).unwrap_or(0));
        self.nanos = u32::try_from(number(kept) * scale).unwrap_or(0);
        &digits[count..]
    }

    fn time(mut self, zone: &Zone) -> Result<Time, &'static str> {
        match self.afternoon {
            Some(true) if self.hour < 12 => self.hour += 12,
            Some(false) if self.hour == 12 => self.hour = 0,
            _ => {}
        }
        let (month, day) = match self.year_day {
            Some(year_day) => self.of_year_day(year_day)?,
            None => (self.month.unwrap_or(1), self.day.unwrap_or(1)),
        };
        if day < 1 || day > days_in(month, self.year) {
            return Err("day out of range");
        }
        let at = |zone: Zone| {
            let clock = [self.hour, self.minute, self.second];
            Time::from_civil([self.year, month, day], clock, self.nanos, zone)
        };
        if self.utc {
            return Ok(at(Zone::Utc));
        }
        let shifted = |offset: i64, zone: Zone| {
            let utc = at(Zone::Utc);
            Time {
                seconds: utc.seconds - offset,
                zone,
                ..utc
            }
        };
        let fixed = |offset: i64| Zone::Fixed {
            name: self.zone_name.clone(),
            offset: i32::try_from(offset).unwrap_or(0),
        };
        // Minus one second is "no offset" to the original, which shows for `-00:00:01` alone.
        if let Some(offset) = self.offset.filter(|offset| *offset != -1) {
            let (name, local) = zone.at(at(Zone::Utc).seconds - offset);
            let is_local = local == offset && (self.zone_name.is_empty() || name == self.zone_name);
            let zone = if is_local {
                zone.clone()
            } else {
                fixed(offset)
            };
            return Ok(shifted(offset, zone));
        }
        if !self.zone_name.is_empty() {
            let seconds = at(Zone::Utc).seconds;
            if let Some(offset) = zone.offset_of(&self.zone_name, seconds) {
                return Ok(shifted(offset, zone.clone()));
            }
            let hours = self.zone_name.strip_prefix("GMT").unwrap_or("");
            let hours = hours.parse::<i64>().unwrap_or(0);
            return Ok(at(fixed(hours * 3600)));
        }
        Ok(at(zone.clone()))
    }

    /// Month and day of a day of the year, when nothing contradicts it.
    fn of_year_day(&self, year_day: i64) -> Result<(i64, i64), &'static str> {
        let length = 365 + i64::from(is_leap(self.year));
        if !(1..=length).contains(&year_day) {
            return Err("day-of-year out of range");
        }
        let days = days_from_civil(self.year, 1, 1) + year_day - 1;
        let (_, month, day) = super::calendar::civil_from_days(days);
        if self.month.is_some_and(|stated| stated != month) {
            return Err("day-of-year does not match month");
        }
        if self.day.is_some_and(|stated| stated != day) {
            return Err("day-of-year does not match day");
        }
        Ok((month, day))
    }
}

/// Takes the plain text of a layout off `value`, where runs of spaces are all the same; what is left
/// where it does not match.
fn skip<'a>(mut value: &'a [u8], mut text: &[u8]) -> Result<&'a [u8], &'a [u8]> {
    while let Some(c) = text.first() {
        if *c == b' ' {
            if value.first().is_some_and(|c| *c != b' ') {
                return Err(value);
            }
            text = cut_spaces(text);
            value = cut_spaces(value);
        } else if value.first() == Some(c) {
            text = &text[1..];
            value = &value[1..];
        } else {
            return Err(value);
        }
    }
    Ok(value)
}

fn cut_spaces(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|c| **c == b' ').count()..]
}

fn is_sign(c: u8) -> bool {
    c == b'.' || c == b','
}

fn within(
    value: i64,
    range: std::ops::RangeInclusive<i64>,
    what: &'static str,
) -> Result<i64, Problem> {
    if range.contains(&value) {
        Ok(value)
    } else {
        Err(Problem::OutOfRange(what))
    }
}

/// Which of `names` (in short: their first three letters) `value` begins with, in any case.
fn name<'a>(names: &[&str], value: &'a [u8], short: bool) -> Read<'a, i64> {
    for (index, name) in (0..).zip(names) {
        let length = if short { 3 } else { name.len() };
        if let Some((text, rest)) = value.split_at_checked(length)
            && text.eq_ignore_ascii_case(&name.as_bytes()[..length])
        {
            return Ok((index, rest));
        }
    }
    Err(Problem::Mismatch)
}

/// One or (`fixed`: always) two digits.
fn two_digits(value: &[u8], fixed: bool) -> Read<'_, i64> {
    let count = value
        .iter()
        .take(2)
        .take_while(|c| c.is_ascii_digit())
        .count();
    if count == 0 || fixed && count == 1 {
        return Err(Problem::Mismatch);
    }
    Ok((number(&value[..count]), &value[count..]))
}

fn number(digits: &[u8]) -> i64 {
    digits
        .iter()
        .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'))
}

/// A few digits that may have a sign.
fn signed_number(text: &[u8]) -> Result<i64, Problem> {
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        [b'+', digits @ ..] => (1, digits),
        _ => (1, text),
    };
    if digits.iter().all(u8::is_ascii_digit) {
        Ok(sign * number(digits))
    } else {
        Err(Problem::Mismatch)
    }
}

fn read_offset(value: &[u8], layout: Offset) -> Read<'_, i64> {
    let width = if layout.colon { 3 } else { 2 };
    let length = 1 + 2 + (layout.parts - 1) * width;
    let (text, rest) = value.split_at_checked(length).ok_or(Problem::Mismatch)?;
    let mut parts = [0; 3];
    for at in 1..layout.parts {
        if layout.colon && text[at * width] != b':' {
            return Err(Problem::Mismatch);
        }
    }
    let mut bad = false;
    for (at, part) in parts.iter_mut().take(layout.parts).enumerate() {
        let start = 1 + at * width;
        if let Ok((value, _)) = two_digits(&text[start..start + 2], true) {
            *part = value;
        } else {
            bad = true;
            break;
        }
    }
    let [hours, minutes, seconds] = parts;
    // Ranges are complained about first, whatever the rest looks like.
    within(hours, 0..=24, "time zone offset hour")?;
    within(minutes, 0..=60, "time zone offset minute")?;
    within(seconds, 0..=60, "time zone offset second")?;
    let offset = (hours * 60 + minutes) * 60 + seconds;
    match text[0] {
        _ if bad => Err(Problem::Mismatch),
        b'+' => Ok((offset, rest)),
        b'-' => Ok((-offset, rest)),
        _ => Err(Problem::Mismatch),
    }
}

/// How long the abbreviation of a zone at the beginning of `value` is.
fn abbreviation(value: &[u8]) -> Option<usize> {
    if value.len() < 3 {
        return None;
    }
    if value.starts_with(b"ChST") || value.starts_with(b"MeST") {
        return Some(4);
    }
    if let Some(rest) = value.strip_prefix(b"GMT") {
        return Some(3 + signed_offset(rest));
    }
    if value[0] == b'+' || value[0] == b'-' {
        return Some(signed_offset(value)).filter(|length| *length > 0);
    }
    let upper = value
        .iter()
        .take(6)
        .take_while(|c| c.is_ascii_uppercase())
        .count();
    match upper {
        3 => Some(3),
        4 if value[3] == b'T' || value.starts_with(b"WITA") => Some(4),
        5 if value[4] == b'T' => Some(5),
        _ => None,
    }
}

/// How long a sign and an hour up to 23 are, 0 if that is not what `value` begins with.
fn signed_offset(value: &[u8]) -> usize {
    let [b'+' | b'-', digits @ ..] = value else {
        return 0;
    };
    let count = digits.iter().take_while(|c| c.is_ascii_digit()).count();
    let zeros = digits.iter().take_while(|c| **c == b'0').count().min(count);
    if count == 0 || count - zeros > 2 || number(&digits[zeros..count]) > 23 {
        return 0;
    }
    count + 1
}
