//! Values that a chart takes over from its subcharts.

use std::sync::Arc;

use super::Chart;
use super::metadata::ImportValues;
use crate::go_text::display;
use crate::values::shared::{Shared, Table, copied, empty, find, plain, set};
use crate::values::{Map, Nulls, Value, lay_below, merge_values};

/// Puts what the dependencies' `import-values` name below the chart's own values, and spells the
/// entries out.
///
/// # Errors
/// When values of a subchart are no table.
pub(super) fn import_values(chart: &mut Chart, warnings: &mut Vec<String>) -> Result<(), String> {
    let Some(mut dependencies) = chart.metadata.dependencies.take() else {
        return Ok(());
    };
    let merged = merge_values(chart, warnings)?;
    let imported = empty();
    for dependency in &mut dependencies {
        let Some(imports) = dependency.import_values.take() else {
            continue;
        };
        let mut spelled_out = Vec::new();
        for import in imports {
            let Some((child, parent)) = paths(import) else {
                continue;
            };
            let from = format!("{}.{child}", dependency.name);
            match find(&merged, &from) {
                Some(table) => {
                    let source = at_path(&parent, table);
                    lay_below(&imported, &source, "", Nulls::Keep, warnings);
                }
                None => warnings.push(format!(
                    "ImportValues missing table from chart {}: {from}",
                    dependency.name
                )),
            }
            spelled_out.push(ImportValues::Paths { child, parent });
        }
        dependency.import_values = Some(spelled_out).filter(|imports| !imports.is_empty());
    }
    chart.metadata.dependencies = Some(dependencies);
    // What was imported may be part of several tables; the chart's own values are not.
    let own = copied(&plain(&merged)?);
    lay_below(&own, &imported, "", Nulls::Keep, warnings);
    chart.values = Arc::new(plain(&own)?);
    Ok(())
}

/// The paths in the subchart and in the parent; none for what is neither text nor a table.
fn paths(import: ImportValues) -> Option<(String, String)> {
    match import {
        ImportValues::Written(Value::String(name)) => {
            Some((format!("exports.{name}"), ".".to_owned()))
        }
        ImportValues::Written(Value::Map(map)) => {
            Some((member(&map, "child"), member(&map, "parent")))
        }
        // Those of shared metadata that were spelled out before are not looked at again.
        ImportValues::Written(_) | ImportValues::Paths { .. } => None,
    }
}

fn member(map: &Map, name: &str) -> String {
    display(map.get(name).unwrap_or(&Value::Null))
}

/// The table that has `table` at the dotted `path`.
fn at_path(path: &str, table: Table) -> Table {
    if path == "." {
        return table;
    }
    path.rsplit('.').fold(table, |inner, name| {
        let outer = empty();
        set(&outer, name, Shared::Table(inner));
        outer
    })
}
