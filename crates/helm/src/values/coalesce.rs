//! Values of a chart and its subcharts put together: what the user gave above what a chart gives
//! for its subcharts above what these bring themselves.

use std::cell::RefCell;
use std::rc::Rc;

use super::shared::{Shared, Table, copied, empty, entries, get, plain, set};
use super::tables::{Nulls, Warnings, join, lay_below, remove_nulls};
use super::value::{Map, Value};
use crate::chart::Chart;
use crate::go_text::{bad_verb_t, quote};

/// The table that every chart shares with its subcharts.
const GLOBAL: &str = "global";

/// Puts the defaults of `chart` and its subcharts below `values`. A `null` deletes the default it
/// overrides, and defaults that are `null` are left out.
///
/// # Errors
/// When the values of a subchart are no table.
pub fn coalesce_values(
    chart: &Chart,
    values: &Map,
    warnings: &mut Vec<String>,
) -> Result<Map, String> {
    let dest = copied(values);
    coalesce(chart, &dest, "", Nulls::Delete, warnings)?;
    plain(&dest)
}

/// As [`coalesce_values`] of nothing, but keeps every `null`, for what is coalesced again later.
pub(crate) fn merge_values(chart: &Chart, warnings: &mut Warnings) -> Result<Table, String> {
    let dest = empty();
    coalesce(chart, &dest, "", Nulls::Keep, warnings)?;
    Ok(dest)
}

fn coalesce(
    chart: &Chart,
    dest: &Table,
    prefix: &str,
    nulls: Nulls,
    warnings: &mut Warnings,
) -> Result<(), String> {
    defaults(chart, dest, prefix, nulls, warnings);
    for subchart in chart.dependencies() {
        let name = subchart.name();
        let below = match get(dest, name) {
            None => {
                let table = empty();
                set(dest, name, Shared::Table(Rc::clone(&table)));
                table
            }
            Some(Shared::Table(table)) => table,
            Some(Shared::Plain(other)) => {
                return Err(format!("type mismatch on {name}: {}", bad_verb_t(&other)));
            }
        };
        let prefix = join(prefix, chart.name());
        globals(&below, dest, &prefix, warnings);
        coalesce(subchart, &below, &prefix, nulls, warnings)?;
    }
    Ok(())
}

/// Gives `dest` the globals of `src`, which win.
fn globals(dest: &Table, src: &Table, prefix: &str, warnings: &mut Warnings) {
    let global = |table: &Table| match get(table, GLOBAL) {
        None => Some(empty()),
        Some(Shared::Table(table)) => Some(table),
        Some(Shared::Plain(_)) => None,
    };
    let skipping =
        |what| format!("warning: skipping globals because {what} {GLOBAL} is not a table.");
    let Some(below) = global(dest) else {
        warnings.push(skipping("destination"));
        return;
    };
    let Some(above) = global(src) else {
        warnings.push(skipping("source"));
        return;
    };
    for (key, value) in entries(&above) {
        match (value, get(&below, &key)) {
            (Shared::Table(table), present) => {
                // A copy of the table itself, but not of those in it.
                let table = Rc::new(RefCell::new(table.borrow().clone()));
                match present {
                    None => {}
                    Some(Shared::Table(present)) => {
                        let prefix = join(prefix, &key);
                        lay_below(&table, &present, &prefix, Nulls::Keep, warnings);
                    }
                    Some(Shared::Plain(_)) => {
                        warnings.push(format!(
                            "Conflict: cannot merge map onto non-map for {}. Skipping.",
                            quote(&key)
                        ));
                        continue;
                    }
                }
                set(&below, &key, Shared::Table(table));
            }
            (_, Some(Shared::Table(_))) => {
                warnings.push(format!("key {key} is table. Skipping"));
            }
            (value, _) => set(&below, &key, value),
        }
    }
    set(dest, GLOBAL, Shared::Table(below));
}

/// Puts the chart's own defaults below `values`.
fn defaults(chart: &Chart, values: &Table, prefix: &str, nulls: Nulls, warnings: &mut Warnings) {
    let prefix = join(prefix, chart.name());
    for (key, default) in chart.values() {
        match get(values, key) {
            None if nulls == Nulls::Delete && default.is_null() => {}
            None => {
                let default = match default {
                    Value::Map(map) => {
                        let table = copied(map);
                        if nulls == Nulls::Delete {
                            remove_nulls(&table);
                        }
                        Shared::Table(table)
                    }
                    other => Shared::Plain(other.clone()),
                };
                set(values, key, default);
            }
            Some(Shared::Plain(Value::Null)) => {
                if nulls == Nulls::Delete {
                    values.borrow_mut().remove(key);
                }
            }
            Some(Shared::Table(dest)) => match default {
                Value::Map(default) => {
                    // What is meant for a subchart is coalesced once more, with its defaults.
                    let is_name = |subchart: &Chart| subchart.name() == &**key;
                    let for_subchart = chart.dependencies().iter().any(is_name);
                    let nulls = if for_subchart { Nulls::Keep } else { nulls };
                    let default = copied(default);
                    if nulls == Nulls::Delete {
                        remove_nulls(&default);
                    }
                    lay_below(&dest, &default, &join(&prefix, key), nulls, warnings);
                }
                Value::Null => {}
                _ => warnings.push(format!(
                    "warning: skipped value for {prefix}.{key}: Not a table."
                )),
            },
            Some(Shared::Plain(_)) => {}
        }
    }
}
