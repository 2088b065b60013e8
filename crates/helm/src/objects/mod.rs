//! The objects that templates find in dot, with the types and methods they have in Helm.

mod capabilities;
mod chart;
mod files;
mod glob;
mod values;

use std::sync::Arc;

use windlass_gotemplate::{List, Map, Text, Value as Template};

pub(crate) use capabilities::capabilities;
pub(crate) use chart::chart_map;
pub(crate) use files::files_map;
pub(crate) use values::{VALUES, values_map};

use crate::values::{Map as Values, Value};

/// The value for templates.
pub(crate) fn template_value(value: &Value) -> Template {
    match value {
        Value::Null => Template::Nil,
        Value::Bool(bool) => Template::Bool(*bool),
        Value::Int(int) => Template::int64(*int),
        Value::Float(float) => Template::float(*float),
        Value::String(text) => Template::String(Text::from(Arc::clone(text))),
        Value::List(items) => Template::List(items.iter().map(template_value).collect()),
        Value::Map(map) => Template::Map(template_map(map)),
    }
}

/// The map for templates.
pub(crate) fn template_map(map: &Values) -> Map {
    map.iter()
        .map(|(key, value)| (Text::from(Arc::clone(key)), template_value(value)))
        .collect()
}

/// A `[]interface {}` of strings.
fn any_strings<'a>(items: impl IntoIterator<Item = &'a String>) -> Template {
    let items = items
        .into_iter()
        .map(|text| Template::string(text.as_str()));
    Template::List(List::new(items.collect()))
}
