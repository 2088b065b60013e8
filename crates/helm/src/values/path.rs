//! Dotted paths into tables, as conditions and import-values name them.

use super::value::{Map, Value};

/// The table at the dotted `path`; `None` where a part is missing or no table.
pub(crate) fn table<'a>(values: &'a Map, path: &str) -> Option<&'a Map> {
    let mut table = values;
    for name in path.split('.') {
        table = table.get(name)?.as_map()?;
    }
    Some(table)
}

/// The value at the dotted `path`, unless it is a table.
pub(crate) fn path_value<'a>(values: &'a Map, path: &str) -> Option<&'a Value> {
    let (table, key) = match path.rsplit_once('.') {
        Some((parent, key)) => (self::table(values, parent)?, key),
        None => (values, path),
    };
    table.get(key).filter(|value| value.as_map().is_none())
}
