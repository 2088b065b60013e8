//! Paths with slashes, as Go's `path` takes them apart; those of the system are the same on Unix.

use windlass_gotemplate::{Functions, Type, Value};

pub(crate) fn register(functions: &mut Functions) {
    let mut add = |name, function: fn(&[u8]) -> Vec<u8>| {
        functions.add(name, &[Type::String], move |_, args| {
            Ok(Value::string(function(args.bytes(0))))
        });
    };
    for name in ["base", "osBase"] {
        add(name, base);
    }
    for name in ["dir", "osDir"] {
        add(name, dir);
    }
    for name in ["clean", "osClean"] {
        add(name, clean);
    }
    for name in ["ext", "osExt"] {
        add(name, ext);
    }
    for name in ["isAbs", "osIsAbs"] {
        functions.add(name, &[Type::String], |_, args| {
            Ok(Value::Bool(args.bytes(0).starts_with(b"/")))
        });
    }
}

/// The last element.
fn base(path: &[u8]) -> Vec<u8> {
    if path.is_empty() {
        return b".".to_vec();
    }
    let end = path.iter().rposition(|c| *c != b'/').map_or(0, |at| at + 1);
    let last = path[..end].rsplit(|c| *c == b'/').next().unwrap_or(b"");
    if last.is_empty() {
        return b"/".to_vec();
    }
    last.to_vec()
}

/// All but the last element.
fn dir(path: &[u8]) -> Vec<u8> {
    let end = path.iter().rposition(|c| *c == b'/').map_or(0, |at| at + 1);
    clean(&path[..end])
}

/// What follows the last dot of the last element, with the dot.
fn ext(path: &[u8]) -> Vec<u8> {
    let last = path.rsplit(|c| *c == b'/').next().unwrap_or(b"");
    let dot = last.iter().rposition(|c| *c == b'.');
    dot.map_or_else(Vec::new, |dot| last[dot..].to_vec())
}

/// The shortest path that means the same.
fn clean(path: &[u8]) -> Vec<u8> {
    let rooted = path.starts_with(b"/");
    let mut kept: Vec<&[u8]> = Vec::new();
    for element in path.split(|c| *c == b'/') {
        match element {
            b"" | b"." => {}
            b".." if kept.last().is_some_and(|last| *last != b"..") => {
                kept.pop();
            }
            b".." if rooted => {}
            element => kept.push(element),
        }
    }
    let joined = kept.join(&b'/');
    match (rooted, joined.is_empty()) {
        (true, _) => [b"/", &joined[..]].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_apart() {
        for (path, expected) in [
            ("", [".", ".", ".", ""]),
            ("/", ["/", "/", "/", ""]),
            ("a/b/../c.tar.gz", ["c.tar.gz", "a", "a/c.tar.gz", ".gz"]),
            ("../../x", ["x", "../..", "../../x", ""]),
            ("/../x//", ["x", "/x", "/x", ""]),
        ] {
            let parts = [base(path.as_bytes()), dir(path.as_bytes()), clean(path.as_bytes()), ext(path.as_bytes())];
            let parts = parts.map(|part| String::from_utf8(part).unwrap());
            assert_eq!(parts, expected, "{path}");
        }
    }
}
