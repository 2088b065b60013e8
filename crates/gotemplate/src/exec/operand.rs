//! Values on their way through the evaluator.

use crate::value::{Type, Value};

/// A value and whether it came out of an `interface {}`, such as an element of a
/// `map[string]interface {}`: errors about fields name that type then.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    pub(super) value: Value,
    pub(super) boxed: bool,
}

impl Operand {
    /// A value of its own type.
    pub(super) const fn concrete(value: Value) -> Self {
        Self {
            value,
            boxed: false,
        }
    }

    /// An element of a list or map whose elements are of the type.
    pub(super) fn element(value: Value, ty: Type) -> Self {
        Self {
            boxed: matches!(ty, Type::Any),
            value,
        }
    }

    /// The static type, as errors name it.
    pub(super) fn type_name(&self) -> &'static str {
        if self.boxed || matches!(self.value, Value::Nil) {
            "interface {}"
        } else {
            self.value.type_name()
        }
    }

    /// What is left once the value leaves a pipeline: a nil interface is no value at all.
    pub(super) fn unboxed(self) -> Value {
        match self.value {
            Value::Nil => Value::Missing,
            value => value,
        }
    }
}
