//! Two tables put together, the first with the higher precedence.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use super::shared::{Shared, Table, entries};
use super::value::Value;
use crate::go_text::display;

/// Whether `null` deletes what it overrides or stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nulls {
    Delete,
    Keep,
}

/// Receives what Helm would warn of.
pub(crate) type Warnings = Vec<String>;

/// Puts `src` below `dst`. `prefix` names the table in warnings.
pub(crate) fn lay_below(
    dst: &Table,
    src: &Table,
    prefix: &str,
    nulls: Nulls,
    warnings: &mut Warnings,
) {
    if Rc::ptr_eq(dst, src) {
        return;
    }
    let given: BTreeSet<Arc<str>> = src
        .borrow()
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, _)| key.clone())
        .collect();
    for (key, value) in entries(dst) {
        if value.is_null() {
            src.borrow_mut().insert(key, Shared::Plain(Value::Null));
        }
    }
    for (key, value) in entries(src) {
        let present = dst.borrow().get(&key).cloned();
        match (present, value) {
            // A `null` deletes only what was there: over nothing, or another `null`, it stays.
            (Some(present), _)
                if nulls == Nulls::Delete && present.is_null() && given.contains(&key) =>
            {
                dst.borrow_mut().remove(&key);
            }
            (None, value) => {
                dst.borrow_mut().insert(key, value);
            }
            (Some(Shared::Table(above)), Shared::Table(below)) => {
                lay_below(&above, &below, &join(prefix, &key), nulls, warnings);
            }
            (Some(_), Shared::Table(_)) => warnings.push(format!(
                "warning: cannot overwrite table with non table for {}",
                join(prefix, &key)
            )),
            (Some(Shared::Table(_)), Shared::Plain(value)) if !value.is_null() => {
                warnings.push(format!(
                    "warning: destination for {} is a table. Ignoring non-table value ({})",
                    join(prefix, &key),
                    display(&value)
                ));
            }
            (Some(_), Shared::Plain(_)) => {}
        }
    }
}

/// Removes every `null`, however deep in tables.
pub(crate) fn remove_nulls(table: &Table) {
    table.borrow_mut().retain(|_, value| !value.is_null());
    for (_, value) in entries(table) {
        if let Shared::Table(inner) = value {
            remove_nulls(&inner);
        }
    }
}

/// `prefix.key`, or `key` where there is no prefix.
pub(crate) fn join(prefix: &str, key: &str) -> String {
    if prefix.is_empty() {
        key.to_owned()
    } else {
        format!("{prefix}.{key}")
    }
}
