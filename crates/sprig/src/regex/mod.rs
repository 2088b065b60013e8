//! Regular expressions as Go's `regexp` has them, for templates.

mod expression;

use std::num::NonZeroUsize;
use std::sync::Arc;

use windlass_gotemplate::strconv::quote;
use windlass_gotemplate::{Failure, Functions, List, ListType, Outcome, Scope, Text, Type, Value};

use expression::{Cache, Expression, Template};
use windlass_go_regexp::TOO_LARGE;

pub(crate) fn register(functions: &mut Functions) {
    let cache = Arc::new(Cache::default());
    register_finding(functions, &cache);
    register_replacing(functions, &cache);
    functions.add("regexQuoteMeta", &[Type::String], |_, args| {
        let mut out = Vec::with_capacity(args.bytes(0).len());
        for c in args.bytes(0) {
            if b"\\.+*?()|[]{}^$".contains(c) {
                out.push(b'\\');
            }
            out.push(*c);
        }
        Ok(Value::string(out))
    });
}

/// What is done with a bad expression: an error, or what would be a panic and says more.
#[derive(Clone, Copy)]
enum Bad {
    Error,
    Panic,
}

/// An expression, or what is wrong with it. One that is too large counts for the time it takes to find out.
fn found(
    scope: &mut Scope<'_>,
    cache: &Cache,
    expression: &[u8],
) -> Result<Result<Arc<Expression>, String>, Failure> {
    let found = cache.get(expression);
    if found.as_ref().is_err_and(|error| error.contains(TOO_LARGE)) {
        scope.charge_steps(Expression::MOST_STEPS)?;
    }
    Ok(found)
}

fn compiled(
    scope: &mut Scope<'_>,
    cache: &Cache,
    expression: &[u8],
    bad: Bad,
) -> Result<Arc<Expression>, Failure> {
    found(scope, cache, expression)?.map_err(|error| {
        Failure::new(match bad {
            Bad::Error => error,
            Bad::Panic => {
                let raw = !expression
                    .iter()
                    .any(|c| *c == b'`' || c.is_ascii_control() && *c != b'\t');
                let raw = raw && std::str::from_utf8(expression).is_ok();
                let shown = if raw {
                    format!("`{}`", String::from_utf8_lossy(expression))
                } else {
                    quote(expression)
                };
                format!("regexp: Compile({shown}): {error}")
            }
        })
    })
}

fn register_finding(functions: &mut Functions, cache: &Arc<Cache>) {
    const MATCH: &[Type] = &[Type::String, Type::String];
    const ALL: &[Type] = &[Type::String, Type::String, Type::INT];
    let expressions = Arc::clone(cache);
    functions.add("regexMatch", MATCH, move |scope, args| {
        // Nothing matches a bad expression.
        let Ok(expression) = found(scope, &expressions, args.bytes(0))? else {
            return Ok(Value::Bool(false));
        };
        scope.charge_steps(expression.steps(args.bytes(1).len()))?;
        Ok(Value::Bool(expression.is_match(args.bytes(1))))
    });
    let expressions = Arc::clone(cache);
    functions.add("mustRegexMatch", MATCH, move |scope, args| {
        let expression = compiled(scope, &expressions, args.bytes(0), Bad::Error)?;
        scope.charge_steps(expression.steps(args.bytes(1).len()))?;
        Ok(Value::Bool(expression.is_match(args.bytes(1))))
    });
    for (name, bad) in [("regexFind", Bad::Panic), ("mustRegexFind", Bad::Error)] {
        let expressions = Arc::clone(cache);
        functions.add(name, MATCH, move |scope, args| {
            let expression = compiled(scope, &expressions, args.bytes(0), bad)?;
            scope.charge_steps(expression.steps(args.bytes(1).len()))?;
            let found = expression.find_all(args.bytes(1), NonZeroUsize::new(1));
            let text = found
                .first()
                .map_or(&[][..], |range| &args.bytes(1)[range.clone()]);
            Ok(Value::string(text))
        });
    }
    for (name, bad) in [
        ("regexFindAll", Bad::Panic),
        ("mustRegexFindAll", Bad::Error),
    ] {
        let expressions = Arc::clone(cache);
        functions.add(name, ALL, move |scope, args| {
            let expression = compiled(scope, &expressions, args.bytes(0), bad)?;
            scope.charge_steps(expression.steps(args.bytes(1).len()))?;
            let text = args.bytes(1);
            let found: Vec<_> = match limit(args.int(2)) {
                Limit::None => expression.find_all(text, None),
                Limit::Count(count) => expression.find_all(text, Some(count)),
                Limit::Nothing => Vec::new(),
            };
            if found.is_empty() {
                return Ok(Value::List(List::nil(ListType::STRING)));
            }
            texts(scope, found.into_iter().map(|range| &text[range]).collect())
        });
    }
    for (name, bad) in [("regexSplit", Bad::Panic), ("mustRegexSplit", Bad::Error)] {
        let expressions = Arc::clone(cache);
        functions.add(name, ALL, move |scope, args| {
            let expression = compiled(scope, &expressions, args.bytes(0), bad)?;
            scope.charge_steps(expression.steps(args.bytes(1).len()))?;
            if args.int(2) == 0 {
                return Ok(Value::List(List::nil(ListType::STRING)));
            }
            let parts = split(
                &expression,
                args.bytes(0),
                args.bytes(1),
                &limit(args.int(2)),
            );
            texts(scope, parts)
        });
    }
}

fn register_replacing(functions: &mut Functions, cache: &Arc<Cache>) {
    const REPLACE: &[Type] = &[Type::String, Type::String, Type::String];
    for (name, bad, literal) in [
        ("regexReplaceAll", Bad::Panic, false),
        ("mustRegexReplaceAll", Bad::Error, false),
        ("regexReplaceAllLiteral", Bad::Panic, true),
        ("mustRegexReplaceAllLiteral", Bad::Error, true),
    ] {
        let expressions = Arc::clone(cache);
        functions.add(name, REPLACE, move |scope, args| {
            let (text, replacement) = (args.bytes(1), args.bytes(2));
            let expression = compiled(scope, &expressions, args.bytes(0), bad)?;
            scope.charge_steps(expression.steps(text.len()))?;
            let template = if literal {
                Template::literal(replacement)
            } else {
                Template::parse(replacement)
            };
            let out = expression.replace_all(text, &template, |bytes| scope.charge(bytes))?;
            Ok(Value::string(out))
        });
    }
}

fn texts(scope: &mut Scope<'_>, found: Vec<&[u8]>) -> Outcome {
    scope.charge(found.len().saturating_mul(size_of::<Value>()))?;
    let items = found
        .into_iter()
        .map(|text| Value::String(Text::from(text)));
    Ok(Value::List(List::of(ListType::STRING, items.collect())))
}

enum Limit {
    None,
    Nothing,
    Count(NonZeroUsize),
}

/// Less than nothing is no limit.
fn limit(count: i64) -> Limit {
    match usize::try_from(count) {
        Err(_) => Limit::None,
        Ok(count) => NonZeroUsize::new(count).map_or(Limit::Nothing, Limit::Count),
    }
}

fn split<'a>(
    expression: &Expression,
    source: &[u8],
    text: &'a [u8],
    limit: &Limit,
) -> Vec<&'a [u8]> {
    let count = match limit {
        Limit::Nothing => return Vec::new(),
        Limit::None => None,
        Limit::Count(count) => Some(*count),
    };
    if text.is_empty() && !source.is_empty() {
        return vec![text];
    }
    let mut parts = Vec::new();
    let (mut start, mut end) = (0, 0);
    for found in expression.find_all(text, count) {
        if count.is_some_and(|count| parts.len() + 1 == count.get()) {
            break;
        }
        end = found.start;
        if found.end != 0 {
            parts.push(&text[start..end]);
        }
        start = found.end;
    }
    if end != text.len() {
        parts.push(&text[start..]);
    }
    parts
}
