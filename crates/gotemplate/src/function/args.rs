//! The arguments of a call.

use crate::value::{List, ListType, Map, MapType, Text, Value};

/// Arguments as the signature declares them. The accessors give the zero value of their type
/// where the argument is of another one, which only a signature that says something else can
/// cause, and for nil where the type has one.
#[derive(Clone, Copy, Debug)]
pub struct Args<'a> {
    values: &'a [Value],
}

const MISSING: &Value = &Value::Missing;

impl<'a> Args<'a> {
    /// The arguments of a call from Rust.
    pub const fn new(values: &'a [Value]) -> Self {
        Self { values }
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// All of them.
    pub const fn all(&self) -> &'a [Value] {
        self.values
    }

    /// Those from the index on: the variadic part.
    pub fn rest(&self, from: usize) -> &'a [Value] {
        self.values.get(from..).unwrap_or_default()
    }

    /// The argument at the index as it is; [`Value::Missing`] past the end.
    pub fn value(&self, index: usize) -> &'a Value {
        self.values.get(index).unwrap_or(MISSING)
    }

    /// A `string`.
    pub fn text(&self, index: usize) -> Text {
        match self.value(index) {
            Value::String(text) => text.clone(),
            _ => Text::empty(),
        }
    }

    /// The bytes of a `string` or `[]byte`.
    pub fn bytes(&self, index: usize) -> &'a [u8] {
        match self.value(index) {
            Value::String(text) | Value::Bytes(text) => text.as_bytes(),
            _ => &[],
        }
    }

    /// A `bool`.
    pub fn bool(&self, index: usize) -> bool {
        matches!(self.value(index), Value::Bool(true))
    }

    /// A signed integer of any size.
    pub fn int(&self, index: usize) -> i64 {
        match self.value(index) {
            Value::Int(_, value) => *value,
            _ => 0,
        }
    }

    /// An unsigned integer of any size.
    pub fn uint(&self, index: usize) -> u64 {
        match self.value(index) {
            Value::Uint(_, value) => *value,
            _ => 0,
        }
    }

    /// A floating point number of any size.
    pub fn float(&self, index: usize) -> f64 {
        match self.value(index) {
            Value::Float(_, value) => *value,
            _ => 0.0,
        }
    }

    /// A slice.
    pub fn list(&self, index: usize) -> List {
        match self.value(index) {
            Value::List(list) => list.clone(),
            value => List::of(ListType::ANY, value.items().unwrap_or_default()),
        }
    }

    /// A map, which may be nil.
    pub fn map(&self, index: usize) -> Map {
        let map = self.value(index).as_map().cloned();
        map.unwrap_or(const { Map::nil(MapType::ANY) })
    }
}
