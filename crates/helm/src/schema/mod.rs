//! Values checked against the JSON schemas of charts.
//!
//! Messages are those of the Go library Helm uses, and they come in its order: what is wrong with
//! a value is reported keyword by keyword as that library looks at them, and not at all behind a
//! wrong type. Evaluation and report are one walk, which is why this is no wrapper of a library.

mod draft;
mod fault;
mod format;
mod keywords;
mod number;
mod resolve;
mod validator;

use serde_json::Value as Json;

use crate::chart::Chart;
use crate::values::{Map, Value, map_to_json};

/// Checks the values of the chart and its subcharts.
///
/// # Errors
/// Helm's text, all faults of all charts.
pub(crate) fn validate_chart(chart: &Chart, values: &Map) -> Result<(), String> {
    let mut text = String::new();
    collect(chart, values, &mut text);
    if text.is_empty() { Ok(()) } else { Err(text) }
}

fn collect(chart: &Chart, values: &Map, text: &mut String) {
    if let Some(schema) = chart.schema()
        && let Err(faults) = validate(schema, values)
    {
        text.push_str(chart.name());
        text.push_str(":\n");
        text.push_str(&faults);
    }
    for subchart in chart.dependencies() {
        match values.get(subchart.name()) {
            None | Some(Value::Null) => {}
            Some(Value::Map(values)) => collect(subchart, values, text),
            Some(other) => {
                text.push_str(subchart.name());
                text.push_str(":\ninvalid type for values: expected object (map), got ");
                text.push_str(other.go_type());
                text.push('\n');
            }
        }
    }
}

/// Checks values against one schema.
fn validate(schema: &[u8], values: &Map) -> Result<(), String> {
    let schema: Json = serde_json::from_slice(schema).map_err(|error| no_json(schema, &error))?;
    let document = resolve::Document::new(&schema)?;
    let values = map_to_json(values);
    match validator::validate(&document, &values) {
        Ok(()) => Ok(()),
        Err(fault) => Err(format!("{fault}\n")),
    }
}

/// What Go's decoder of JSON says of a schema that is none.
fn no_json(schema: &[u8], error: &serde_json::Error) -> String {
    match windlass_sprig::json::decode(schema) {
        _ if schema.trim_ascii().is_empty() => "EOF".to_owned(),
        (_, Some(text)) if text == "unexpected end of JSON input" => "unexpected EOF".to_owned(),
        (_, Some(text)) => text,
        (_, None) => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
