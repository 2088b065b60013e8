//! `index`, `slice`, `len`.

use crate::error::Failure;
use crate::exec::Scope;
use crate::function::{Functions, Outcome};
use crate::value::{List, Text, Type, UintKind, Value};

pub(super) fn register(functions: &mut Functions) {
    functions.add_variadic("index", &[Type::Reflect], Type::Reflect, |_, args| {
        index(args.value(0), args.rest(1))
    });
    functions.add_variadic("slice", &[Type::Reflect], Type::Reflect, |scope, args| {
        slice(scope, args.value(0), args.rest(1))
    });
    functions.add("len", &[Type::Reflect], |_, args| length(args.value(0)));
}

fn index(item: &Value, indexes: &[Value]) -> Outcome {
    if item.is_nil() {
        return Err(Failure::new("index of untyped nil"));
    }
    let mut item = item.clone();
    for index in indexes {
        item = match &item {
            Value::Missing | Value::Nil => return Err(Failure::new("index of nil pointer")),
            Value::List(list) => {
                let at = position(index, list.len())?;
                list.get(at).cloned().ok_or_else(|| out_of_range("slice"))?
            }
            Value::Bytes(bytes) => byte_at(bytes, position(index, bytes.len())?, "slice")?,
            Value::String(text) => byte_at(text, position(index, text.len())?, "string")?,
            Value::Map(map) => {
                let key = index.prepared_for(Type::String)?;
                key.as_text()
                    .and_then(|key| map.get(key))
                    .unwrap_or_else(|| map.ty().elem.zero())
            }
            other => {
                let ty = other.followed_type_name();
                return Err(Failure::new(format!("can't index item of type {ty}")));
            }
        };
    }
    Ok(item)
}

fn byte_at(bytes: &Text, at: usize, what: &str) -> Outcome {
    let byte = bytes.get(at).ok_or_else(|| out_of_range(what))?;
    Ok(Value::Uint(UintKind::Uint8, u64::from(*byte)))
}

/// The index right behind the end is only noticed by the access itself.
fn out_of_range(what: &str) -> Failure {
    Failure::new(format!("reflect: {what} index out of range"))
}

fn position(index: &Value, end: usize) -> Result<usize, Failure> {
    #[expect(clippy::cast_possible_wrap, reason = "as Go converts")]
    let number = match index.underlying() {
        Value::Int(_, number) => number,
        Value::Uint(_, number) => number as i64,
        Value::Missing | Value::Nil => {
            return Err(Failure::new("cannot index slice/array with nil"));
        }
        other => {
            let ty = other.type_name();
            return Err(Failure::new(format!(
                "cannot index slice/array with type {ty}"
            )));
        }
    };
    usize::try_from(number)
        .ok()
        .filter(|at| *at <= end)
        .ok_or_else(|| Failure::new(format!("index out of range: {number}")))
}

fn slice(scope: &Scope<'_>, item: &Value, indexes: &[Value]) -> Outcome {
    if item.is_nil() {
        return Err(Failure::new("slice of untyped nil"));
    }
    if indexes.len() > 3 {
        return Err(Failure::new(format!(
            "too many slice indexes: {}",
            indexes.len()
        )));
    }
    let end = match item {
        Value::String(_) if indexes.len() == 3 => {
            return Err(Failure::new("cannot 3-index slice a string"));
        }
        Value::String(text) | Value::Bytes(text) => text.len(),
        Value::List(list) => list.len(),
        other => {
            let ty = other.followed_type_name();
            return Err(Failure::new(format!("can't slice item of type {ty}")));
        }
    };
    let mut bounds = [0, end, end];
    for (at, (bound, index)) in bounds.iter_mut().zip(indexes).enumerate() {
        // Unlike `index`, Go's `slice` does not look into interfaces.
        if scope.came_boxed(at + 1) {
            let message = "cannot index slice/array with type interface {}";
            return Err(Failure::new(message));
        }
        *bound = position(index, end)?;
    }
    let [from, to, cap] = bounds;
    for (low, high) in [(from, to), (to, cap)] {
        if low > high {
            return Err(Failure::new(format!("invalid slice index: {low} > {high}")));
        }
    }
    Ok(match item {
        Value::String(text) => Value::string(&text[from..to]),
        Value::Bytes(bytes) => Value::Bytes(Text::from(&bytes[from..to])),
        Value::List(list) => Value::List(List::of(list.ty(), list[from..to].to_vec())),
        other => other.clone(),
    })
}

fn length(item: &Value) -> Outcome {
    let length = match item {
        Value::Nil => return Err(Failure::new("len of nil pointer")),
        Value::Missing => {
            return Err(Failure::new(
                "reflect: call of reflect.Value.Type on zero Value",
            ));
        }
        Value::String(text) | Value::Bytes(text) => text.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        other => {
            let ty = other.followed_type_name();
            return Err(Failure::new(format!("len of type {ty}")));
        }
    };
    Ok(Value::int(i64::try_from(length).unwrap_or(i64::MAX)))
}
