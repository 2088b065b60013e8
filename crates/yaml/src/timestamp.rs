//! The timestamps go-yaml recognises in plain scalars, a subset of YAML 1.1's.

/// A point in time as written, fields checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Timestamp {
    year: u32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    /// Up to nine digits, without trailing zeros.
    fraction: String,
    /// Offset from UTC in minutes.
    offset: i32,
}

impl Timestamp {
    /// Reads `text` in one of go-yaml's four layouts: date, date and time separated by spaces
    /// (UTC), and RFC 3339 with `T` or `t`; one-digit fields are allowed.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() < 5 || bytes[4] != b'-' || !bytes[..4].iter().all(u8::is_ascii_digit) {
            return None;
        }
        let year = text[..4].parse().ok()?;
        let mut rest = &text[5..];
        let month = field(&mut rest)?;
        rest = rest.strip_prefix('-')?;
        let day = field(&mut rest)?;
        if month == 0 || month > 12 || day == 0 || day > days_in(year, month) {
            return None;
        }
        let mut time = Self {
            year,
            month,
            day,
            hour: 0,
            minute: 0,
            second: 0,
            fraction: String::new(),
            offset: 0,
        };
        if rest.is_empty() {
            return Some(time);
        }
        let zoned = rest.starts_with(['T', 't']);
        rest = if zoned {
            &rest[1..]
        } else if rest.starts_with(' ') {
            rest.trim_start_matches(' ')
        } else {
            return None;
        };
        time.hour = field(&mut rest)?;
        rest = rest.strip_prefix(':')?;
        time.minute = field(&mut rest)?;
        rest = rest.strip_prefix(':')?;
        time.second = field(&mut rest)?;
        if time.hour > 23 || time.minute > 59 || time.second > 59 {
            return None;
        }
        time.fraction = fraction(&mut rest);
        if zoned {
            time.offset = zone(&mut rest)?;
        }
        rest.is_empty().then_some(time)
    }

    /// The form Go's JSON encoder gives a time.
    pub(crate) fn rfc3339(&self) -> String {
        let Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
            fraction,
            offset,
        } = self;
        let point = if fraction.is_empty() { "" } else { "." };
        let zone = if *offset == 0 {
            "Z".to_owned()
        } else {
            let sign = if *offset < 0 { '-' } else { '+' };
            format!("{sign}{:02}:{:02}", offset.abs() / 60, offset.abs() % 60)
        };
        format!(
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{point}{fraction}{zone}"
        )
    }
}

/// One or two digits.
fn field(rest: &mut &str) -> Option<u32> {
    let digits = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let value = rest[..digits].parse().ok()?;
    *rest = &rest[digits..];
    Some(value)
}

fn fraction(rest: &mut &str) -> String {
    let Some(tail) = rest.strip_prefix(['.', ',']) else {
        return String::new();
    };
    let digits = tail.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return String::new();
    }
    *rest = &tail[digits..];
    tail[..digits.min(9)].trim_end_matches('0').to_owned()
}

fn zone(rest: &mut &str) -> Option<i32> {
    if let Some(tail) = rest.strip_prefix('Z') {
        *rest = tail;
        return Some(0);
    }
    let (sign, text) = match rest.as_bytes().first()? {
        b'+' => (1, rest.get(1..6)?),
        b'-' => (-1, rest.get(1..6)?),
        _ => return None,
    };
    let (hours, minutes) = text.split_once(':')?;
    if hours.len() != 2
        || !text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b':')
    {
        return None;
    }
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hours > 24 || minutes > 59 {
        return None;
    }
    *rest = &rest[6..];
    Some(sign * (hours * 60 + minutes))
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 31,
    }
}
