//! `eq`, `ne`, `lt`, `le`, `gt`, `ge`, `not`.

use std::rc::Rc;

use crate::error::Failure;
use crate::exec::Scope;
use crate::format;
use crate::function::Functions;
use crate::value::{Kind, Type, Value, lossy};

pub(super) fn register(functions: &mut Functions) {
    functions.add("not", &[Type::Reflect], |_, args| {
        Ok(Value::Bool(!args.value(0).is_true()))
    });
    functions.add_variadic("eq", &[Type::Reflect], Type::Reflect, |scope, args| {
        equals_any(scope, args.value(0), args.rest(1)).map(Value::Bool)
    });
    functions.add("ne", &[Type::Reflect, Type::Reflect], |scope, args| {
        let equal = equals_any(scope, args.value(0), args.rest(1))?;
        Ok(Value::Bool(!equal))
    });
    functions.add("lt", &[Type::Reflect, Type::Reflect], |_, args| {
        less(args.value(0), args.value(1)).map(Value::Bool)
    });
    functions.add("le", &[Type::Reflect, Type::Reflect], |scope, args| {
        less_or_equal(scope, args.value(0), args.value(1)).map(Value::Bool)
    });
    functions.add("gt", &[Type::Reflect, Type::Reflect], |scope, args| {
        let other = less_or_equal(scope, args.value(0), args.value(1))?;
        Ok(Value::Bool(!other))
    });
    functions.add("ge", &[Type::Reflect, Type::Reflect], |_, args| {
        let other = less(args.value(0), args.value(1))?;
        Ok(Value::Bool(!other))
    });
}

/// What a value is compared as.
enum Basic {
    Bool(bool),
    Complex(f64, f64),
    Int(i64),
    Uint(u64),
    Float(f64),
    String(crate::value::Text),
    /// Not by its content, if at all.
    Other,
}

impl Basic {
    fn of(value: &Value) -> Self {
        match value.underlying() {
            Value::Bool(value) => Self::Bool(value),
            Value::Complex(re, im) => Self::Complex(re, im),
            Value::Int(_, value) => Self::Int(value),
            Value::Uint(_, value) => Self::Uint(value),
            Value::Float(_, value) => Self::Float(value),
            Value::String(text) => Self::String(text),
            _ => Self::Other,
        }
    }
}

fn incompatible(a: &Value, b: &Value) -> Failure {
    Failure::new(format!(
        "incompatible types for comparison: {} and {}",
        a.type_name(),
        b.type_name()
    ))
}

fn equals_any(scope: &Scope<'_>, value: &Value, others: &[Value]) -> Result<bool, Failure> {
    if others.is_empty() {
        return Err(Failure::new("missing argument for comparison"));
    }
    let basic = Basic::of(value);
    for other in others {
        if equals(scope, value, &basic, other)? {
            return Ok(true);
        }
    }
    Ok(false)
}

#[expect(clippy::float_cmp, reason = "Go compares with ==")]
fn equals(scope: &Scope<'_>, a: &Value, basic: &Basic, b: &Value) -> Result<bool, Failure> {
    Ok(match (basic, &Basic::of(b)) {
        (Basic::Bool(a), Basic::Bool(b)) => a == b,
        (Basic::Complex(ra, ia), Basic::Complex(rb, ib)) => ra == rb && ia == ib,
        (Basic::Int(a), Basic::Int(b)) => a == b,
        (Basic::Uint(a), Basic::Uint(b)) => a == b,
        (Basic::Float(a), Basic::Float(b)) => a == b,
        (Basic::String(a), Basic::String(b)) => a == b,
        (Basic::Int(a), Basic::Uint(b)) | (Basic::Uint(b), Basic::Int(a)) => {
            u64::try_from(*a).is_ok_and(|a| a == *b)
        }
        (Basic::Other, Basic::Other) => return same(scope, a, b),
        _ if a.is_nil() || b.is_nil() => false,
        _ => return Err(incompatible(a, b)),
    })
}

/// Values that have no basic kind: nil, or the same struct or pointer.
fn same(scope: &Scope<'_>, a: &Value, b: &Value) -> Result<bool, Failure> {
    let shown = |value: &Value, verb: &[u8]| {
        let text = format::sprintf(verb, std::slice::from_ref(value), scope.bytes_left())?;
        Ok::<_, Failure>(lossy(&text).into_owned())
    };
    if a.kind() != b.kind() && !a.is_nil() && !b.is_nil() {
        return Err(Failure::new(format!(
            "non-comparable types {}: {}, {}: {}",
            shown(a, b"%s")?,
            a.type_name(),
            b.type_name(),
            shown(b, b"%v")?
        )));
    }
    if a.is_nil_of_its_type() || b.is_nil_of_its_type() {
        return Ok(a.is_nil_of_its_type() && b.is_nil_of_its_type());
    }
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let equal = a.ty() == b.ty() && a.ty().kind != Kind::Pointer && a.equals(b.as_ref());
            Ok(Rc::ptr_eq(a, b) || equal)
        }
        _ => Err(Failure::new(format!(
            "non-comparable type {}: {}",
            shown(b, b"%s")?,
            b.type_name()
        ))),
    }
}

fn less(a: &Value, b: &Value) -> Result<bool, Failure> {
    let bad = || Failure::new("invalid type for comparison");
    Ok(match (Basic::of(a), Basic::of(b)) {
        (Basic::Other, _) | (_, Basic::Other) => return Err(bad()),
        (Basic::Int(a), Basic::Int(b)) => a < b,
        (Basic::Uint(a), Basic::Uint(b)) => a < b,
        (Basic::Float(a), Basic::Float(b)) => a < b,
        (Basic::String(a), Basic::String(b)) => a < b,
        (Basic::Int(a), Basic::Uint(b)) => u64::try_from(a).map_or(true, |a| a < b),
        (Basic::Uint(a), Basic::Int(b)) => u64::try_from(b).is_ok_and(|b| a < b),
        (Basic::Bool(_), Basic::Bool(_)) | (Basic::Complex(..), Basic::Complex(..)) => {
            return Err(bad());
        }
        _ => return Err(incompatible(a, b)),
    })
}

fn less_or_equal(scope: &Scope<'_>, a: &Value, b: &Value) -> Result<bool, Failure> {
    Ok(less(a, b)? || equals(scope, a, &Basic::of(a), b)?)
}
