//! The values templates work on.

mod equal;
mod list;
mod map;
mod object;
mod text;
mod types;

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

pub use equal::{TooDeep, deep_equal};
pub use list::List;
pub use map::{Map, MapSource};
pub use object::Object;
pub use text::Text;
pub(crate) use text::lossy;
pub use types::{FloatKind, IntKind, Kind, ListType, MapType, ObjectType, Type, UintKind};

use crate::function::{Function, Method};

/// A value with its Go type.
///
/// Values belong to one thread, as maps are shared and changeable; what is compiled holds
/// constants of its own and can be shared between threads.
#[derive(Clone, Default)]
pub enum Value {
    /// No value at all: what a missing key of a map gives (`reflect.Value{}`), and what nil
    /// becomes once it leaves a pipeline. Prints `<no value>`. Functions only see it in
    /// parameters of [`Type::Reflect`].
    #[default]
    Missing,
    /// A nil `interface {}`.
    Nil,
    /// `bool`.
    Bool(bool),
    /// A signed integer.
    Int(IntKind, i64),
    /// An unsigned integer.
    Uint(UintKind, u64),
    /// A floating point number.
    Float(FloatKind, f64),
    /// `complex128`: real and imaginary part.
    Complex(f64, f64),
    /// `string`.
    String(Text),
    /// `[]byte`.
    Bytes(Text),
    /// Any other slice.
    List(List),
    /// A map from strings.
    Map(Map),
    /// A struct, pointer or named basic type.
    Object(Rc<dyn Object>),
    /// A function.
    Function(Arc<Function>),
}

impl Value {
    /// An `int`.
    pub const fn int(value: i64) -> Self {
        Self::Int(IntKind::Int, value)
    }

    /// An `int64`.
    pub const fn int64(value: i64) -> Self {
        Self::Int(IntKind::Int64, value)
    }

    /// A `float64`.
    pub const fn float(value: f64) -> Self {
        Self::Float(FloatKind::Float64, value)
    }

    /// A `string`.
    pub fn string(text: impl Into<Text>) -> Self {
        Self::String(text.into())
    }

    /// A `[]string`.
    pub fn strings<T: Into<Text>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::List(List::of(
            ListType::STRING,
            items.into_iter().map(Self::string).collect(),
        ))
    }

    /// An object.
    pub fn object(object: impl Object) -> Self {
        Self::Object(Rc::new(object))
    }

    /// The type; none for [`Value::Missing`] and [`Value::Nil`].
    pub fn ty(&self) -> Option<Type> {
        Some(match self {
            Self::Missing | Self::Nil => return None,
            Self::Bool(_) => Type::Bool,
            Self::Int(kind, _) => Type::Int(*kind),
            Self::Uint(kind, _) => Type::Uint(*kind),
            Self::Float(kind, _) => Type::Float(*kind),
            Self::Complex(..) => Type::Complex,
            Self::String(_) => Type::String,
            Self::Bytes(_) => Type::BYTES,
            Self::List(list) => Type::List(list.ty()),
            Self::Map(map) => Type::Map(map.ty()),
            Self::Object(object) => Type::Object(object.ty()),
            Self::Function(_) => Type::Func,
        })
    }

    /// Go's name of the type as `%T` prints it: `<nil>` where there is no value.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Function(function) => function.type_name(),
            _ => self.ty().map_or("<nil>", Type::name),
        }
    }

    /// The type's name once pointers are followed.
    pub(crate) fn followed_type_name(&self) -> &'static str {
        let name = self.type_name();
        match self.kind() {
            Kind::Pointer => name.trim_start_matches('*'),
            _ => name,
        }
    }

    /// What `reflect.ValueOf(v).Kind()` says.
    pub fn kind(&self) -> Kind {
        self.ty().map_or(Kind::Invalid, Type::kind)
    }

    /// Whether there is no value: nil or missing.
    pub const fn is_nil(&self) -> bool {
        matches!(self, Self::Missing | Self::Nil)
    }

    /// Whether there is no value, or the nil slice or map: where `reflect.Value.IsNil` is true.
    pub const fn is_nil_of_its_type(&self) -> bool {
        match self {
            Self::List(list) => list.is_nil(),
            Self::Map(map) => map.is_nil(),
            _ => self.is_nil(),
        }
    }

    /// Whether `if` takes the value for true: not the zero value of its type, and not empty.
    /// Structs and pointers always are.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Missing | Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(_, value) => *value != 0,
            Self::Uint(_, value) => *value != 0,
            Self::Float(_, value) => *value != 0.0,
            Self::Complex(re, im) => *re != 0.0 || *im != 0.0,
            Self::String(text) | Self::Bytes(text) => !text.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Object(object) => object.underlying().is_none_or(|value| value.is_true()),
            Self::Function(_) => true,
        }
    }

    /// The basic value of a named basic type; any other value as it is.
    #[must_use]
    pub fn underlying(&self) -> Self {
        match self {
            Self::Object(object) => object.underlying().unwrap_or_else(|| self.clone()),
            _ => self.clone(),
        }
    }

    /// The object behind the value, if it is of the Rust type.
    pub fn downcast<T: Object>(&self) -> Option<&T> {
        let Self::Object(object) = self else {
            return None;
        };
        let any: &dyn std::any::Any = object.as_ref();
        any.downcast_ref()
    }

    /// The method of the name that the value's type has.
    pub fn method(&self, name: &str) -> Option<&'static Method> {
        let methods = match self {
            Self::List(list) => list.ty().methods,
            Self::Map(map) => map.ty().methods,
            Self::Object(object) => object.ty().methods,
            _ => return None,
        };
        methods.iter().find(|method| method.name == name)
    }

    /// The string, if it is one.
    pub const fn as_text(&self) -> Option<&Text> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The map, if it is one.
    pub const fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The elements of any slice, `[]byte` included; none if it is no slice.
    pub fn items(&self) -> Option<Vec<Self>> {
        match self {
            Self::List(list) => Some(list.to_vec()),
            Self::Bytes(bytes) => Some(
                bytes
                    .iter()
                    .map(|byte| Self::Uint(UintKind::Uint8, u64::from(*byte)))
                    .collect(),
            ),
            _ => None,
        }
    }

    pub(crate) const fn is_container(&self) -> bool {
        matches!(self, Self::List(_) | Self::Map(_))
    }
}

/// Drops values without recursion, however deep they nest.
fn release(mut values: Vec<Value>) {
    while let Some(value) = values.pop() {
        let inner = match value {
            Value::List(list) => list.into_unique(),
            Value::Map(map) => map.into_unique(),
            _ => None,
        };
        values.extend(inner.into_iter().flatten().filter(Value::is_container));
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values of templates hold secrets: their types and sizes are shown, and keys of maps.
        match self {
            Self::String(text) | Self::Bytes(text) => {
                write!(f, "{}({} bytes)", self.type_name(), text.len())
            }
            Self::List(list) => write!(f, "{}({} items)", self.type_name(), list.len()),
            Self::Map(map) => write!(f, "{}({:?})", self.type_name(), map.keys()),
            _ => f.write_str(self.type_name()),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::float(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::string(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::string(value)
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::string(value)
    }
}

impl From<Text> for Value {
    fn from(value: Text) -> Self {
        Self::String(value)
    }
}

impl From<List> for Value {
    fn from(value: List) -> Self {
        Self::List(value)
    }
}

impl From<Map> for Value {
    fn from(value: Map) -> Self {
        Self::Map(value)
    }
}

impl From<Vec<Value>> for Value {
    fn from(value: Vec<Value>) -> Self {
        Self::List(List::new(value))
    }
}
