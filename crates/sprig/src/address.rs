//! IPv6 addresses as Go's `netip.ParseAddr` reads them: its errors are part of messages.

use windlass_gotemplate::strconv::quote;

/// What is wrong, and from where on; nothing where Go does not say where.
type Problem<'a> = (&'static str, &'a str);

/// Whether text is an IPv6 address, with or without a zone.
///
/// # Errors
///
/// Go's `netip.ParseAddr` error.
pub fn check_ipv6(text: &str) -> Result<(), String> {
    check(text).map_err(|(problem, at)| {
        let at = match at {
            "" => String::new(),
            at => format!(" (at {})", quote(at.as_bytes())),
        };
        format!("ParseAddr({}): {problem}{at}", quote(text.as_bytes()))
    })
}

fn check(text: &str) -> Result<(), Problem<'_>> {
    match text.find(['.', ':', '%']).map(|at| &text[at..=at]) {
        Some(":") => {}
        Some("%") => return Err(("missing IPv6 address", "")),
        Some(".") => return Err(ipv4(text).err().unwrap_or(("unexpected character", ""))),
        _ => return Err(("unable to parse IP", "")),
    }
    let mut rest = match text.split_once('%') {
        Some((_, "")) => return Err(("zone must be a non-empty string", "")),
        Some((address, _)) => address,
        None => text,
    };
    let mut bytes = 0;
    let mut gap = None;
    if let Some(after) = rest.strip_prefix("::") {
        gap = Some(0);
        rest = after;
    }
    while bytes < 16 && !rest.is_empty() {
        let length = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        if length > 4 {
            return Err(("each group must have 4 or less digits", rest));
        }
        if length == 0 {
            let problem = "each colon-separated field must have at least one digit";
            return Err((problem, rest));
        }
        if rest[length..].starts_with('.') {
            if gap.is_none() && bytes != 12 {
                let problem =
                    "embedded IPv4 address must replace the final 2 fields of the address";
                return Err((problem, rest));
            }
            if bytes + 4 > 16 {
                let problem =
                    "too many hex fields to fit an embedded IPv4 at the end of the address";
                return Err((problem, rest));
            }
            ipv4(rest)?;
            bytes += 4;
            rest = "";
            break;
        }
        bytes += 2;
        rest = &rest[length..];
        if rest.is_empty() {
            break;
        }
        let Some(after) = rest.strip_prefix(':') else {
            return Err(("unexpected character, want colon", rest));
        };
        if after.is_empty() {
            return Err(("colon must be followed by more characters", rest));
        }
        rest = after;
        if let Some(after) = rest.strip_prefix(':') {
            if gap.is_some() {
                return Err(("multiple :: in address", rest));
            }
            gap = Some(bytes);
            rest = after;
        }
    }
    if !rest.is_empty() {
        return Err(("trailing garbage after address", rest));
    }
    match gap {
        None if bytes < 16 => Err(("address string too short", "")),
        Some(_) if bytes >= 16 => Err(("the :: must expand to at least one field of zeros", "")),
        _ => Ok(()),
    }
}

fn ipv4(text: &str) -> Result<(), Problem<'_>> {
    let mut fields = 0;
    let mut rest = text;
    loop {
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, after) = rest.split_at(length);
        if digits.len() > 1 && digits.starts_with('0') {
            return Err(("IPv4 field has octet with leading zero", ""));
        }
        if digits.len() > 3 || digits.parse::<u16>().is_ok_and(|number| number > 255) {
            return Err(("IPv4 field has value >255", ""));
        }
        if !after.is_empty() && !after.starts_with('.') {
            return Err(("unexpected character", after));
        }
        if digits.is_empty() {
            return Err(("IPv4 field must have at least one digit", rest));
        }
        fields += 1;
        match after.strip_prefix('.') {
            None if fields < 4 => return Err(("IPv4 address too short", "")),
            None => return Ok(()),
            Some("") => return Err(("IPv4 field must have at least one digit", after)),
            Some(_) if fields == 4 => return Err(("IPv4 address too long", "")),
            Some(more) => rest = more,
        }
    }
}
