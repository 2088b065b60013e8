//! Texts: cutting, joining, searching, case.

mod case;
mod join;
mod words;

use std::collections::HashSet;

use windlass_gotemplate::{Args, Failure, Functions, Map, MapType, Scope, Text, Type, Value};

pub(crate) use join::{string_value, strings};

const STRING: &[Type] = &[Type::String];
const TWO_STRINGS: &[Type] = &[Type::String, Type::String];

pub(crate) fn register(functions: &mut Functions) {
    functions.add("hello", &[], |_, _| Ok(Value::string("Hello!")));
    join::register(functions);
    register_case(functions);
    register_cutting(functions);
    register_searching(functions);
    register_splitting(functions);

    functions.add("repeat", &[Type::INT, Type::String], |scope, args| {
        let Ok(count) = usize::try_from(args.int(0)) else {
            return Err(Failure::new("strings: negative Repeat count"));
        };
        let text = args.bytes(1);
        let Some(length) = text.len().checked_mul(count) else {
            return Err(Failure::new("strings: Repeat output length overflow"));
        };
        scope.charge(length)?;
        Ok(Value::string(text.repeat(count)))
    });
    functions.add("indent", &[Type::INT, Type::String], |scope, args| {
        indent(scope, args).map(Value::string)
    });
    functions.add("nindent", &[Type::INT, Type::String], |scope, args| {
        let mut out = indent(scope, args)?;
        out.insert(0, b'\n');
        Ok(Value::string(out))
    });
    functions.add(
        "replace",
        &[Type::String, Type::String, Type::String],
        |scope, args| replace(scope, args.bytes(0), args.bytes(1), args.bytes(2)),
    );
    functions.add(
        "plural",
        &[Type::String, Type::String, Type::INT],
        |_, args| Ok(args.value(usize::from(args.int(2) != 1)).clone()),
    );
    functions.add("wrap", &[Type::INT, Type::String], |_, args| {
        Ok(Value::string(words::wrap(
            args.bytes(1),
            args.int(0),
            b"",
            false,
        )))
    });
    functions.add(
        "wrapWith",
        &[Type::INT, Type::String, Type::String],
        |scope, args| {
            let (width, text) = (args.int(0).max(1), args.bytes(2));
            let lines = text.len() / usize::try_from(width).unwrap_or(usize::MAX) + 1;
            scope.charge(lines.saturating_mul(args.bytes(1).len()))?;
            Ok(Value::string(words::wrap(text, width, args.bytes(1), true)))
        },
    );
}

/// Functions of one text as characters.
fn register_case(functions: &mut Functions) {
    let mut add = |name, function: fn(&str) -> String| {
        functions.add(name, STRING, move |_, args| {
            Ok(Value::string(function(&args.text(0).to_str())))
        });
    };
    add("upper", case::upper);
    add("lower", case::lower);
    add("title", case::title);
    add("untitle", case::untitle);
    add("swapcase", case::swap);
    add("camelcase", case::pascal);
    add("snakecase", |text| case::connected(text, '_'));
    add("kebabcase", |text| case::connected(text, '-'));
}

fn register_cutting(functions: &mut Functions) {
    functions.add("trunc", &[Type::INT, Type::String], |_, args| {
        Ok(Value::string(words::truncate(args.int(0), args.bytes(1))))
    });
    functions.add(
        "substr",
        &[Type::INT, Type::INT, Type::String],
        |_, args| {
            let part = words::substring(args.int(0), args.int(1), args.bytes(2));
            part.map(Value::string).map_err(Failure::new)
        },
    );
    functions.add("abbrev", &[Type::INT, Type::String], |_, args| {
        let text = words::abbreviate(args.int(0), args.bytes(1));
        text.map(Value::string).map_err(Failure::new)
    });
    functions.add(
        "abbrevboth",
        &[Type::INT, Type::INT, Type::String],
        |_, args| {
            let text = words::abbreviate_both(args.int(0), args.int(1), args.bytes(2));
            text.map(Value::string).map_err(Failure::new)
        },
    );
    functions.add("nospace", STRING, |_, args| {
        Ok(Value::string(words::without_space(args.bytes(0))))
    });
    functions.add("initials", STRING, |_, args| {
        Ok(Value::string(words::initials(args.bytes(0))))
    });
    functions.add("trim", STRING, |_, args| {
        Ok(Value::string(trim_space(args.bytes(0))))
    });
    for name in ["trimAll", "trimall"] {
        functions.add(name, TWO_STRINGS, |_, args| {
            Ok(Value::string(trim(args.bytes(1), args.bytes(0))))
        });
    }
    functions.add("trimPrefix", TWO_STRINGS, |_, args| {
        let text = args.bytes(1);
        Ok(Value::string(
            text.strip_prefix(args.bytes(0)).unwrap_or(text),
        ))
    });
    functions.add("trimSuffix", TWO_STRINGS, |_, args| {
        let text = args.bytes(1);
        Ok(Value::string(
            text.strip_suffix(args.bytes(0)).unwrap_or(text),
        ))
    });
}

/// The part comes first, the text last, so that a pipeline can end in these.
fn register_searching(functions: &mut Functions) {
    functions.add("contains", TWO_STRINGS, |_, args| {
        Ok(Value::Bool(find(args.bytes(1), args.bytes(0)).is_some()))
    });
    functions.add("hasPrefix", TWO_STRINGS, |_, args| {
        Ok(Value::Bool(args.bytes(1).starts_with(args.bytes(0))))
    });
    functions.add("hasSuffix", TWO_STRINGS, |_, args| {
        Ok(Value::Bool(args.bytes(1).ends_with(args.bytes(0))))
    });
}

fn register_splitting(functions: &mut Functions) {
    functions.add("splitList", TWO_STRINGS, |scope, args| {
        Ok(Value::strings(split(
            scope,
            args.bytes(1),
            args.bytes(0),
            None,
        )?))
    });
    functions.add("split", TWO_STRINGS, |scope, args| {
        let parts = split(scope, args.bytes(1), args.bytes(0), None)?;
        Ok(numbered(parts))
    });
    functions.add(
        "splitn",
        &[Type::String, Type::INT, Type::String],
        |scope, args| {
            // Less than nothing is no limit.
            let limit = usize::try_from(args.int(1)).ok();
            let parts = split(scope, args.bytes(2), args.bytes(0), limit)?;
            Ok(numbered(parts))
        },
    );
}

fn indent(scope: &mut Scope<'_>, args: Args<'_>) -> Result<Vec<u8>, Failure> {
    let Ok(width) = usize::try_from(args.int(0)) else {
        return Err(Failure::new("strings: negative Repeat count"));
    };
    let text = args.bytes(1);
    let lines = memchr::memchr_iter(b'\n', text).count() + 1;
    scope.charge(width.saturating_mul(lines).saturating_add(text.len()))?;
    Ok(words::indent(&vec![b' '; width], text))
}

/// Where `part` first is in `text`.
fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, part)
}

fn replace(scope: &mut Scope<'_>, old: &[u8], new: &[u8], text: &[u8]) -> Result<Value, Failure> {
    if old.is_empty() {
        // Between all characters, at the beginning, and at the end.
        let runes = crate::text::runes(text);
        scope.charge(new.len().saturating_mul(runes.len() + 1))?;
        let mut out = new.to_vec();
        for rune in runes {
            out.extend_from_slice(rune);
            out.extend_from_slice(new);
        }
        return Ok(Value::string(out));
    }
    let found: Vec<usize> = memchr::memmem::find_iter(text, old).collect();
    if found.is_empty() {
        return Ok(Value::string(text));
    }
    let length = text.len() - found.len() * old.len();
    let length = length.saturating_add(found.len().saturating_mul(new.len()));
    scope.charge(length)?;
    let mut out = Vec::with_capacity(length);
    let mut at = 0;
    for start in found {
        out.extend_from_slice(&text[at..start]);
        out.extend_from_slice(new);
        at = start + old.len();
    }
    out.extend_from_slice(&text[at..]);
    Ok(Value::string(out))
}

/// The parts of a text between separators, at most `limit`; without a separator its characters.
fn split<'a>(
    scope: &mut Scope<'_>,
    text: &'a [u8],
    separator: &[u8],
    limit: Option<usize>,
) -> Result<Vec<&'a [u8]>, Failure> {
    if limit == Some(0) {
        return Ok(Vec::new());
    }
    let limit = limit.unwrap_or(usize::MAX);
    let mut parts = Vec::new();
    if separator.is_empty() {
        parts = crate::text::runes(text);
        if parts.len() > limit {
            let kept: usize = parts[..limit - 1].iter().map(|rune| rune.len()).sum();
            parts.truncate(limit - 1);
            parts.push(&text[kept..]);
        }
    } else {
        let mut at = 0;
        for found in memchr::memmem::find_iter(text, separator).take(limit - 1) {
            parts.push(&text[at..found]);
            at = found + separator.len();
        }
        parts.push(&text[at..]);
    }
    scope.charge(parts.len().saturating_mul(size_of::<Value>()))?;
    Ok(parts)
}

/// `{"_0": …, "_1": …}`
fn numbered(parts: Vec<&[u8]>) -> Value {
    let map = Map::of(MapType::STRING);
    for (index, part) in parts.into_iter().enumerate() {
        map.insert(format!("_{index}"), Text::from(part));
    }
    Value::Map(map)
}

fn trim_space(text: &[u8]) -> &[u8] {
    let space = |rune: &[u8]| {
        std::str::from_utf8(rune).is_ok_and(|rune| rune.chars().all(crate::text::unicode::is_space))
    };
    trim_runes(text, space)
}

/// Without the characters of `set` on both ends.
fn trim<'a>(text: &'a [u8], set: &[u8]) -> &'a [u8] {
    let set: HashSet<&[u8]> = crate::text::runes(set).into_iter().collect();
    if set.is_empty() {
        return text;
    }
    trim_runes(text, |rune| set.contains(rune))
}

fn trim_runes(text: &[u8], cut: impl Fn(&[u8]) -> bool) -> &[u8] {
    let runes = crate::text::runes(text);
    let start: usize = runes
        .iter()
        .take_while(|rune| cut(rune))
        .map(|rune| rune.len())
        .sum();
    let end: usize = runes
        .iter()
        .rev()
        .take_while(|rune| cut(rune))
        .map(|rune| rune.len())
        .sum();
    if start + end >= text.len() {
        return &[];
    }
    &text[start..text.len() - end]
}
