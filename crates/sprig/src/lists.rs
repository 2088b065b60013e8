//! Lists. Any slice will do, whatever its elements are.

use std::collections::HashSet;

use windlass_gotemplate::{
    Args, Failure, Functions, Kind, List, ListType, Outcome, Scope, Text, Type, Value, deep_equal,
};

use crate::numeric::cast::{cut, to_i64};

/// What Go says where nil is taken for a value with a type.
pub(crate) const NIL: &str = "runtime error: invalid memory address or nil pointer dereference";
const TOO_LONG: &str = "runtime error: makeslice: len out of range";

pub(crate) fn register(functions: &mut Functions) {
    for name in ["list", "tuple"] {
        functions.add_variadic(name, &[], Type::Any, |_, args| {
            Ok(Value::from(args.all().to_vec()))
        });
    }
    // The variants with `must` return errors where the others panic, which is the same to a template.
    let mut add = |names: &[&'static str], params: &'static [Type], body: Body| {
        for name in names {
            functions.add(name, params, body);
        }
    };
    const ONE: &[Type] = &[Type::Any];
    const TWO: &[Type] = &[Type::Any, Type::Any];
    add(&["append", "push", "mustAppend", "mustPush"], TWO, |scope, args| {
        let mut items = items(scope, args.value(0), "Cannot push on type")?;
        items.push(args.value(1).clone());
        Ok(Value::from(items))
    });
    add(&["prepend", "mustPrepend"], TWO, |scope, args| {
        let mut items = items(scope, args.value(0), "Cannot prepend on type")?;
        items.insert(0, args.value(1).clone());
        Ok(Value::from(items))
    });
    add(&["first", "mustFirst"], ONE, |scope, args| {
        let items = items(scope, args.value(0), "Cannot find first on type")?;
        Ok(items.into_iter().next().unwrap_or(Value::Nil))
    });
    add(&["last", "mustLast"], ONE, |scope, args| {
        let items = items(scope, args.value(0), "Cannot find last on type")?;
        Ok(items.into_iter().next_back().unwrap_or(Value::Nil))
    });
    add(&["rest", "mustRest"], ONE, |scope, args| {
        let items = items(scope, args.value(0), "Cannot find rest on type")?;
        Ok(items.split_first().map_or_else(nil_list, |(_, rest)| Value::from(rest.to_vec())))
    });
    add(&["initial", "mustInitial"], ONE, |scope, args| {
        let items = items(scope, args.value(0), "Cannot find initial on type")?;
        Ok(items.split_last().map_or_else(nil_list, |(_, rest)| Value::from(rest.to_vec())))
    });
    add(&["reverse", "mustReverse"], ONE, |scope, args| {
        let mut items = items(scope, args.value(0), "Cannot find reverse on type")?;
        items.reverse();
        Ok(Value::from(items))
    });
    add(&["compact", "mustCompact"], ONE, |scope, args| {
        let mut items = items(scope, args.value(0), "Cannot compact on type")?;
        items.retain(Value::is_true);
        Ok(Value::from(items))
    });
    add(&["uniq", "mustUniq"], ONE, uniq);
    add(&["has", "mustHas"], TWO, has);
    const CHUNK: &[Type] = &[Type::INT, Type::Any];
    add(&["chunk", "mustChunk"], CHUNK, chunk);
    add(&["sortAlpha"], ONE, sort_alpha);
    for name in ["without", "mustWithout"] {
        functions.add_variadic(name, ONE, Type::Any, without);
    }
    for name in ["slice", "mustSlice"] {
        functions.add_variadic(name, ONE, Type::Any, slice);
    }
    functions.add_variadic("concat", &[], Type::Any, |scope, args| {
        let mut all = Vec::new();
        for list in args.all() {
            let part = list.items().ok_or_else(|| match list.kind() {
                Kind::Invalid => Failure::new(NIL),
                kind => Failure::new(format!("Cannot concat type {} as list", kind.name())),
            })?;
            scope.charge(part.len().saturating_mul(size_of::<Value>()))?;
            all.extend(part);
        }
        Ok(if all.is_empty() { nil_list() } else { Value::from(all) })
    });
}

type Body = fn(&mut Scope<'_>, Args<'_>) -> Outcome;

/// A nil `[]interface {}`.
fn nil_list() -> Value {
    Value::List(List::of(ListType::ANY, Vec::new()))
}

/// The elements of a list, or Go's complaint about what is none.
fn items(
    scope: &mut Scope<'_>,
    value: &Value,
    complaint: &str,
) -> Result<Vec<Value>, Failure> {
    let items = value.items().ok_or_else(|| match value.kind() {
        Kind::Invalid => Failure::new(NIL),
        kind => Failure::new(format!("{complaint} {}", kind.name())),
    })?;
    scope.charge(items.len().saturating_mul(size_of::<Value>()))?;
    Ok(items)
}

fn uniq(scope: &mut Scope<'_>, args: Args<'_>) -> Outcome {
    let items = items(scope, args.value(0), "Cannot find uniq on type")?;
    let mut seen = Set::default();
    let mut unique = Vec::new();
    for item in items {
        if seen.insert(scope, &item)? {
            unique.push(item);
        }
    }
    Ok(Value::from(unique))
}

fn without(scope: &mut Scope<'_>, args: Args<'_>) -> Outcome {
    let items = items(scope, args.value(0), "Cannot find without on type")?;
    let mut omitted = Set::default();
    for value in args.rest(1) {
        omitted.insert(scope, value)?;
    }
    let mut kept = Vec::new();
    for item in items {
        if !omitted.contains(scope, &item)? {
            kept.push(item);
        }
    }
    Ok(Value::from(kept))
}

fn has(scope: &mut Scope<'_>, args: Args<'_>) -> Outcome {
    if args.value(1).is_nil() {
        return Ok(Value::Bool(false));
    }
    let items = items(scope, args.value(1), "Cannot find has on type")?;
    for item in items {
        scope.charge_steps(1)?;
        if deep_equal(args.value(0), &item)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

/// Values told apart by type and content, as `reflect.DeepEqual` does.
#[derive(Default)]
struct Set {
    simple: HashSet<(&'static str, Text)>,
    others: Vec<Value>,
}

impl Set {
    fn contains(&self, scope: &mut Scope<'_>, value: &Value) -> Result<bool, Failure> {
        if let Some(key) = simple_key(value) {
            return Ok(self.simple.contains(&key));
        }
        for other in &self.others {
            scope.charge_steps(1)?;
            if deep_equal(other, value)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the value is new.
    fn insert(&mut self, scope: &mut Scope<'_>, value: &Value) -> Result<bool, Failure> {
        if self.contains(scope, value)? {
            return Ok(false);
        }
        match simple_key(value) {
            Some(key) => drop(self.simple.insert(key)),
            None => self.others.push(value.clone()),
        }
        Ok(true)
    }
}

/// Type and content of values that can be looked up.
fn simple_key(value: &Value) -> Option<(&'static str, Text)> {
    let text = match value {
        Value::Missing | Value::Nil => Text::empty(),
        Value::String(text) => text.clone(),
        Value::Bool(value) => Text::from(value.to_string()),
        Value::Int(_, value) => Text::from(value.to_string()),
        Value::Uint(_, value) => Text::from(value.to_string()),
        _ => return None,
    };
    Some((value.type_name(), text))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the number of chunks is computed in floats by the original"
)]
fn chunk(scope: &mut Scope<'_>, args: Args<'_>) -> Outcome {
    let size = args.int(0);
    let items = items(scope, args.value(1), "Cannot chunk type")?;
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let chunks = cut(((length - 1) as f64 / size as f64).floor() + 1.0);
    // A size below one leads to a number of chunks, or to a last chunk, that cannot be made.
    if chunks < 0 || chunks > 0 && size <= 0 {
        return Err(Failure::new(TOO_LONG));
    }
    let size = usize::try_from(size).unwrap_or(1).max(1);
    let chunks: Vec<Value> = if chunks == 0 {
        Vec::new()
    } else {
        items
            .chunks(size)
            .map(|part| Value::from(part.to_vec()))
            .collect()
    };
    Ok(Value::List(List::of(ListType::LIST, chunks)))
}

fn sort_alpha(scope: &mut Scope<'_>, args: Args<'_>) -> Outcome {
    let value = args.value(0);
    if value.items().is_none() {
        let text = crate::strings::string_value(scope, value)?;
        return Ok(Value::strings([text]));
    }
    let mut texts = crate::strings::strings(scope, value)?;
    texts.sort();
    Ok(Value::strings(texts))
}

fn slice(scope: &mut Scope<'_>, args: Args<'_>) -> Outcome {
    let value = args.value(0);
    let items = items(scope, value, "list should be type of slice or array but")?;
    if items.is_empty() {
        return Ok(Value::Nil);
    }
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let index = |at: usize| args.rest(1).get(at).map(to_i64);
    let (start, end) = (index(0).unwrap_or(0), index(1).unwrap_or(length));
    let bounds = (usize::try_from(start), usize::try_from(end));
    let part = match bounds {
        (Ok(start), Ok(end)) => items.get(start..end),
        _ => None,
    }
    .ok_or_else(|| Failure::new("reflect.Value.Slice: slice index out of bounds"))?;
    Ok(match value {
        Value::List(list) => Value::List(List::of(list.ty(), part.to_vec())),
        Value::Bytes(bytes) => {
            let (Ok(start), Ok(end)) = bounds else {
                return Ok(Value::Nil);
            };
            Value::Bytes(Text::from(&bytes[start..end]))
        }
        _ => Value::from(part.to_vec()),
    })
}
