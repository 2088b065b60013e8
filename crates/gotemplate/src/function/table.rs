//! Functions by name.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Args, Function, Outcome, Signature};
use crate::builtin;
use crate::exec::Scope;
use crate::value::Type;

/// The functions templates may call, by name. Go's own are in it from the start and can be
/// replaced. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Functions(Arc<HashMap<&'static str, Arc<Function>>>);

impl Functions {
    /// Go's built-in functions.
    pub fn new() -> Self {
        let mut functions = Self(Arc::default());
        builtin::register(&mut functions);
        functions
    }

    /// Adds a function with a fixed number of parameters.
    pub fn add<F>(&mut self, name: &'static str, params: &'static [Type], body: F)
    where
        F: Fn(&mut Scope<'_>, Args<'_>) -> Outcome + Send + Sync + 'static,
    {
        self.insert(name, Function::new(Signature::fixed(params), body));
    }

    /// Adds a function that takes any number of arguments of the type `rest` after the fixed
    /// ones.
    pub fn add_variadic<F>(
        &mut self,
        name: &'static str,
        params: &'static [Type],
        rest: Type,
        body: F,
    ) where
        F: Fn(&mut Scope<'_>, Args<'_>) -> Outcome + Send + Sync + 'static,
    {
        self.insert(name, Function::new(Signature::variadic(params, rest), body));
    }

    /// Adds a function, in place of one of the same name.
    pub fn insert(&mut self, name: &'static str, function: Function) {
        Arc::make_mut(&mut self.0).insert(name, Arc::new(function));
    }

    /// Makes a function available under a second name.
    pub fn alias(&mut self, name: &'static str, of: &str) {
        if let Some(function) = self.get(of) {
            Arc::make_mut(&mut self.0).insert(name, function);
        }
    }

    /// Takes a function away.
    pub fn remove(&mut self, name: &str) {
        Arc::make_mut(&mut self.0).remove(name);
    }

    /// The function of the name.
    pub fn get(&self, name: &str) -> Option<Arc<Function>> {
        self.0.get(name).cloned()
    }

    /// The function of the name, and the name for good.
    pub(crate) fn entry(&self, name: &str) -> Option<(&'static str, Arc<Function>)> {
        let (name, function) = self.0.get_key_value(name)?;
        Some((name, Arc::clone(function)))
    }

    /// All names, in no order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }
}

impl Default for Functions {
    fn default() -> Self {
        Self::new()
    }
}
