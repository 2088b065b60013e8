//! Maps. They are shared: what is set in one shows wherever it is used.

mod copy;
mod merge;

use windlass_gotemplate::{
    Args, Failure, Functions, List, ListType, Map, MapType, Outcome, Scope, Type, Value,
};

use crate::strings::string_value;

/// How deep values may nest where one is walked through.
pub(crate) const MAX_DEPTH: usize = 1000;

/// Goes one level deeper into a value, on more stack if there is little left.
pub(crate) fn deeper<T>(walk: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(64 << 10, 1 << 20, walk)
}

pub(crate) fn register(functions: &mut Functions) {
    merge::register(functions);
    copy::register(functions);
    functions.add_variadic("dict", &[], Type::Any, |scope, args| {
        let map = Map::new();
        for pair in args.all().chunks(2) {
            let key = string_value(scope, &pair[0])?;
            map.insert(
                key,
                pair.get(1).cloned().unwrap_or_else(|| Value::string("")),
            );
        }
        Ok(Value::Map(map))
    });
    functions.add("get", &[Type::MAP, Type::String], |_, args| {
        let value = args.map(0).get(args.bytes(1));
        Ok(value.unwrap_or_else(|| Value::string("")))
    });
    functions.add("hasKey", &[Type::MAP, Type::String], |_, args| {
        let has = args.map(0).contains(args.bytes(1));
        Ok(Value::Bool(has))
    });
    functions.add(
        "set",
        &[Type::MAP, Type::String, Type::Any],
        |scope, args| {
            let map = args.map(0);
            if map.is_nil() {
                return Err(Failure::new("assignment to entry in nil map"));
            }
            scope.charge(size_of::<Value>())?;
            map.insert(args.text(1), args.value(2).clone());
            Ok(args.value(0).clone())
        },
    );
    functions.add("unset", &[Type::MAP, Type::String], |_, args| {
        args.map(0).remove(args.bytes(1));
        Ok(args.value(0).clone())
    });
    functions.add_variadic("pluck", &[Type::String], Type::MAP, |_, args| {
        let maps = args.rest(1).iter().filter_map(Value::as_map);
        let found: Vec<Value> = maps.filter_map(|map| map.get(args.bytes(0))).collect();
        Ok(Value::from(found))
    });
    // In the order of the keys, where the original has none.
    functions.add_variadic("keys", &[], Type::MAP, |scope, args| {
        let mut keys = Vec::new();
        for map in args.all().iter().filter_map(Value::as_map) {
            scope.charge(map.len().saturating_mul(size_of::<Value>()))?;
            keys.extend(map.keys().into_iter().map(Value::String));
        }
        Ok(Value::List(List::of(ListType::STRING, keys)))
    });
    functions.add("values", &[Type::MAP], |scope, args| {
        let entries = args.map(0).entries();
        scope.charge(entries.len().saturating_mul(size_of::<Value>()))?;
        let values: Vec<Value> = entries.into_iter().map(|(_, value)| value).collect();
        Ok(Value::from(values))
    });
    functions.add_variadic("pick", &[Type::MAP], Type::String, |_, args| {
        let picked = Map::new();
        for key in args.rest(1).iter().filter_map(Value::as_text) {
            if let Some(value) = args.map(0).get(key) {
                picked.insert(key.clone(), value);
            }
        }
        Ok(Value::Map(picked))
    });
    functions.add_variadic("omit", &[Type::MAP], Type::String, |scope, args| {
        let kept = Map::new();
        let entries = args.map(0).entries();
        scope.charge(entries.len().saturating_mul(size_of::<Value>()))?;
        for (key, value) in entries {
            kept.insert(key, value);
        }
        for key in args.rest(1).iter().filter_map(Value::as_text) {
            kept.remove(key);
        }
        Ok(Value::Map(kept))
    });
    functions.add_variadic("dig", &[], Type::Any, dig);
}

/// The value at a path of keys through nested maps, or a default: `dig "a" "b" "default" $map`.
fn dig(_: &mut Scope<'_>, args: Args<'_>) -> Outcome {
    let [keys @ .., default, root] = args.all() else {
        return Err(Failure::new("dig needs at least three arguments"));
    };
    if keys.is_empty() {
        return Err(Failure::new("dig needs at least three arguments"));
    }
    let mut map = plain_map(root)?;
    let keys = keys
        .iter()
        .map(|key| key.as_text().ok_or_else(|| conversion(key, "string")))
        .collect::<Result<Vec<_>, _>>()?;
    for (at, key) in keys.iter().enumerate() {
        let Some(step) = map.get(key) else {
            return Ok(default.clone());
        };
        if at + 1 == keys.len() {
            return Ok(step);
        }
        map = plain_map(&step)?;
    }
    Ok(default.clone())
}

fn plain_map(value: &Value) -> Result<Map, Failure> {
    value
        .as_map()
        .filter(|map| map.ty() == MapType::ANY)
        .cloned()
        .ok_or_else(|| conversion(value, MapType::ANY.name))
}

/// What Go says where a value is asserted to be of a type that it is not.
fn conversion(value: &Value, wanted: &str) -> Failure {
    let name = if value.is_nil() {
        "nil"
    } else {
        value.type_name()
    };
    Failure::new(format!(
        "interface conversion: interface {{}} is {name}, not {wanted}"
    ))
}
