//! Values with fields and methods.

use std::any::Any;

use super::{ObjectType, Text, Value};

/// A struct, a pointer or a named basic type: what Go reaches through fields and methods.
///
/// Methods belong to the type ([`ObjectType::methods`]); their bodies get the receiver as a
/// [`Value`] and find the Rust type back with [`Value::downcast`].
pub trait Object: Any {
    /// The type, which has the methods.
    fn ty(&self) -> &'static ObjectType;

    /// The exported field of the name.
    fn field(&self, _name: &str) -> Option<Value> {
        None
    }

    /// All fields in the order of their declaration, for printing.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }

    /// What `encoding/json` writes, where that is not what [`Object::fields`] says: names from
    /// tags, unexported and empty fields left out.
    fn json_fields(&self) -> Option<Vec<(&'static str, Value)>> {
        None
    }

    /// What `String()` or `Error()` gives, where the type has one of the two. Printing uses it;
    /// a template that may call it needs it in [`ObjectType::methods`] too.
    fn text(&self) -> Option<Text> {
        None
    }

    /// What an action prints of a struct that is a field of something a pointer leads to: Go finds
    /// the methods of its pointer there, which it does not where the struct is an argument.
    fn addressable_text(&self) -> Option<Text> {
        self.text()
    }

    /// The basic value of a named basic type: the nanoseconds of a `time.Duration`.
    fn underlying(&self) -> Option<Value> {
        None
    }

    /// Whether both are equal as `==` and `reflect.DeepEqual` have it.
    fn equals(&self, _other: &dyn Object) -> bool {
        false
    }
}
