//! What the conditions and the range of a request come to (RFC 9110, sections 13 and 14).

use axum::http::HeaderMap;
use axum::http::header::{
    HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE,
};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// How to answer a request for a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// 200 with everything.
    Whole,
    /// 206 with the bytes from `start` to `end`, both included.
    Part {
        /// First byte.
        start: u64,
        /// Last byte.
        end: u64,
    },
    /// 304.
    NotModified,
    /// 412.
    Failed,
    /// 416.
    Unsatisfiable,
}

/// Decides for a file of `size` bytes with this entity tag (in quotes) and time.
pub(super) fn decide(headers: &HeaderMap, etag: &str, modified: Timestamp, size: u64) -> Answer {
    if let Some(wanted) = text(headers, &IF_MATCH) {
        if !matches(wanted, etag) {
            return Answer::Failed;
        }
    } else if date(headers, &IF_UNMODIFIED_SINCE).is_some_and(|since| modified > since) {
        return Answer::Failed;
    }
    if let Some(known) = text(headers, &IF_NONE_MATCH) {
        if matches(known, etag) {
            return Answer::NotModified;
        }
    } else if date(headers, &IF_MODIFIED_SINCE).is_some_and(|since| modified <= since) {
        return Answer::NotModified;
    }
    let applies = match text(headers, &IF_RANGE) {
        Some(tag) if tag.starts_with('"') => tag == etag,
        Some(_) => date(headers, &IF_RANGE) == Some(modified),
        None => true,
    };
    match text(headers, &RANGE) {
        Some(range) if applies => part(range, size),
        _ => Answer::Whole,
    }
}

/// One range of bytes; of what is no such thing, or several of them, the whole file is the right answer
/// too.
fn part(range: &str, size: u64) -> Answer {
    let number = |text: &str| {
        let digits = text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty();
        // Beyond 64 bits is beyond every file.
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let Some((first, last)) = range
        .strip_prefix("bytes=")
        .and_then(|set| set.trim().split_once('-'))
    else {
        return Answer::Whole;
    };
    let (start, end) = match (number(first), number(last)) {
        (None, Some(suffix)) if first.is_empty() => {
            if suffix == 0 || size == 0 {
                return Answer::Unsatisfiable;
            }
            (size.saturating_sub(suffix), size - 1)
        }
        (Some(start), None) if last.is_empty() => (start, u64::MAX),
        (Some(start), Some(end)) if start <= end => (start, end),
        _ => return Answer::Whole,
    };
    if start >= size {
        return Answer::Unsatisfiable;
    }
    Answer::Part {
        start,
        end: end.min(size - 1),
    }
}

/// Whether a list of entity tags names this one. Tags of ours never are weak; one that is said to be
/// stands for the same content.
fn matches(list: &str, etag: &str) -> bool {
    list.split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<Timestamp> {
    DateTimeParser::new()
        .parse_timestamp(text(headers, name)?)
        .ok()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderName, HeaderValue};
    use jiff::Timestamp;

    use super::{Answer, decide};

    fn asked(headers: &[(&'static str, &'static str)]) -> Answer {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        // Sun, 09 Sep 2001 01:46:40 GMT
        decide(
            &headers,
            "\"sha256:0f\"",
            Timestamp::from_second(1_000_000_000).unwrap(),
            10,
        )
    }

    #[test]
    fn ranges() {
        let part = |start, end| Answer::Part { start, end };
        for (range, want) in [
            ("bytes=0-3", part(0, 3)),
            ("bytes=4-", part(4, 9)),
            ("bytes=9-99", part(9, 9)),
            ("bytes=0-99999999999999999999", part(0, 9)),
            ("bytes=-4", part(6, 9)),
            ("bytes=-99", part(0, 9)),
            ("bytes=10-", Answer::Unsatisfiable),
            ("bytes=99999999999999999999-", Answer::Unsatisfiable),
            ("bytes=-0", Answer::Unsatisfiable),
            ("bytes=5-4", Answer::Whole),
            ("bytes=0-1,3-4", Answer::Whole),
            ("bytes=-", Answer::Whole),
            ("bytes=a-b", Answer::Whole),
            ("bytes=+1-2", Answer::Whole),
            ("lines=0-3", Answer::Whole),
        ] {
            assert_eq!(asked(&[("range", range)]), want, "{range:?}");
        }
        let empty = HeaderMap::from_iter([(
            HeaderName::from_static("range"),
            HeaderValue::from_static("bytes=0-"),
        )]);
        assert_eq!(
            decide(&empty, "\"\"", Timestamp::UNIX_EPOCH, 0),
            Answer::Unsatisfiable
        );
    }

    #[test]
    fn conditions() {
        let before = "Sun, 09 Sep 2001 01:46:39 GMT";
        let same = "Sun, 09 Sep 2001 01:46:40 GMT";
        for (name, value, want) in [
            ("if-none-match", "\"sha256:0f\"", Answer::NotModified),
            (
                "if-none-match",
                "\"x\", W/\"sha256:0f\"",
                Answer::NotModified,
            ),
            ("if-none-match", "*", Answer::NotModified),
            ("if-none-match", "\"x\"", Answer::Whole),
            ("if-match", "\"x\"", Answer::Failed),
            ("if-match", "\"sha256:0f\"", Answer::Whole),
            ("if-modified-since", same, Answer::NotModified),
            ("if-modified-since", before, Answer::Whole),
            ("if-modified-since", "yesterday", Answer::Whole),
            ("if-unmodified-since", before, Answer::Failed),
            ("if-unmodified-since", same, Answer::Whole),
        ] {
            assert_eq!(asked(&[(name, value)]), want, "{name}: {value}");
        }
        // A tag that differs says more than a time that does not.
        let both = [("if-none-match", "\"x\""), ("if-modified-since", same)];
        assert_eq!(asked(&both), Answer::Whole);
        let part = Answer::Part { start: 0, end: 1 };
        assert_eq!(
            asked(&[("range", "bytes=0-1"), ("if-range", "\"sha256:0f\"")]),
            part
        );
        assert_eq!(asked(&[("range", "bytes=0-1"), ("if-range", same)]), part);
        for other in ["\"x\"", before, "W/\"sha256:0f\""] {
            assert_eq!(
                asked(&[("range", "bytes=0-1"), ("if-range", other)]),
                Answer::Whole
            );
        }
    }
}
