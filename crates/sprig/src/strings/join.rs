//! Texts out of values, quoted and joined.

use windlass_gotemplate::{Failure, Functions, Scope, Text, Type, Value, format, strconv};

pub(crate) fn register(functions: &mut Functions) {
    functions.add("toString", &[Type::Any], |scope, args| {
        Ok(Value::String(string_value(scope, args.value(0))?))
    });
    functions.add("toStrings", &[Type::Any], |scope, args| {
        Ok(Value::strings(strings(scope, args.value(0))?))
    });
    functions.add("join", &[Type::String, Type::Any], |scope, args| {
        join(scope, args.bytes(0), args.value(1))
    });
    functions.add_variadic("quote", &[], Type::Any, |scope, args| {
        each(scope, args.all(), |scope, out, value| {
            let text = string_value(scope, value)?;
            out.extend_from_slice(strconv::quote(&text).as_bytes());
            Ok(())
        })
    });
    functions.add_variadic("squote", &[], Type::Any, |scope, args| {
        each(scope, args.all(), |scope, out, value| {
            out.push(b'\'');
            out.extend_from_slice(&plain(scope, value)?);
            out.push(b'\'');
            Ok(())
        })
    });
    functions.add_variadic("cat", &[], Type::Any, |scope, args| {
        each(scope, args.all(), |scope, out, value| {
            out.extend_from_slice(&plain(scope, value)?);
            Ok(())
        })
    });
}

/// The value as text: texts as they are, anything else as `%v` prints it.
pub(crate) fn string_value(scope: &mut Scope<'_>, value: &Value) -> Result<Text, Failure> {
    match value {
        Value::String(text) | Value::Bytes(text) => Ok(text.clone()),
        value => plain(scope, value),
    }
}

/// As `%v` prints it.
fn plain(scope: &mut Scope<'_>, value: &Value) -> Result<Text, Failure> {
    if let Value::String(text) = value {
        return Ok(text.clone());
    }
    let text = format::display(value, scope.bytes_left())?;
    scope.charge(text.len())?;
    Ok(text)
}

/// What is written for each value that is not nil, with spaces in between.
fn each(
    scope: &mut Scope<'_>,
    values: &[Value],
    write: impl Fn(&mut Scope<'_>, &mut Vec<u8>, &Value) -> Result<(), Failure>,
) -> Result<Value, Failure> {
    let mut out = Vec::new();
    for (at, value) in values.iter().filter(|value| !value.is_nil()).enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        let before = out.len();
        write(scope, &mut out, value)?;
        scope.charge(out.len() - before)?;
    }
    Ok(Value::string(out))
}

/// The elements of a list as texts, without nil; of any other value the one text.
pub(crate) fn strings(scope: &mut Scope<'_>, value: &Value) -> Result<Vec<Text>, Failure> {
    match value.items() {
        Some(items) => items
            .iter()
            .filter(|item| !item.is_nil())
            .map(|item| string_value(scope, item))
            .collect(),
        None if value.is_nil() => Ok(Vec::new()),
        None => Ok(vec![string_value(scope, value)?]),
    }
}

fn join(scope: &mut Scope<'_>, separator: &[u8], value: &Value) -> Result<Value, Failure> {
    let parts = strings(scope, value)?;
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let separators = parts
        .len()
        .saturating_sub(1)
        .saturating_mul(separator.len());
    scope.charge(length.saturating_add(separators))?;
    Ok(Value::string(parts.join(separator)))
}
