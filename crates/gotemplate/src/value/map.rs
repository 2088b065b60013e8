//! Maps.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::{MapType, Text, Value, release};

/// A map from strings, shared and changeable as Go's are: a clone is the same map. Iteration is
/// in the order of the keys' bytes, which is how templates range over maps and print them.
///
/// A nil map is empty and takes nothing; JSON and `reflect.DeepEqual` tell it from an empty one.
#[derive(Clone)]
pub struct Map {
    ty: &'static MapType,
    /// None in a nil map.
    entries: Option<Rc<Entries>>,
}

/// Entries that are made when they are asked for.
pub trait MapSource {
    /// The keys, in any order, each once.
    fn keys(&self) -> Vec<Text>;

    /// The value at a key.
    fn get(&self, key: &[u8]) -> Option<Value>;
}

struct Entries(RefCell<State>);

enum State {
    Own(BTreeMap<Text, Value>),
    /// Not asked for as a whole yet.
    Source(Box<dyn MapSource>),
}

impl State {
    /// The entries, made first if they are not.
    fn own(&mut self) -> &mut BTreeMap<Text, Value> {
        if let Self::Source(source) = self {
            let entries = source.keys().into_iter().filter_map(|key| {
                let value = source.get(&key)?;
                Some((key, value))
            });
            *self = Self::Own(entries.collect());
        }
        match self {
            Self::Own(entries) => entries,
            Self::Source(_) => unreachable!("the entries were made above"),
        }
    }
}

impl Default for Entries {
    fn default() -> Self {
        Self(RefCell::new(State::Own(BTreeMap::new())))
    }
}

// Maps nest as deep as a template cares to build them, deeper than the stack.
impl Drop for Entries {
    fn drop(&mut self) {
        let State::Own(entries) = self.0.get_mut() else {
            return;
        };
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
            entries: Some(Rc::default()),
        }
    }

    /// A map of the given type whose values are made when they are asked for; they are of its
    /// element type.
    pub fn from_source(ty: &'static MapType, source: impl MapSource + 'static) -> Self {
        let state = State::Source(Box::new(source));
        Self {
            ty,
            entries: Some(Rc::new(Entries(RefCell::new(state)))),
        }
    }

    /// The nil map of the type.
    pub const fn nil(ty: &'static MapType) -> Self {
        Self { ty, entries: None }
    }

    /// Whether it is a nil map.
    pub const fn is_nil(&self) -> bool {
        self.entries.is_none()
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
            entries: self.entries.clone(),
        }
    }

    /// The value at the key.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        match &*self.entries.as_ref()?.0.borrow() {
            State::Own(entries) => entries.get(key.as_ref()).cloned(),
            State::Source(source) => source.get(key.as_ref()),
        }
    }

    /// Whether there is a value at the key.
    pub fn contains(&self, key: impl AsRef<[u8]>) -> bool {
        self.read(|entries| entries.contains_key(key.as_ref()))
    }

    /// Sets the value at the key and returns the one that was there.
    ///
    /// # Panics
    ///
    /// If the map is nil: ask [`Map::is_nil`] of a map that is not one's own.
    #[expect(clippy::expect_used, reason = "an error of the caller, as in Go")]
    pub fn insert(&self, key: impl Into<Text>, value: impl Into<Value>) -> Option<Value> {
        let value = match value.into() {
            Value::Missing => self.ty.elem.zero(),
            value => value,
        };
        let entries = self.entries.as_ref().expect("a nil map takes nothing");
        entries.0.borrow_mut().own().insert(key.into(), value)
    }

    /// Removes the value at the key and returns it.
    pub fn remove(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        self.change(|entries| entries.remove(key.as_ref()))?
    }

    /// Removes everything.
    pub fn clear(&self) {
        drop(self.change(std::mem::take));
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.read(BTreeMap::len)
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.read(BTreeMap::is_empty)
    }

    /// Reads the entries in place. The map must not be changed meanwhile: take
    /// [`Map::entries`] where other code runs in between.
    pub fn read<T>(&self, read: impl FnOnce(&BTreeMap<Text, Value>) -> T) -> T {
        let Some(entries) = &self.entries else {
            return read(&BTreeMap::new());
        };
        if let State::Own(entries) = &*entries.0.borrow() {
            return read(entries);
        }
        entries.0.borrow_mut().own();
        self.read(read)
    }

    /// Changes the entries, if there can be any.
    fn change<T>(&self, change: impl FnOnce(&mut BTreeMap<Text, Value>) -> T) -> Option<T> {
        let entries = self.entries.as_ref()?;
        Some(change(entries.0.borrow_mut().own()))
    }

    /// The keys in order.
    pub fn keys(&self) -> Vec<Text> {
        if let Some(entries) = &self.entries
            && let State::Source(source) = &*entries.0.borrow()
        {
            let mut keys = source.keys();
            keys.sort();
            return keys;
        }
        self.read(|entries| entries.keys().cloned().collect())
    }

    /// The entries in order, as they are now.
    pub fn entries(&self) -> Vec<(Text, Value)> {
        self.read(|entries| {
            entries
                .iter()
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect()
        })
    }

    /// Whether both are the same map.
    pub fn ptr_eq(&self, other: &Self) -> bool {
        match (&self.entries, &other.entries) {
            (Some(a), Some(b)) => Rc::ptr_eq(a, b),
            (a, b) => a.is_none() && b.is_none(),
        }
    }

    /// The values, if nothing else holds the map: for taking deep values apart.
    pub(super) fn into_unique(self) -> Option<Vec<Value>> {
        let mut entries = Rc::into_inner(self.entries?)?;
        match entries.0.get_mut() {
            State::Own(entries) => Some(std::mem::take(entries).into_values().collect()),
            State::Source(_) => None,
        }
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
