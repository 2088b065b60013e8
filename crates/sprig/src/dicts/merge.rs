//! Maps merged into others as `mergo` does it.

use windlass_gotemplate::{Failure, Functions, Limit, Map, Scope, Type, Value};

use super::{MAX_DEPTH, deeper};

pub(super) fn register(functions: &mut Functions) {
    for (name, overwrite) in [
        ("merge", false),
        ("mustMerge", false),
        ("mergeOverwrite", true),
        ("mustMergeOverwrite", true),
    ] {
        functions.add_variadic(name, &[Type::MAP], Type::MAP, move |scope, args| {
            let mut target = args.map(0);
            for source in args.rest(1).iter().filter_map(Value::as_map) {
                if target.is_nil() && !source.is_nil() {
                    target = Map::new();
                }
                merge(scope, &target, source, overwrite, 0)?;
            }
            Ok(Value::Map(target))
        });
    }
}

/// Merges `source` into `target`, nested maps into nested maps.
///
/// What the target has wins unless it is empty (nil, zero, false, an empty text, list or map), or, with
/// `overwrite`, loses in any case; then nil comes over as well. Maps the target lacks are not copied:
/// they are shared with the source from then on.
fn merge(
    scope: &mut Scope<'_>,
    target: &Map,
    source: &Map,
    overwrite: bool,
    depth: usize,
) -> Result<(), Failure> {
    if depth > MAX_DEPTH {
        return Err(Limit::Nesting.into());
    }
    scope.charge_steps(u64::try_from(source.len()).unwrap_or(u64::MAX))?;
    for (key, value) in source.entries() {
        if value.is_nil() {
            if overwrite {
                target.insert(key, value);
            }
            continue;
        }
        let present = target.get(&key);
        if let (Some(Value::Map(inner)), Value::Map(other)) = (&present, &value)
            && !inner.is_nil()
        {
            deeper(|| merge(scope, inner, other, overwrite, depth + 1))?;
            if !inner.is_empty() {
                continue;
            }
        }
        if overwrite || !present.is_some_and(|present| present.is_true()) {
            target.insert(key, value);
        }
    }
    Ok(())
}
