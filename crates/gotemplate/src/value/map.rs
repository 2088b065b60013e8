//! Maps.

use std::cell::{Ref, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::{MapType, Text, Value, release};

/// A map from strings, shared and changeable as Go's are: a clone is the same map. Iteration is
/// in the order of the keys' bytes, which is how templates range over maps and print them.
#[derive(Clone)]
pub struct Map {
    ty: &'static MapType,
    entries: Rc<Entries>,
}

#[derive(Default)]
struct Entries(RefCell<BTreeMap<Text, Value>>);

// Maps nest as deep as a template cares to build them, deeper than the stack.
impl Drop for Entries {
    fn drop(&mut self) {
        let entries = self.0.get_mut();
        if entries.values().any(Value::is_container) {
            release(std::mem::take(entries).into_values().collect());
        }
    }
}

impl Map {
    /// An empty `map[string]interface {}`.
    pub fn new() -> Self {
        Self::of(MapType::ANY)
    }

    /// An empty map of the given type.
    pub fn of(ty: &'static MapType) -> Self {
        Self {
            ty,
            entries: Rc::default(),
        }
    }

    /// The type.
    pub fn ty(&self) -> &'static MapType {
        self.ty
    }

    /// The same map (not a copy) under another type, as a conversion in Go gives it.
    #[must_use]
    pub fn retyped(&self, ty: &'static MapType) -> Self {
        Self {
            ty,
            entries: Rc::clone(&self.entries),
        }
    }

    /// The value at the key.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        self.entries.0.borrow().get(key.as_ref()).cloned()
    }

    /// Whether there is a value at the key.
    pub fn contains(&self, key: impl AsRef<[u8]>) -> bool {
        self.entries.0.borrow().contains_key(key.as_ref())
    }

    /// Sets the value at the key and returns the one that was there.
    pub fn insert(&self, key: impl Into<Text>, value: impl Into<Value>) -> Option<Value> {
        let value = match value.into() {
            Value::Missing => self.ty.elem.zero(),
            value => value,
        };
        self.entries.0.borrow_mut().insert(key.into(), value)
    }

    /// Removes the value at the key and returns it.
    pub fn remove(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        self.entries.0.borrow_mut().remove(key.as_ref())
    }

    /// Removes everything.
    pub fn clear(&self) {
        let entries = std::mem::take(&mut *self.entries.0.borrow_mut());
        drop(entries);
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.0.borrow().len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.0.borrow().is_empty()
    }

    /// The entries for reading in place. The map must not be changed while the result lives:
    /// take [`Map::entries`] where other code runs in between.
    pub fn borrow(&self) -> Ref<'_, BTreeMap<Text, Value>> {
        self.entries.0.borrow()
    }

    /// The keys in order.
    pub fn keys(&self) -> Vec<Text> {
        self.entries.0.borrow().keys().cloned().collect()
    }

    /// The entries in order, as they are now.
    pub fn entries(&self) -> Vec<(Text, Value)> {
        self.entries
            .0
            .borrow()
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    /// Whether both are the same map.
    pub fn ptr_eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.entries, &other.entries)
    }

    /// The values, if nothing else holds the map: for taking deep values apart.
    pub(super) fn into_unique(self) -> Option<Vec<Value>> {
        Rc::into_inner(self.entries).map(|entries| entries.0.take().into_values().collect())
    }
}

impl Default for Map {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Into<Text>, V: Into<Value>> FromIterator<(K, V)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let map = Self::new();
        for (key, value) in entries {
            map.insert(key, value);
        }
        map
    }
}

impl std::fmt::Debug for Map {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Value::Map(self.clone()).fmt(f)
    }
}
