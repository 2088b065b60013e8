//! Paths inside a tree: relative, `/`-separated, without `.` and `..`.

use crate::error::{Error, shorten};

/// Longest path and longest component that a tree holds, in bytes: what Linux can create, so that a tree
/// never holds what the originals could not have checked out.
const MAX_PATH: usize = 4096;
const MAX_COMPONENT: usize = 255;

/// Brings `path` to the form in which a tree holds it: `./a//b/` becomes `a/b`, the root is `""`.
///
/// Refuses absolute paths, `..`, NUL, backslashes, and what is longer than Linux allows.
pub fn normalise(path: &str) -> Result<String, Error> {
    reject_characters(path)?;
    let mut out = String::with_capacity(path.len());
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => return Err(refuse(path, "must not contain '..'")),
            part => push(&mut out, part, path)?,
        }
    }
    Ok(out)
}

/// Joins `rel` to the directory `base` lexically: `..` in `rel` climbs, but never above the root.
///
/// Returns the normalised path. An absolute `rel` is refused, not re-rooted.
pub fn join(base: &str, rel: &str) -> Result<String, Error> {
    let mut out = normalise(base)?;
    reject_characters(rel)?;
    for part in rel.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if out.is_empty() {
                    return Err(refuse(rel, "leads out of the root"));
                }
                out.truncate(out.rfind('/').unwrap_or(0));
            }
            part => push(&mut out, part, rel)?,
        }
    }
    Ok(out)
}

fn reject_characters(path: &str) -> Result<(), Error> {
    if path.starts_with('/') {
        return Err(refuse(path, "must be relative"));
    }
    if path.len() > MAX_PATH {
        return Err(refuse(path, "is longer than 4096 bytes"));
    }
    if path.contains('\0') {
        return Err(refuse(path, "must not contain NUL"));
    }
    if path.contains('\\') {
        return Err(refuse(path, "must not contain a backslash"));
    }
    Ok(())
}

fn push(out: &mut String, part: &str, whole: &str) -> Result<(), Error> {
    if part.len() > MAX_COMPONENT {
        return Err(refuse(whole, "has a component longer than 255 bytes"));
    }
    if !out.is_empty() {
        out.push('/');
    }
    out.push_str(part);
    if out.len() > MAX_PATH {
        return Err(refuse(whole, "is longer than 4096 bytes"));
    }
    Ok(())
}

fn refuse(path: &str, reason: &'static str) -> Error {
    Error::Path {
        path: shorten(path),
        reason,
    }
}

/// The components of a path that may be written loosely; `None` when it climbs or is absolute, which
/// nothing in a tree is.
pub(crate) fn components(path: &str) -> Option<impl Iterator<Item = &str>> {
    if path.starts_with('/') || path.split('/').any(|part| part == "..") {
        return None;
    }
    Some(
        path.split('/')
            .filter(|part| !part.is_empty() && *part != "."),
    )
}

#[cfg(test)]
mod tests {
    use super::{join, normalise};

    #[test]
    fn loose_spellings_become_one() {
        for (given, want) in [
            ("", ""),
            (".", ""),
            ("./", ""),
            ("./a//b/", "a/b"),
            ("a/./b", "a/b"),
            ("a..b/..c/d..", "a..b/..c/d.."),
            ("...", "..."),
            ("ünï/ç", "ünï/ç"),
        ] {
            assert_eq!(normalise(given).unwrap(), want, "{given:?}");
        }
    }

    #[test]
    fn escapes_are_refused() {
        let long = "a/".repeat(2100);
        let wide = "x".repeat(256);
        for given in [
            "/", "/a", "//a", "..", "../a", "a/..", "a/../b", "a\\b", "..\\a", "a\0", &long, &wide,
        ] {
            assert!(normalise(given).is_err(), "{given:?}");
        }
    }

    #[test]
    fn join_climbs_only_inside_the_root() {
        for (base, rel, want) in [
            ("", "a", Some("a")),
            ("a/b", "../c", Some("a/c")),
            ("a/b", "../..", Some("")),
            ("a/b", "../../c/./d/", Some("c/d")),
            ("a/b", "", Some("a/b")),
            ("a/b", "../../..", None),
            ("a/b", "../../../a/b", None),
            ("", "..", None),
            ("a", "/etc", None),
            ("a", "b\\c", None),
            ("../a", "b", None),
        ] {
            assert_eq!(join(base, rel).ok().as_deref(), want, "{base:?} + {rel:?}");
        }
    }
}
