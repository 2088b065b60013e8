//! Times written by a layout.

use std::fmt;
use std::io::Write as _;

use super::calendar::{MONTHS, WEEKDAYS, weekday, year_day};
use super::layout::{self, Element, Offset};
use super::time::{Civil, Time};

/// The layout in which a time prints itself.
const PLAIN: &[u8] = b"2006-01-02 15:04:05.999999999 -0700 MST";

impl Time {
    /// The time as `layout` wants it: a text in which the reference time, `Mon Jan 2 15:04:05 MST 2006`,
    /// stands for this one.
    pub fn format(&self, layout: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(layout.len() + 10);
        let civil = self.civil();
        let mut rest = layout;
        while let Some((text, element, _, after)) = layout::next(rest) {
            out.extend_from_slice(text);
            self.write(&mut out, element, &civil);
            rest = after;
        }
        out.extend_from_slice(rest);
        out
    }

    fn write(&self, out: &mut Vec<u8>, element: Element, civil: &Civil) {
        let index = |n: i64| usize::try_from(n).unwrap_or(0);
        let month = MONTHS[index(civil.month - 1)];
        let hour12 = (civil.hour + 11) % 12 + 1;
        // Writing to memory cannot fail.
        drop(match element {
            Element::LongMonth => out.write_all(month.as_bytes()),
            Element::Month => out.write_all(&month.as_bytes()[..3]),
            Element::NumMonth => write!(out, "{}", civil.month),
            Element::ZeroMonth => write!(out, "{:02}", civil.month),
            Element::LongWeekday => {
                out.write_all(WEEKDAYS[index(weekday(civil.days))].as_bytes())
            }
            Element::Weekday => {
                out.write_all(&WEEKDAYS[index(weekday(civil.days))].as_bytes()[..3])
            }
            Element::Day => write!(out, "{}", civil.day),
            Element::UnderDay => write!(out, "{:2}", civil.day),
            Element::ZeroDay => write!(out, "{:02}", civil.day),
            Element::UnderYearDay => write!(out, "{:3}", year_day(civil.days)),
            Element::ZeroYearDay => write!(out, "{:03}", year_day(civil.days)),
            Element::Hour => write!(out, "{:02}", civil.hour),
            Element::Hour12 => write!(out, "{hour12}"),
            Element::ZeroHour12 => write!(out, "{hour12:02}"),
            Element::Minute => write!(out, "{}", civil.minute),
            Element::ZeroMinute => write!(out, "{:02}", civil.minute),
            Element::Second => write!(out, "{}", civil.second),
            Element::ZeroSecond => write!(out, "{:02}", civil.second),
            Element::LongYear if civil.year < 0 => write!(out, "-{:04}", -civil.year),
            Element::LongYear => write!(out, "{:04}", civil.year),
            Element::Year => write!(out, "{:02}", civil.year.abs() % 100),
            Element::UpperPm => out.write_all(if civil.hour >= 12 { b"PM" } else { b"AM" }),
            Element::LowerPm => out.write_all(if civil.hour >= 12 { b"pm" } else { b"am" }),
            Element::ZoneName => {
                let (name, offset) = self.zone.at(self.seconds);
                if name.is_empty() {
                    write_offset(out, offset, 2, false);
                    Ok(())
                } else {
                    out.write_all(name.as_bytes())
                }
            }
            Element::Offset(Offset { zulu, colon, parts }) => {
                let (_, offset) = self.zone.at(self.seconds);
                if zulu && offset == 0 {
                    out.write_all(b"Z")
                } else {
                    write_offset(out, offset, parts, colon);
                    Ok(())
                }
            }
            Element::Fraction { digits, sign } => {
                out.push(sign);
                out.write_all(&self.nine_digits().as_bytes()[..digits.min(9)])
            }
            Element::TrimmedFraction { digits, sign } => {
                let all = self.nine_digits();
                let shown = all[..digits.min(9)].trim_end_matches('0');
                if !shown.is_empty() {
                    out.push(sign);
                }
                out.write_all(shown.as_bytes())
            }
        });
    }

    fn nine_digits(&self) -> String {
        format!("{:09}", self.nanos)
    }

    /// As JSON has it, or why it has not.
    pub(crate) fn to_rfc3339(&self) -> Result<Vec<u8>, &'static str> {
        if !(0..=9999).contains(&self.civil().year) {
            return Err("year outside of range [0,9999]");
        }
        let (_, offset) = self.zone.at(self.seconds);
        if offset.abs() >= 24 * 3600 {
            return Err("timezone hour outside of range [0,23]");
        }
        Ok(self.format(b"2006-01-02T15:04:05.999999999Z07:00"))
    }
}

fn write_offset(out: &mut Vec<u8>, offset: i64, parts: usize, colon: bool) {
    let minutes = offset / 60;
    out.push(if minutes < 0 { b'-' } else { b'+' });
    let seconds = if minutes < 0 { -offset } else { offset };
    for (at, part) in [minutes.abs() / 60, minutes.abs() % 60, seconds % 60]
        .into_iter()
        .take(parts)
        .enumerate()
    {
        if at > 0 && colon {
            out.push(b':');
        }
        out.extend_from_slice(format!("{part:02}").as_bytes());
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.format(PLAIN)))
    }
}
