//! Paths of fields within objects, as replacements and vars write them.

use crate::Error;
use crate::node::{Node, Scalar};

/// Splits at a delimiter; behind a backslash it is an ordinary character.
pub(crate) fn split(path: &str, delimiter: char) -> Vec<String> {
    let mut parts: Vec<&str> = path.split(delimiter).collect();
    if parts.len() > 1 && parts[0].is_empty() {
        parts.remove(0);
    }
    let mut joined: Vec<String> = Vec::with_capacity(parts.len());
    for part in parts {
        match joined.last_mut().filter(|last| last.ends_with('\\')) {
            Some(last) => {
                last.pop();
                last.push(delimiter);
                last.push_str(part);
            }
            None => joined.push(part.to_owned()),
        }
    }
    joined
}

/// Splits at dots, except in brackets. `[a=b]` keeps its brackets, `[a.b]` is the key `a.b`.
pub(crate) fn split_fields(path: &str) -> Vec<String> {
    let mut result = Vec::new();
    let mut parts = split(path, '.').into_iter();
    while let Some(part) = parts.next() {
        if !part.starts_with('[') || part.ends_with(']') {
            result.push(part);
            continue;
        }
        let mut whole = part;
        for part in parts.by_ref() {
            whole.push('.');
            whole.push_str(&part);
            if part.ends_with(']') {
                break;
            }
        }
        if whole.contains('=') {
            result.push(whole);
        } else {
            result.push(whole.trim_matches(['[', ']']).to_owned());
        }
    }
    result
}

/// An index of a list.
pub(crate) fn index(part: &str) -> Option<usize> {
    part.parse::<i64>()
        .ok()
        .and_then(|at| usize::try_from(at).ok())
}

/// The inside of brackets.
pub(crate) fn bracketed(part: &str) -> Option<&str> {
    part.strip_prefix('[')?.strip_suffix(']')
}

/// Key and value of `[key=value]`.
pub(crate) fn condition(inner: &str) -> Result<(&str, &str), Error> {
    inner.split_once('=').ok_or_else(|| {
        Error::invalid("list path element must contain fieldName=fieldValue for element to match")
    })
}

/// The node a path leads to, if any.
///
/// # Errors
/// When a part does not fit what stands there.
pub(crate) fn lookup<'n>(node: &'n Node, path: &[String]) -> Result<Option<&'n Node>, Error> {
    let mut node = node;
    for part in parts(path) {
        match step(node, part)? {
            Some(Step::Field) => match node.get(part) {
                Some(next) => node = next,
                None => return Ok(None),
            },
            Some(Step::Element(at)) => {
                let items = node.as_sequence().map_or(&[][..], |list| &list.items);
                match items.get(at) {
                    Some(next) => node = next,
                    None => return Ok(None),
                }
            }
            None => return Ok(None),
        }
    }
    Ok(Some(node))
}

/// As [`lookup`], to change the node.
pub(crate) fn lookup_mut<'n>(
    node: &'n mut Node,
    path: &[String],
) -> Result<Option<&'n mut Node>, Error> {
    let mut node = node;
    for part in parts(path) {
        let next = match (step(node, part)?, node) {
            (Some(Step::Field), Node::Mapping(mapping)) => mapping.get_mut(part),
            (Some(Step::Element(at)), Node::Sequence(list)) => list.items.get_mut(at),
            _ => None,
        };
        match next {
            Some(next) => node = next,
            None => return Ok(None),
        }
    }
    Ok(Some(node))
}

fn parts(path: &[String]) -> impl Iterator<Item = &str> {
    path.iter()
        .map(|part| part.trim())
        .filter(|part| !part.is_empty())
}

enum Step {
    Field,
    Element(usize),
}

/// Fails when a part of a path cannot be looked for in what stands there.
pub(crate) fn check(node: &Node, part: &str) -> Result<(), Error> {
    step(node, part).map(drop)
}

fn step(node: &Node, part: &str) -> Result<Option<Step>, Error> {
    let elements = || -> Result<&[Node], Error> {
        match node {
            Node::Sequence(list) => Ok(&list.items),
            node if node.is_null() => Ok(&[]),
            node => Err(node.wrong_kind("SequenceNode")),
        }
    };
    if let Ok(at) = part.parse::<i64>() {
        let Ok(at) = usize::try_from(at) else {
            return Err(Error::invalid(format!(
                "array index {at} cannot be negative"
            )));
        };
        return Ok((at < elements()?.len()).then_some(Step::Element(at)));
    }
    if part == "-" {
        return Ok(elements()?.len().checked_sub(1).map(Step::Element));
    }
    if part == "*" {
        return Err(Error::invalid("wildcard is not supported in PathGetter"));
    }
    if let Some(inner) = bracketed(part) {
        let (key, value) = condition(inner)?;
        let fits = |item: &Node| match (key.is_empty(), item) {
            (true, item) => item.text() == value,
            (false, Node::Mapping(map)) => map.get(key).is_some_and(|own| own.text() == value),
            (false, _) => false,
        };
        return Ok(elements()?.iter().position(fits).map(Step::Element));
    }
    match node {
        Node::Mapping(_) => Ok(Some(Step::Field)),
        node if node.is_null() => Ok(None),
        node => Err(node.wrong_kind("MappingNode")),
    }
}

/// The node a path leads to; maps on the way, and a scalar at its end, are made.
///
/// # Errors
/// When a part does not fit what stands there.
pub(crate) fn make<'n>(node: &'n mut Node, path: &[String]) -> Result<&'n mut Node, Error> {
    let mut node = node;
    let mut parts = parts(path).peekable();
    while let Some(part) = parts.next() {
        if let Some(at) = index(part) {
            let length = node.as_sequence().map_or(0, |list| list.items.len());
            let found = match node {
                Node::Sequence(list) => list.items.get_mut(at),
                other => return Err(other.wrong_kind("SequenceNode")),
            };
            node = found.ok_or_else(|| {
                Error::invalid(format!(
                    "index {at} specified but only {length} elements found"
                ))
            })?;
            continue;
        }
        let last = parts.peek().is_none();
        let Node::Mapping(mapping) = node else {
            return Err(node.wrong_kind("MappingNode"));
        };
        node = mapping.entry(part, || {
            if last {
                Node::Scalar(Scalar::untyped(""))
            } else {
                Node::mapping()
            }
        });
    }
    Ok(node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_split_except_in_brackets_and_behind_backslashes() {
        let table: [(&str, &[&str]); 6] = [
            ("a.b", &["a", "b"]),
            (".a.b", &["a", "b"]),
            ("a\\.b.c", &["a.b", "c"]),
            ("a.[b.c/d].e", &["a", "b.c/d", "e"]),
            ("a.[n=x.y].e", &["a", "[n=x.y]", "e"]),
            ("a.[n=x].0", &["a", "[n=x]", "0"]),
        ];
        for (path, parts) in table {
            assert_eq!(split_fields(path), parts, "{path}");
        }
    }
}
