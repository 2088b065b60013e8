//! The keyword `format`, which Helm's library asserts in drafts before 2019-09. What is wrong is
//! said in its words.

use windlass_gotemplate::strconv::quote as go_quote;
use windlass_sprig::{Time, Url, Zone, check_ipv6};

type Checked = Result<(), String>;

/// Whether text is of the format; formats that are not known take everything.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check(format: &str, text: &str) -> Checked {
    match format {
        "json-pointer" => json_pointer(text),
        "relative-json-pointer" => relative_json_pointer(text),
        "uuid" => uuid(text),
        "duration" => duration(text),
        "period" => period(text),
        "ipv4" => ipv4(text),
        "ipv6" => ipv6(text),
        "hostname" => hostname(text),
        "email" => email(text),
        "date" => date(text),
        "time" => time(text),
        "date-time" => date_time(text),
        "uri" | "iri" => uri(text),
        "uri-reference" | "iri-reference" => uri_reference(text),
        "uri-template" => uri_template(text),
        "semver" => semver(text),
        _ => Ok(()),
    }
}

fn fail<T>(message: &str) -> Result<T, String> {
    Err(message.to_owned())
}

/// A character as Go's `%q` shows it.
fn shown(character: char) -> String {
    match character {
        '\'' => "'\\''".to_owned(),
        '"' => "'\"'".to_owned(),
        other => go_quote(other.encode_utf8(&mut [0; 4]).as_bytes()).replace('"', "'"),
    }
}

fn all_of(text: &str, what: &str, allowed: impl Fn(char) -> bool) -> Checked {
    match text.chars().find(|found| !allowed(*found)) {
        Some(found) => Err(format!("{what} {}", shown(found))),
        None => Ok(()),
    }
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn json_pointer(text: &str) -> Checked {
    if text.is_empty() {
        return Ok(());
    }
    if !text.starts_with('/') {
        return fail("not starting with /");
    }
    let mut rest = text;
    while let Some((_, escape)) = rest.split_once('~') {
        if !escape.starts_with(['0', '1']) {
            return fail("~ must be followed by 0 or 1");
        }
        rest = escape;
    }
    Ok(())
}

fn relative_json_pointer(text: &str) -> Checked {
    let (number, rest) = text.split_at(digits(text));
    if number.is_empty() {
        return fail("must start with non-negative integer");
    }
    if number.len() > 1 && number.starts_with('0') {
        return fail("starts with zero");
    }
    if rest == "#" {
        return Ok(());
    }
    json_pointer(rest)
}

fn uuid(text: &str) -> Checked {
    const LENGTHS: [usize; 5] = [8, 4, 4, 4, 12];
    let groups: Vec<&str> = text.split('-').collect();
    if groups.len() != LENGTHS.len() {
        return fail("must have 5 elements");
    }
    for (index, (group, length)) in groups.into_iter().zip(LENGTHS).enumerate() {
        if group.len() != length {
            let number = index + 1;
            return Err(format!("element {number} must be {length} characters long"));
        }
        all_of(group, "non-hex character", |found| {
            found.is_ascii_hexdigit()
        })?;
    }
    Ok(())
}

fn duration(text: &str) -> Checked {
    const UNITS: [&str; 2] = ["YMD", "HMS"];
    let Some(text) = text.strip_prefix('P') else {
        return fail("must start with P");
    };
    if text.is_empty() {
        return fail("nothing after P");
    }
    if let Some(weeks) = text.strip_suffix('W') {
        return match weeks {
            "" => fail("no number in week"),
            weeks if digits(weeks) < weeks.len() => fail("invalid week"),
            _ => Ok(()),
        };
    }
    for (index, part) in text.split('T').enumerate() {
        if index != 0 && part.is_empty() {
            return fail("no time elements");
        }
        let Some(all) = UNITS.get(index) else {
            return fail("more than one T");
        };
        let (mut units, mut rest) = (*all, part);
        while !rest.is_empty() {
            let (number, after) = rest.split_at(digits(rest));
            if number.is_empty() {
                return fail("missing number");
            }
            // Go takes the byte for a character.
            let Some(unit) = after.bytes().next().map(char::from) else {
                return fail("missing unit");
            };
            let Some(at) = units.find(unit) else {
                let unit_shown = shown(unit);
                return Err(if all.contains(unit) {
                    format!("unit {unit_shown} out of order")
                } else {
                    format!("invalid unit {unit_shown}")
                });
            };
            units = &units[at + 1..];
            rest = &after[1..];
        }
    }
    Ok(())
}

fn period(text: &str) -> Checked {
    let Some((start, end)) = text.split_once('/') else {
        return fail("missing slash");
    };
    let in_part = |part: &str, checked: Checked| {
        checked.map_err(|problem| format!("invalid {part}: {problem}"))
    };
    if start.starts_with('P') {
        in_part("start duration", duration(start))?;
        return in_part("end date-time", date_time(end));
    }
    in_part("start date-time", date_time(start))?;
    if end.starts_with('P') {
        in_part("end duration", duration(end))
    } else {
        in_part("end date-time", date_time(end))
    }
}

/// Go's `strconv.Atoi` and its errors.
fn atoi(text: &str) -> Result<i64, String> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let problem = if unsigned.is_empty() || digits(unsigned) < unsigned.len() {
        "invalid syntax"
    } else if let Ok(number) = text.parse() {
        return Ok(number);
    } else {
        "value out of range"
    };
    let quoted = go_quote(text.as_bytes());
    Err(format!("strconv.Atoi: parsing {quoted}: {problem}"))
}

fn ipv4(text: &str) -> Checked {
    let groups: Vec<&str> = text.split('.').collect();
    if groups.len() != 4 {
        return fail("expected four decimals");
    }
    for group in groups {
        if group.len() > 1 && group.starts_with('0') {
            return fail("leading zeros");
        }
        if !(0..=255).contains(&atoi(group)?) {
            return fail("decimal must be between 0 and 255");
        }
    }
    Ok(())
}

fn ipv6(text: &str) -> Checked {
    if !text.contains(':') {
        return fail("missing colon");
    }
    check_ipv6(text)?;
    if text.contains('%') {
        return fail("zone id is not a part of ipv6 address");
    }
    Ok(())
}

fn hostname(text: &str) -> Checked {
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.len() > 253 {
        return fail("more than 253 characters long");
    }
    for label in text.split('.') {
        if !(1..=63).contains(&label.len()) {
            return fail("label must be 1 to 63 characters long");
        }
        if label.starts_with('-') {
            return fail("label starts with hyphen");
        }
        if label.ends_with('-') {
            return fail("label ends with hyphen");
        }
        all_of(label, "invalid character", |found| {
            found.is_ascii_alphanumeric() || found == '-'
        })?;
    }
    Ok(())
}

fn email(text: &str) -> Checked {
    if text.len() > 254 {
        return fail("more than 255 characters long");
    }
    let Some((local, domain)) = text.rsplit_once('@') else {
        return fail("missing @");
    };
    if local.len() > 64 {
        return fail("local part more than 64 characters long");
    }
    if local.len() > 1 && local.starts_with('"') {
        let mut inner = local[1..].chars();
        inner.next_back();
        if inner.as_str().contains(['\\', '"']) {
            return fail("backslash and quote are not allowed within quoted local part");
        }
    } else {
        for (found, problem) in [
            (local.starts_with('.'), "starts with dot"),
            (local.ends_with('.'), "ends with dot"),
            (local.contains(".."), "consecutive dots"),
        ] {
            if found {
                return fail(problem);
            }
        }
        all_of(local, "invalid character", |found| {
            found.is_ascii_alphanumeric() || ".!#$%&'*+-/=?^_`{|}~".contains(found)
        })?;
    }
    if let Some(inner) = domain.strip_prefix('[')
        && let Some(address) = inner.strip_suffix(']')
    {
        let (name, checked) = match address.strip_prefix("IPv6:") {
            Some(address) => ("ipv6", ipv6(address)),
            None => ("ipv4", ipv4(address)),
        };
        return checked.map_err(|problem| format!("invalid {name} address: {problem}"));
    }
    hostname(domain).map_err(|problem| format!("invalid domain: {problem}"))
}

fn date(text: &str) -> Checked {
    Time::parse(b"2006-01-02", text.as_bytes(), &Zone::Utc).map(drop)
}

fn time(text: &str) -> Checked {
    if text.len() < 9 {
        return fail("less than 9 characters long");
    }
    let bytes = text.as_bytes();
    if bytes[2] != b':' || bytes[5] != b':' || !text.is_char_boundary(8) {
        return fail("missing colon in correct place");
    }
    let (clock, mut rest) = text.split_at(8);
    let mut numbers = [0; 3];
    for (number, part) in numbers.iter_mut().zip(clock.splitn(3, ':')) {
        *number = atoi(part).or_else(|_| fail("invalid hour/min/sec"))?;
        if *number < 0 {
            return fail("non-positive hour/min/sec");
        }
    }
    let [mut hour, mut minute, second] = numbers;
    if hour > 23 || minute > 59 || second > 60 {
        return fail("hour/min/sec out of range");
    }
    if let Some(fraction) = rest.strip_prefix('.') {
        let length = digits(fraction);
        if length == 0 {
            return fail("no digits in second fraction");
        }
        rest = &fraction[length..];
    }
    if !matches!(rest, "z" | "Z") {
        let at = hour * 60 + minute - offset(rest)?;
        let at = if at < 0 { at + 24 * 60 } else { at };
        (hour, minute) = (at / 60, at % 60);
    }
    if second >= 60 && (hour != 23 || minute != 59) {
        return fail("invalid leap second");
    }
    Ok(())
}

/// The minutes of an offset from UTC.
fn offset(text: &str) -> Result<i64, String> {
    if text.len() != 6 {
        return fail("offset must be 6 characters long");
    }
    let (sign, text) = match text.split_at_checked(1) {
        Some(("+", text)) => (1, text),
        Some(("-", text)) => (-1, text),
        _ => return fail("offset must begin with plus/minus"),
    };
    let (Some(":"), Some(hours), Some(minutes)) = (text.get(2..3), text.get(..2), text.get(3..))
    else {
        return fail("missing colon in offset in correct place");
    };
    let number = |part: &str| {
        let number = atoi(part).or_else(|_| fail("invalid hour/min in offset"))?;
        if number < 0 {
            return fail("non-positive hour/min in offset");
        }
        Ok(number)
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    if hours > 23 || minutes > 59 {
        return fail("hour/min in offset out of range");
    }
    Ok(sign * (hours * 60 + minutes))
}

fn date_time(text: &str) -> Checked {
    if text.len() < 20 {
        return fail("less than 20 characters long");
    }
    let (Some(day), Some("t" | "T"), Some(clock)) =
        (text.get(..10), text.get(10..11), text.get(11..))
    else {
        return fail("11th character must be t or T");
    };
    date(day).map_err(|problem| format!("invalid date element: {problem}"))?;
    time(clock).map_err(|problem| format!("invalid time element: {problem}"))
}

fn url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text.as_bytes())?;
    let host = String::from_utf8_lossy(url.hostname()).into_owned();
    if host.contains(':') {
        if !url.host().starts_with(b"[") {
            return fail("ipv6 address not enclosed in brackets");
        }
        ipv6(&host).map_err(|problem| format!("invalid ipv6 address: {problem}"))?;
    }
    Ok(url)
}

fn uri(text: &str) -> Checked {
    if url(text)?.scheme().is_empty() {
        return fail("relative url");
    }
    Ok(())
}

fn uri_reference(text: &str) -> Checked {
    if text.contains('\\') {
        return fail("contains \\");
    }
    url(text).map(drop)
}

fn uri_template(text: &str) -> Checked {
    url(text)?;
    let path = text.split(['?', '#']).next().unwrap_or_default();
    for part in path.split('/') {
        let mut open = false;
        for brace in part.chars().filter(|found| matches!(found, '{' | '}')) {
            if open == (brace == '{') {
                return fail("nested curly braces");
            }
            open = !open;
        }
        if open {
            return fail("no matching closing brace");
        }
    }
    Ok(())
}

fn semver(text: &str) -> Checked {
    let identifiers = |text: &str, kind: &str, numbers: bool| {
        for identifier in text.split('.') {
            if identifier.is_empty() {
                return Err(format!("{kind} identifier is empty"));
            }
            let invalid = |found: &char| !found.is_ascii_alphanumeric() && *found != '-';
            if let Some(found) = identifier.chars().find(invalid) {
                let found = shown(found);
                return Err(format!("invalid character {found} in {kind} identifier"));
            }
            let number = digits(identifier) == identifier.len();
            if numbers && number && identifier.len() > 1 && identifier.starts_with('0') {
                return Err(format!("{kind} numeric identifier starts with zero"));
            }
        }
        Ok(())
    };
    let mut core = text;
    if let Some((before, build)) = core.split_once('+') {
        if build.is_empty() {
            return fail("build is empty");
        }
        identifiers(build, "build", false)?;
        core = before;
    }
    if let Some((before, pre_release)) = core.split_once('-') {
        identifiers(pre_release, "pre-release", true)?;
        core = before;
    }
    let versions: Vec<&str> = core.split('.').collect();
    if versions.len() != 3 {
        return fail("versionCore must have 3 numbers separated by dot");
    }
    for (name, version) in ["major", "minor", "patch"].into_iter().zip(versions) {
        let problem = if version.is_empty() {
            "is empty"
        } else if version.len() > 1 && version.starts_with('0') {
            "starts with zero"
        } else if digits(version) < version.len() {
            "contains non-digit"
        } else {
            continue;
        };
        return Err(format!("{name} {problem}"));
    }
    Ok(())
}
