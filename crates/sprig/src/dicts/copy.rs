//! Copies that share nothing with the original.

use windlass_gotemplate::{Failure, Functions, Limit, List, Map, Scope, Type, Value};

use super::{MAX_DEPTH, deeper};
use crate::semver::Version;

pub(super) fn register(functions: &mut Functions) {
    for name in ["deepCopy", "mustDeepCopy"] {
        functions.add(name, &[Type::Any], |scope, args| {
            if args.value(0).is_nil() {
                return Err(Failure::new(
                    "reflect: call of reflect.Value.Type on zero Value",
                ));
            }
            copy(scope, args.value(0), 0)
        });
    }
}

fn copy(scope: &mut Scope<'_>, value: &Value, depth: usize) -> Result<Value, Failure> {
    if depth > MAX_DEPTH {
        return Err(Limit::Nesting.into());
    }
    scope.charge(size_of::<Value>())?;
    Ok(match value {
        Value::List(list) if !list.is_nil() => {
            let items = list
                .iter()
                .map(|item| deeper(|| copy(scope, item, depth + 1)))
                .collect::<Result<_, _>>()?;
            Value::List(List::of(list.ty(), items))
        }
        Value::Map(map) if !map.is_nil() => {
            let copied = Map::of(map.ty());
            for (key, item) in map.entries() {
                copied.insert(key, deeper(|| copy(scope, &item, depth + 1))?);
            }
            Value::Map(copied)
        }
        // Its parts are private, and a copy does not have them.
        value if value.downcast::<Version>().is_some() => Value::object(Version::default()),
        value => value.clone(),
    })
}
