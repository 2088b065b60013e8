//! URLs as Go's `net/url` takes them apart and puts them together.

use std::net::IpAddr;

use windlass_gotemplate::strconv::quote;
use windlass_gotemplate::{Args, Failure, Functions, Map, Outcome, Scope, Type, Value};

use crate::address::check_ipv6;
use crate::lists::NIL;

pub(crate) fn register(functions: &mut Functions) {
    functions.add("urlParse", &[Type::String], |_, args| {
        let url = Url::parse(args.bytes(0))
            .map_err(|error| Failure::new(format!("unable to parse url: {error}")))?;
        let userinfo = url.user.as_ref().map(User::text).unwrap_or_default();
        let map = Map::new();
        for (key, value) in [
            ("hostname", hostname(&url.host).to_vec()),
            ("scheme", url.scheme),
            ("host", url.host),
            ("path", url.path),
            ("query", url.query),
            ("opaque", url.opaque),
            ("fragment", url.fragment),
            ("userinfo", userinfo),
        ] {
            map.insert(key, value);
        }
        Ok(Value::Map(map))
    });
    functions.add("urlJoin", &[Type::MAP], join);
}

fn join(_: &mut Scope<'_>, args: Args<'_>) -> Outcome {
    let map = args.map(0);
    let part = |key: &str| match map.get(key) {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(text.to_vec()),
        Some(value) if value.is_nil() => Err(Failure::new(NIL)),
        Some(value) => Err(Failure::new(format!(
            "unable to parse {key} key, must be of type string, but {} found",
            value.kind().name()
        ))),
    };
    let mut url = Url {
        scheme: part("scheme")?,
        host: part("host")?,
        path: part("path")?,
        query: part("query")?,
        opaque: part("opaque")?,
        fragment: part("fragment")?,
        ..Url::default()
    };
    let userinfo = part("userinfo")?;
    if !userinfo.is_empty() {
        let text = [b"proto://", &userinfo[..], b"@host"].concat();
        url.user = Url::parse(&text)
            .map_err(|error| Failure::new(format!("unable to parse userinfo in dict: {error}")))?
            .user;
    }
    Ok(Value::string(url.text()))
}

/// A URL as Go's `net/url` reads it: its parts without their escapes, except for the query.
#[derive(Default)]
pub struct Url {
    scheme: Vec<u8>,
    opaque: Vec<u8>,
    user: Option<User>,
    host: Vec<u8>,
    path: Vec<u8>,
    query: Vec<u8>,
    fragment: Vec<u8>,
}

/// Without the user, who may have a password.
impl std::fmt::Debug for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Url")
            .field("scheme", &String::from_utf8_lossy(&self.scheme))
            .field("host", &String::from_utf8_lossy(&self.host))
            .finish_non_exhaustive()
    }
}

struct User {
    name: Vec<u8>,
    password: Option<Vec<u8>>,
}

impl Url {
    /// The scheme in small letters; empty in a relative URL.
    pub fn scheme(&self) -> &[u8] {
        &self.scheme
    }

    /// The host with its port, in brackets if it is an IPv6 address.
    pub fn host(&self) -> &[u8] {
        &self.host
    }

    /// The host without port and brackets.
    pub fn hostname(&self) -> &[u8] {
        hostname(&self.host)
    }

    /// Reads a URL.
    ///
    /// # Errors
    ///
    /// Go's words.
    pub fn parse(text: &[u8]) -> Result<Url, String> {
        let (rest, fragment) = cut(text, b'#');
        let in_url = |text: &[u8], error: String| format!("parse {}: {error}", quote(text));
        let mut url = Self::without_fragment(rest).map_err(|error| in_url(rest, error))?;
        url.fragment = unescape(fragment, Part::Fragment).map_err(|error| in_url(text, error))?;
        Ok(url)
    }

    fn without_fragment(text: &[u8]) -> Result<Url, String> {
        if text.iter().any(u8::is_ascii_control) {
            return Err("net/url: invalid control character in URL".to_owned());
        }
        let mut url = Url::default();
        if text == b"*" {
            url.path = text.to_vec();
            return Ok(url);
        }
        let (scheme, rest) = scheme(text)?;
        url.scheme = scheme.to_ascii_lowercase();
        let (rest, query) = cut(rest, b'?');
        url.query = query.to_vec();
        if !rest.starts_with(b"/") {
            if !url.scheme.is_empty() {
                url.opaque = rest.to_vec();
                return Ok(url);
            }
            if cut(rest, b'/').0.contains(&b':') {
                return Err("first path segment in URL cannot contain colon".to_owned());
            }
        }
        let has_authority = !url.scheme.is_empty() || !rest.starts_with(b"///");
        let mut path = rest;
        if let Some(authority) = rest.strip_prefix(b"//").filter(|_| has_authority) {
            let end = authority
                .iter()
                .position(|c| *c == b'/')
                .unwrap_or(authority.len());
            path = &authority[end..];
            (url.user, url.host) = parse_authority(&url.scheme, &authority[..end])?;
        }
        url.path = unescape(path, Part::Path)?;
        Ok(url)
    }

    fn text(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.scheme.is_empty() {
            out.extend_from_slice(&self.scheme);
            out.push(b':');
        }
        if self.opaque.is_empty() {
            self.write_hierarchy(&mut out);
        } else {
            out.extend_from_slice(&self.opaque);
        }
        if !self.query.is_empty() {
            out.push(b'?');
            out.extend_from_slice(&self.query);
        }
        if !self.fragment.is_empty() {
            out.push(b'#');
            out.extend(escape(&self.fragment, Part::Fragment));
        }
        out
    }

    fn write_hierarchy(&self, out: &mut Vec<u8>) {
        let has_host = !self.host.is_empty() || self.user.is_some();
        if has_host || !self.scheme.is_empty() && !self.path.is_empty() {
            out.extend_from_slice(b"//");
        }
        if let Some(user) = &self.user {
            out.extend(user.text());
            out.push(b'@');
        }
        out.extend(escape(&self.host, Part::Host));
        let path = match &self.path[..] {
            b"*" => b"*".to_vec(),
            path => escape(path, Part::Path),
        };
        if !self.host.is_empty() && !path.is_empty() && !path.starts_with(b"/") {
            out.push(b'/');
        }
        if out.is_empty() && cut(&path, b'/').0.contains(&b':') {
            out.extend_from_slice(b"./");
        }
        out.extend(path);
    }
}

impl User {
    fn text(&self) -> Vec<u8> {
        let mut out = escape(&self.name, Part::User);
        if let Some(password) = &self.password {
            out.push(b':');
            out.extend(escape(password, Part::User));
        }
        out
    }
}

/// What is before the first `separator`, and what is after it.
fn cut(text: &[u8], separator: u8) -> (&[u8], &[u8]) {
    match text.iter().position(|c| *c == separator) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &[]),
    }
}

fn scheme(text: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let end = text
        .iter()
        .position(|c| !c.is_ascii_alphanumeric() && !matches!(c, b'+' | b'-' | b'.'));
    match end {
        Some(0) if text[0] == b':' => Err("missing protocol scheme".to_owned()),
        Some(end) if text[end] == b':' && text[0].is_ascii_alphabetic() => {
            Ok((&text[..end], &text[end + 1..]))
        }
        _ => Ok((&[], text)),
    }
}

fn parse_authority(scheme: &[u8], authority: &[u8]) -> Result<(Option<User>, Vec<u8>), String> {
    let Some(at) = authority.iter().rposition(|c| *c == b'@') else {
        return Ok((None, parse_host(scheme, authority)?));
    };
    let host = parse_host(scheme, &authority[at + 1..])?;
    let userinfo = &authority[..at];
    let allowed = |c: &u8| c.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(c);
    if !userinfo.iter().all(allowed) {
        return Err("net/url: invalid userinfo".to_owned());
    }
    let (name, password) = cut(userinfo, b':');
    let user = User {
        name: unescape(name, Part::User)?,
        password: userinfo
            .contains(&b':')
            .then(|| unescape(password, Part::User))
            .transpose()?,
    };
    Ok((Some(user), host))
}

fn parse_host(scheme: &[u8], host: &[u8]) -> Result<Vec<u8>, String> {
    let invalid_port = |port: &[u8]| format!("invalid port {} after host", quote(port));
    match host.iter().rposition(|c| *c == b'[') {
        Some(0) => {
            let close = host.iter().rposition(|c| *c == b']');
            let close = close.ok_or("missing ']' in host")?;
            let port = &host[close + 1..];
            if !is_optional_port(port) {
                return Err(invalid_port(port));
            }
            let port = unescape(port, Part::Host)?;
            let name = &host[1..close];
            let zone = memchr::memmem::find(name, b"%25").unwrap_or(name.len());
            let mut unescaped = unescape(&name[..zone], Part::Host)?;
            unescaped.extend(unescape(&name[zone..], Part::Zone)?);
            check_address(&unescaped)?;
            Ok([b"[", &unescaped[..], b"]", &port].concat())
        }
        Some(_) => Err("invalid IP-literal".to_owned()),
        None => {
            let strict = matches!(scheme, b"http" | b"https");
            let first = host.iter().position(|c| *c == b':');
            let last = host.iter().rposition(|c| *c == b':');
            let colon = if strict { first } else { last };
            if let Some(colon) = colon
                && !is_optional_port(&host[colon..])
            {
                return Err(invalid_port(&host[colon..]));
            }
            unescape(host, Part::Host)
        }
    }
}

/// Between brackets only IPv6 addresses may stand.
fn check_address(text: &[u8]) -> Result<(), String> {
    let shown = String::from_utf8_lossy(text);
    let (address, zone) = match shown.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (&*shown, None),
    };
    let invalid = |why: &str| {
        let quoted = quote(text);
        format!("invalid host: ParseAddr({quoted}): {why}")
    };
    match address.parse() {
        Ok(IpAddr::V4(_)) if zone.is_some() => {
            Err(invalid("zones cannot be used with IPv4 addresses"))
        }
        Ok(IpAddr::V4(_)) => Err("invalid IP-literal".to_owned()),
        Ok(IpAddr::V6(_)) if zone == Some("") => Err(invalid("zone must be a non-empty string")),
        Ok(IpAddr::V6(_)) => Ok(()),
        Err(_) => match check_ipv6(&shown) {
            Err(problem) => Err(format!("invalid host: {problem}")),
            Ok(()) => Ok(()),
        },
    }
}

fn is_optional_port(port: &[u8]) -> bool {
    match port {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// The host without port and brackets.
fn hostname(host: &[u8]) -> &[u8] {
    let colon = host.iter().rposition(|c| *c == b':');
    let name = match colon {
        Some(colon) if is_optional_port(&host[colon..]) => &host[..colon],
        _ => host,
    };
    match name {
        [b'[', inner @ .., b']'] => inner,
        name => name,
    }
}

/// Which escapes there are depends on the part of the URL.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    User,
    Host,
    Zone,
    Fragment,
}

impl Part {
    fn escapes(self, c: u8) -> bool {
        if c.is_ascii_alphanumeric() {
            return false;
        }
        !match c {
            b'-' | b'_' | b'.' | b'~' | b'$' | b'&' | b'+' | b',' | b';' | b'=' => true,
            b':' => self != Part::User,
            b'/' | b'@' => matches!(self, Part::Path | Part::Fragment),
            b'?' => self == Part::Fragment,
            b'!' | b'(' | b')' | b'*' => matches!(self, Part::Host | Part::Zone | Part::Fragment),
            b'\'' | b'[' | b']' | b'<' | b'>' | b'"' => matches!(self, Part::Host | Part::Zone),
            _ => false,
        }
    }
}

fn escape(text: &[u8], part: Part) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for c in text {
        if part.escapes(*c) {
            out.extend_from_slice(format!("%{c:02X}").as_bytes());
        } else {
            out.push(*c);
        }
    }
    out
}

fn unescape(text: &[u8], part: Part) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((c, after)) = rest.split_first() {
        rest = after;
        match c {
            b'%' => {
                let bad = |length: usize| {
                    let shown = &text[text.len() - after.len() - 1..];
                    let shown = &shown[..shown.len().min(length)];
                    format!("invalid URL escape {}", quote(shown))
                };
                let digits = after.get(..2).ok_or_else(|| bad(3))?;
                let byte = std::str::from_utf8(digits)
                    .ok()
                    .filter(|digits| digits.bytes().all(|c| c.is_ascii_hexdigit()))
                    .and_then(|digits| u8::from_str_radix(digits, 16).ok())
                    .ok_or_else(|| bad(3))?;
                let allowed = match part {
                    // The only ASCII that is escaped in a host is the percent sign before a zone.
                    Part::Host => byte >= 0x80 || digits == b"25",
                    Part::Zone => digits == b"25" || byte == b' ' || !Part::Host.escapes(byte),
                    _ => true,
                };
                if !allowed {
                    return Err(bad(3));
                }
                out.push(byte);
                rest = &after[2..];
            }
            c if c.is_ascii() && matches!(part, Part::Host | Part::Zone) && part.escapes(*c) => {
                return Err(format!("invalid character {} in host name", quote(&[*c])));
            }
            c => out.push(*c),
        }
    }
    Ok(out)
}
