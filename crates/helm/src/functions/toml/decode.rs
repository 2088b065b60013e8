//! Values out of TOML.

use toml_edit::{Document, Item, Table, Value as Toml};
use windlass_gotemplate::{List, ListType, Map, Value};

/// Reads a document.
///
/// # Errors
/// What is wrong with it, under the line as Helm's library names it.
pub(super) fn decode(text: &str) -> Result<Map, String> {
    let document = Document::parse(text).map_err(|error| {
        let start = error.span().map_or(text.len(), |span| span.start);
        fault(text, start.min(text.len()), error.message())
    })?;
    Ok(table(document.as_table()))
}

/// The error text. What people meet most, text that is no TOML at all, is in the library's words.
fn fault(text: &str, start: usize, message: &str) -> String {
    let before = text.get(..start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let bare = |found: char| found.is_ascii_alphanumeric() || matches!(found, '_' | '-' | '.');
    let last = before.rsplit('\n').next().unwrap_or(before);
    if start == text.len() && !last.is_empty() && last.chars().all(bare) {
        return format!("toml: line {line}: unexpected EOF; expected key separator '='");
    }
    let message = message.lines().next().unwrap_or(message);
    format!("toml: line {line}: {message}")
}

fn table(table: &Table) -> Map {
    table
        .iter()
        .map(|(key, item)| (key, self::item(item)))
        .collect()
}

fn item(item: &Item) -> Value {
    match item {
        Item::None => Value::Nil,
        Item::Value(value) => self::value(value),
        Item::Table(table) => self::table(table).into(),
        Item::ArrayOfTables(tables) => {
            let tables = tables.iter().map(|table| self::table(table).into());
            List::of(ListType::MAP, tables.collect()).into()
        }
    }
}

fn value(value: &Toml) -> Value {
    match value {
        Toml::String(text) => Value::string(text.value().as_str()),
        Toml::Integer(int) => Value::int64(*int.value()),
        Toml::Float(float) => Value::float(*float.value()),
        Toml::Boolean(bool) => Value::Bool(*bool.value()),
        Toml::Datetime(time) => Value::string(time.value().to_string()),
        Toml::Array(items) => items.iter().map(self::value).collect::<List>().into(),
        Toml::InlineTable(table) => table
            .iter()
            .map(|(key, value)| (key, self::value(value)))
            .collect::<Map>()
            .into(),
    }
}
