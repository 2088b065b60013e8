//! Go's types, as far as templates can observe them.

use std::fmt;

use super::{List, Map, Value};
use crate::function::Method;

/// The size of a signed integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are Go's")]
pub enum IntKind {
    Int,
    Int8,
    Int16,
    Int32,
    Int64,
}

impl IntKind {
    /// Go's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Int8 => "int8",
            Self::Int16 => "int16",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
        }
    }

    /// The value cut to the size, as a conversion in Go does.
    #[expect(clippy::cast_possible_truncation, reason = "cutting is the purpose")]
    pub const fn wrap(self, value: i64) -> i64 {
        match self {
            Self::Int | Self::Int64 => value,
            Self::Int8 => value as i8 as i64,
            Self::Int16 => value as i16 as i64,
            Self::Int32 => value as i32 as i64,
        }
    }
}

/// The size of an unsigned integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are Go's")]
pub enum UintKind {
    Uint,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Uintptr,
}

impl UintKind {
    /// Go's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uint => "uint",
            Self::Uint8 => "uint8",
            Self::Uint16 => "uint16",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
            Self::Uintptr => "uintptr",
        }
    }

    /// The value cut to the size, as a conversion in Go does.
    #[expect(clippy::cast_possible_truncation, reason = "cutting is the purpose")]
    pub const fn wrap(self, value: u64) -> u64 {
        match self {
            Self::Uint | Self::Uint64 | Self::Uintptr => value,
            Self::Uint8 => value as u8 as u64,
            Self::Uint16 => value as u16 as u64,
            Self::Uint32 => value as u32 as u64,
        }
    }
}

/// The size of a floating point number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are Go's")]
pub enum FloatKind {
    Float32,
    Float64,
}

impl FloatKind {
    /// Go's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Float32 => "float32",
            Self::Float64 => "float64",
        }
    }

    /// The value rounded to the size.
    #[expect(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
    pub const fn round(self, value: f64) -> f64 {
        match self {
            Self::Float32 => value as f32 as f64,
            Self::Float64 => value,
        }
    }
}

/// What `reflect.Kind` says of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are Go's")]
pub enum Kind {
    Invalid,
    Bool,
    Int(IntKind),
    Uint(UintKind),
    Float(FloatKind),
    Complex,
    String,
    Slice,
    Map,
    Struct,
    Pointer,
    Func,
    Interface,
}

impl Kind {
    /// Go's name: `slice`, `ptr`, `float64`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Bool => "bool",
            Self::Int(kind) => kind.name(),
            Self::Uint(kind) => kind.name(),
            Self::Float(kind) => kind.name(),
            Self::Complex => "complex128",
            Self::String => "string",
            Self::Slice => "slice",
            Self::Map => "map",
            Self::Struct => "struct",
            Self::Pointer => "ptr",
            Self::Func => "func",
            Self::Interface => "interface",
        }
    }
}

/// The type of a list: what it prints as and what it holds.
#[derive(Debug)]
pub struct ListType {
    /// Go's name, `[]string` or that of a named type.
    pub name: &'static str,
    /// The type of the elements.
    pub elem: Type,
    /// Whether the type has a name of its own (`type Names []string`) rather than being a plain
    /// slice; plain types fit parameters by their elements.
    pub named: bool,
    /// What a template can call on it.
    pub methods: &'static [Method],
}

/// The type of a map from strings.
#[derive(Debug)]
pub struct MapType {
    /// Go's name, `map[string]interface {}` or that of a named type.
    pub name: &'static str,
    /// The type of the values.
    pub elem: Type,
    /// Whether the type has a name of its own (`type Values map[string]interface{}`).
    pub named: bool,
    /// What a template can call on it.
    pub methods: &'static [Method],
}

/// The type of an [`Object`](super::Object).
#[derive(Debug)]
pub struct ObjectType {
    /// Go's name: `time.Time`, `*semver.Version`.
    pub name: &'static str,
    /// `Struct` or `Pointer`, or the kind a named basic type is made of, such as
    /// `Int(IntKind::Int64)` for `time.Duration`.
    pub kind: Kind,
    /// What a template can call on it.
    pub methods: &'static [Method],
}

/// A type in Go's sense.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    /// `interface {}`: takes everything; nil and missing values arrive as [`Value::Nil`].
    Any,
    /// `reflect.Value`: takes everything and keeps missing values as [`Value::Missing`].
    Reflect,
    /// `bool`.
    Bool,
    /// A signed integer.
    Int(IntKind),
    /// An unsigned integer.
    Uint(UintKind),
    /// A floating point number.
    Float(FloatKind),
    /// `complex128`.
    Complex,
    /// `string`.
    String,
    /// `[]T` or a type made of it.
    List(&'static ListType),
    /// `map[string]T` or a type made of it.
    Map(&'static MapType),
    /// Anything else.
    Object(&'static ObjectType),
    /// A function.
    Func,
}

impl ListType {
    /// `[]interface {}`.
    pub const ANY: &'static Self = &Self::plain("[]interface {}", Type::Any);
    /// `[]string`.
    pub const STRING: &'static Self = &Self::plain("[]string", Type::String);
    /// `[]int`.
    pub const INT: &'static Self = &Self::plain("[]int", Type::INT);
    /// `[]int64`.
    pub const INT64: &'static Self = &Self::plain("[]int64", Type::INT64);
    /// `[]float64`.
    pub const FLOAT64: &'static Self = &Self::plain("[]float64", Type::FLOAT64);
    /// `[]bool`.
    pub const BOOL: &'static Self = &Self::plain("[]bool", Type::Bool);
    /// `[]uint8`, which is `[]byte`: the type of [`Value::Bytes`].
    pub const BYTE: &'static Self = &Self::plain("[]uint8", Type::Uint(UintKind::Uint8));
    /// `[][]interface {}`.
    pub const LIST: &'static Self = &Self::plain("[][]interface {}", Type::List(Self::ANY));
    /// `[]map[string]interface {}`.
    pub const MAP: &'static Self =
        &Self::plain("[]map[string]interface {}", Type::Map(MapType::ANY));

    /// A slice type without a name of its own.
    pub const fn plain(name: &'static str, elem: Type) -> Self {
        Self {
            name,
            elem,
            named: false,
            methods: &[],
        }
    }
}

impl MapType {
    /// `map[string]interface {}`.
    pub const ANY: &'static Self = &Self::plain("map[string]interface {}", Type::Any);
    /// `map[string]string`.
    pub const STRING: &'static Self = &Self::plain("map[string]string", Type::String);
    /// `map[string]bool`.
    pub const BOOL: &'static Self = &Self::plain("map[string]bool", Type::Bool);

    /// A map type without a name of its own.
    pub const fn plain(name: &'static str, elem: Type) -> Self {
        Self {
            name,
            elem,
            named: false,
            methods: &[],
        }
    }
}

impl Type {
    /// `int`.
    pub const INT: Self = Self::Int(IntKind::Int);
    /// `int64`.
    pub const INT64: Self = Self::Int(IntKind::Int64);
    /// `float64`.
    pub const FLOAT64: Self = Self::Float(FloatKind::Float64);
    /// `[]interface {}`.
    pub const LIST: Self = Self::List(ListType::ANY);
    /// `[]string`.
    pub const STRINGS: Self = Self::List(ListType::STRING);
    /// `[]uint8`.
    pub const BYTES: Self = Self::List(ListType::BYTE);
    /// `map[string]interface {}`.
    pub const MAP: Self = Self::Map(MapType::ANY);

    /// Go's name of the type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::Reflect => "reflect.Value",
            Self::Bool => "bool",
            Self::Int(kind) => kind.name(),
            Self::Uint(kind) => kind.name(),
            Self::Float(kind) => kind.name(),
            Self::Complex => "complex128",
            Self::String => "string",
            Self::List(ty) => ty.name,
            Self::Map(ty) => ty.name,
            Self::Object(ty) => ty.name,
            Self::Func => "func()",
        }
    }

    /// Go's kind of the type.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Any => Kind::Interface,
            Self::Reflect => Kind::Struct,
            Self::Bool => Kind::Bool,
            Self::Int(kind) => Kind::Int(kind),
            Self::Uint(kind) => Kind::Uint(kind),
            Self::Float(kind) => Kind::Float(kind),
            Self::Complex => Kind::Complex,
            Self::String => Kind::String,
            Self::List(_) => Kind::Slice,
            Self::Map(_) => Kind::Map,
            Self::Object(ty) => ty.kind,
            Self::Func => Kind::Func,
        }
    }

    /// Whether nil is a value of the type.
    pub const fn can_be_nil(self) -> bool {
        matches!(
            self,
            Self::Any | Self::Reflect | Self::List(_) | Self::Map(_) | Self::Func
        ) || matches!(self.kind(), Kind::Pointer)
    }

    /// The zero value of the type.
    pub fn zero(self) -> Value {
        match self {
            Self::Any | Self::Object(_) | Self::Func => Value::Nil,
            Self::Reflect => Value::Missing,
            Self::Bool => Value::Bool(false),
            Self::Int(kind) => Value::Int(kind, 0),
            Self::Uint(kind) => Value::Uint(kind, 0),
            Self::Float(kind) => Value::Float(kind, 0.0),
            Self::Complex => Value::Complex(0.0, 0.0),
            Self::String => Value::String(super::Text::empty()),
            Self::List(ty) if ty == ListType::BYTE => Value::Bytes(super::Text::empty()),
            Self::List(ty) => Value::List(List::nil(ty)),
            Self::Map(ty) => Value::Map(Map::nil(ty)),
        }
    }
}

// Types are told apart by their names, as they are in Go's own messages; statics would be
// duplicated by inlining if addresses counted.
impl PartialEq for ListType {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || self.name == other.name
    }
}

impl Eq for ListType {}

impl PartialEq for MapType {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || self.name == other.name
    }
}

impl Eq for MapType {}

impl PartialEq for ObjectType {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || self.name == other.name
    }
}

impl Eq for ObjectType {}

impl PartialEq for Type {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Uint(a), Self::Uint(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            (Self::Object(a), Self::Object(b)) => a == b,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

impl Eq for Type {}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
