//! Lists.

use std::ops::Deref;
use std::rc::Rc;

use super::{ListType, Value, release};

/// A slice: values of one declared type. It never changes; what appends or sorts makes a new
/// one. Cloning is cheap. A nil slice is empty and nearly the same as one that is not nil: JSON
/// and `reflect.DeepEqual` tell them apart.
#[derive(Clone)]
pub struct List {
    ty: &'static ListType,
    /// None in a nil slice.
    items: Option<Rc<Items>>,
}

struct Items(Vec<Value>);

// Lists nest as deep as a template cares to build them, deeper than the stack.
impl Drop for Items {
    fn drop(&mut self) {
        if self.0.iter().any(Value::is_container) {
            release(std::mem::take(&mut self.0));
        }
    }
}

impl List {
    /// A `[]interface {}`.
    pub fn new(items: Vec<Value>) -> Self {
        Self::of(ListType::ANY, items)
    }

    /// A list of the given type; the caller sees to it that the elements are of its element
    /// type.
    pub fn of(ty: &'static ListType, items: Vec<Value>) -> Self {
        Self {
            ty,
            items: Some(Rc::new(Items(items))),
        }
    }

    /// The nil slice of the type.
    pub const fn nil(ty: &'static ListType) -> Self {
        Self { ty, items: None }
    }

    /// Whether it is a nil slice.
    pub const fn is_nil(&self) -> bool {
        self.items.is_none()
    }

    /// The type.
    pub fn ty(&self) -> &'static ListType {
        self.ty
    }

    /// The same elements under another type.
    #[must_use]
    pub fn retyped(&self, ty: &'static ListType) -> Self {
        Self {
            ty,
            items: self.items.clone(),
        }
    }

    /// Whether both are the same allocation.
    pub fn ptr_eq(&self, other: &Self) -> bool {
        match (&self.items, &other.items) {
            (Some(a), Some(b)) => Rc::ptr_eq(a, b),
            (a, b) => a.is_none() && b.is_none(),
        }
    }

    /// The elements, if nothing else holds them: for taking deep values apart.
    pub(super) fn into_unique(self) -> Option<Vec<Value>> {
        Rc::into_inner(self.items?).map(|mut items| std::mem::take(&mut items.0))
    }
}

impl Deref for List {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        self.items.as_ref().map_or(&[], |items| &items.0)
    }
}

impl FromIterator<Value> for List {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        Self::new(items.into_iter().collect())
    }
}

impl std::fmt::Debug for List {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Value::List(self.clone()).fmt(f)
    }
}
