//! JSON as Go's `encoding/json` writes and reads it.

mod decode;
mod encode;

pub use decode::decode;
pub use encode::{Escape, encode};

use windlass_gotemplate::{Failure, Functions, Outcome, Scope, Type, Value};

const INDENT: &[u8] = b"  ";

pub(crate) fn register(functions: &mut Functions) {
    functions.add("fromJson", &[Type::String], |scope, args| {
        scope.charge(decoded_size(args.bytes(0)))?;
        let (value, _) = decode(args.bytes(0));
        Ok(value)
    });
    functions.add("mustFromJson", &[Type::String], |scope, args| {
        scope.charge(decoded_size(args.bytes(0)))?;
        match decode(args.bytes(0)) {
            (value, None) => Ok(value),
            (_, Some(error)) => Err(Failure::new(error)),
        }
    });
    // Of what cannot be encoded the ones without `must` make an empty text, but for `toRawJson`.
    functions.add("toJson", &[Type::Any], |scope, args| {
        or_empty(encoded(scope, args.value(0), Escape::Html, None))
    });
    functions.add("mustToJson", &[Type::Any], |scope, args| {
        encoded(scope, args.value(0), Escape::Html, None)
    });
    functions.add("toPrettyJson", &[Type::Any], |scope, args| {
        or_empty(encoded(scope, args.value(0), Escape::Html, Some(INDENT)))
    });
    functions.add("mustToPrettyJson", &[Type::Any], |scope, args| {
        encoded(scope, args.value(0), Escape::Html, Some(INDENT))
    });
    for name in ["toRawJson", "mustToRawJson"] {
        functions.add(name, &[Type::Any], |scope, args| {
            encoded(scope, args.value(0), Escape::Minimal, None)
        });
    }
}

/// What the value of a JSON text takes in memory, about; never less than the text.
pub fn decoded_size(text: &[u8]) -> usize {
    let values = memchr::memchr3_iter(b',', b'[', b'{', text).count();
    text.len()
        .saturating_add(values.saturating_mul(size_of::<Value>()))
}

fn encoded(scope: &mut Scope<'_>, value: &Value, escape: Escape, indent: Option<&[u8]>) -> Outcome {
    let text = encode(value, escape, indent, scope.bytes_left())?;
    scope.charge(text.len())?;
    Ok(Value::string(text))
}

fn or_empty(outcome: Outcome) -> Outcome {
    match outcome {
        Err(failure) if failure.as_limit().is_none() => Ok(Value::string("")),
        outcome => outcome,
    }
}
