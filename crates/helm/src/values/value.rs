//! The plain data that values are made of.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::hidden::Hidden;

/// A table of values, keys in byte order.
pub type Map = BTreeMap<Arc<str>, Value>;

/// A value as Helm sees it. Numbers keep the Go type their origin gives them: what was read from
/// YAML or JSON is always a float, what `--set` reads an integer.
#[derive(Clone, PartialEq, Default)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// Go's `int64`.
    Int(i64),
    /// Go's `float64`.
    Float(f64),
    /// Text.
    String(Arc<str>),
    /// A list.
    List(Vec<Value>),
    /// A table.
    Map(Map),
}

/// Names and sizes: values hold secrets.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(_) | Self::Int(_) | Self::Float(_) => f.write_str(self.go_type()),
            Self::String(text) => Hidden(text.len()).fmt(f),
            Self::List(items) => items.fmt(f),
            Self::Map(map) => map.fmt(f),
        }
    }
}

impl Value {
    /// The table, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The table, if it is one, to change.
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Go's name of the value's type.
    pub fn go_type(&self) -> &'static str {
        match self {
            Self::Null => "<nil>",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int64",
            Self::Float(_) => "float64",
            Self::String(_) => "string",
            Self::List(_) => "[]interface {}",
            Self::Map(_) => "map[string]interface {}",
        }
    }

    /// Reads a JSON value as Go does into an empty interface: every number a float.
    pub fn from_json(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(bool) => Self::Bool(*bool),
            serde_json::Value::Number(number) => Self::Float(number.as_f64().unwrap_or_default()),
            serde_json::Value::String(text) => Self::String(text.as_str().into()),
            serde_json::Value::Array(items) => {
                Self::List(items.iter().map(Self::from_json).collect())
            }
            serde_json::Value::Object(map) => Self::Map(map_from_json(map)),
        }
    }

    /// The JSON value, a whole float that fits one as an integer.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(bool) => (*bool).into(),
            Self::Int(int) => (*int).into(),
            Self::Float(float) => json_number(*float),
            Self::String(text) => serde_json::Value::String(text.to_string()),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(map) => map_to_json(map),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

/// The table that a JSON object is.
pub fn map_from_json(map: &serde_json::Map<String, serde_json::Value>) -> Map {
    map.iter()
        .map(|(key, value)| (key.as_str().into(), Value::from_json(value)))
        .collect()
}

/// The JSON object of a table.
pub fn map_to_json(map: &Map) -> serde_json::Value {
    map.iter()
        .map(|(key, value)| (key.to_string(), value.to_json()))
        .collect()
}

/// A float as its JSON text would be read back: whole numbers that Go writes without an exponent
/// become integers.
fn json_number(float: f64) -> serde_json::Value {
    const EXPONENT_FROM: f64 = 1e21;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the cast saturates and is checked by casting back"
    )]
    let int = float as i64;
    #[expect(
        clippy::cast_precision_loss,
        clippy::float_cmp,
        reason = "the comparison is the check"
    )]
    if float.abs() < EXPONENT_FROM && int as f64 == float && int != i64::MAX {
        return int.into();
    }
    serde_json::Number::from_f64(float).map_or(serde_json::Value::Null, Into::into)
}
