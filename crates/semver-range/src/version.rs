//! Versions as people tag them.

use std::cmp::Ordering;

use semver::{BuildMetadata, Prerelease, Version};

const MAX_BYTES: usize = 256;

/// Reads a version loosely: `v1`, `1.2`, `01.2.3-rc.1+build` are all fine, missing parts are zero.
///
/// `None` when it is no version: other characters, numbers beyond 64 bits, a numeric part of the
/// prerelease with a leading zero, more than 256 bytes.
pub fn parse_version(text: &str) -> Option<Version> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let text = text.strip_prefix('v').unwrap_or(text);
    let (text, build) = match text.split_once('+') {
        Some((text, build)) if !build.is_empty() => (text, BuildMetadata::new(build).ok()?),
        Some(_) => return None,
        None => (text, BuildMetadata::EMPTY),
    };
    let (numbers, pre) = match text.split_once('-') {
        Some((numbers, pre)) if !pre.is_empty() => (numbers, Prerelease::new(pre).ok()?),
        Some(_) => return None,
        None => (text, Prerelease::EMPTY),
    };
    let mut parts = numbers.split('.');
    let major = number(parts.next()?)?;
    let minor = parts.next().map_or(Some(0), number)?;
    let patch = parts.next().map_or(Some(0), number)?;
    parts.next().is_none().then_some(Version {
        major,
        minor,
        patch,
        pre,
        build,
    })
}

/// Reads a version as [`parse_version`] does, but only when there are two dots in it: what Flux takes from
/// the tags of a repository (source-controller spec §7.2). A tag `2024` or `v1.2` is no version there.
pub fn parse_strict(text: &str) -> Option<Version> {
    text.splitn(3, '.').nth(2)?;
    parse_version(text)
}

/// Orders versions by precedence: build metadata does not count, unlike in the `Ord` of [`Version`].
pub fn cmp(a: &Version, b: &Version) -> Ordering {
    a.cmp_precedence(b)
}

fn number(text: &str) -> Option<u64> {
    // `parse` alone would take a sign.
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}
