//! Tables that share their inner tables, as Go's maps do.
//!
//! Helm's coalescing puts one map into several places and then goes on changing it: a subchart's
//! default below a shared global shows in the parent, an imported table in the one it came from.
//! What charts get depends on that, so it is done here the same way, and turned back into plain
//! data afterwards.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::value::{Map, Value};

/// Most values that a result may have once shared tables are written out.
const MAX_VALUES: usize = 4_000_000;

/// A table that may be part of several others.
pub(crate) type Table = Rc<RefCell<BTreeMap<Arc<str>, Shared>>>;

/// A value of a [`Table`].
#[derive(Debug, Clone)]
pub(crate) enum Shared {
    /// An inner table.
    Table(Table),
    /// Anything else; never a table.
    Plain(Value),
}

impl Shared {
    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Plain(Value::Null))
    }

    pub(crate) fn as_table(&self) -> Option<&Table> {
        match self {
            Self::Table(table) => Some(table),
            Self::Plain(_) => None,
        }
    }
}

/// A copy of `map` that shares nothing.
pub(crate) fn copied(map: &Map) -> Table {
    let entries = map.iter().map(|(key, value)| {
        let value = match value {
            Value::Map(inner) => Shared::Table(copied(inner)),
            other => Shared::Plain(other.clone()),
        };
        (key.clone(), value)
    });
    Rc::new(RefCell::new(entries.collect()))
}

/// An empty table.
pub(crate) fn empty() -> Table {
    Table::default()
}

/// What is stored in `table` under `key`.
pub(crate) fn get(table: &Table, key: &str) -> Option<Shared> {
    table.borrow().get(key).cloned()
}

/// Stores `value` in `table`.
pub(crate) fn set(table: &Table, key: &str, value: Shared) {
    table.borrow_mut().insert(key.into(), value);
}

/// What is in `table` at this moment.
pub(crate) fn entries(table: &Table) -> Vec<(Arc<str>, Shared)> {
    table
        .borrow()
        .iter()
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// The inner table at the dotted `path`.
pub(crate) fn find(table: &Table, path: &str) -> Option<Table> {
    let mut table = Rc::clone(table);
    for name in path.split('.') {
        let next = get(&table, name)?.as_table()?.clone();
        table = next;
    }
    Some(table)
}

/// The plain data of `table`.
///
/// # Errors
/// When a table contains itself, or is shared so often that writing it out would exhaust memory.
pub(crate) fn plain(table: &Table) -> Result<Map, String> {
    let mut budget = MAX_VALUES;
    plain_within(table, &mut Vec::new(), &mut budget)
}

fn plain_within(
    table: &Table,
    open: &mut Vec<*const ()>,
    budget: &mut usize,
) -> Result<Map, String> {
    let identity = Rc::as_ptr(table).cast::<()>();
    if open.contains(&identity) {
        return Err("values contain themselves after importing values".to_owned());
    }
    open.push(identity);
    let mut map = Map::new();
    for (key, value) in &*table.borrow() {
        *budget = budget
            .checked_sub(1)
            .ok_or_else(|| format!("more than {MAX_VALUES} values"))?;
        let value = match value {
            Shared::Table(inner) => Value::Map(plain_within(inner, open, budget)?),
            Shared::Plain(value) => value.clone(),
        };
        map.insert(key.clone(), value);
    }
    open.pop();
    Ok(map)
}
