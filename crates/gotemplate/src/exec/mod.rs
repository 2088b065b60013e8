//! Execution of compiled templates.

mod argument;
mod call;
mod eval;
mod operand;
mod range;
mod scope;
mod walk;

use std::any::Any;

pub use scope::Scope;

use crate::error::Failure;
use crate::limits::Limits;
use crate::set::Templates;
use crate::value::Value;

/// A render about to start: a set of templates, limits, and what the functions of the host need.
#[derive(Clone, Copy)]
pub struct Execution<'h> {
    templates: &'h Templates,
    limits: Limits,
    host: Option<&'h dyn Any>,
}

impl<'h> Execution<'h> {
    pub(crate) fn new(templates: &'h Templates) -> Self {
        Self {
            templates,
            limits: Limits::default(),
            host: None,
        }
    }

    /// Sets the limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Gives functions something to work on: they reach it with [`Scope::host`].
    #[must_use]
    pub fn host(mut self, host: &'h dyn Any) -> Self {
        self.host = Some(host);
        self
    }

    /// Renders the template of the name. Dot and `$` are `data`.
    ///
    /// # Errors
    ///
    /// What Go's `ExecuteTemplate` gives, as [`Failure::as_exec`] unless there is no such
    /// template, or the limit that was passed.
    pub fn render(self, name: &str, data: &Value) -> Result<Vec<u8>, Failure> {
        let mut out = Vec::new();
        self.append(&mut out, name, data)?;
        Ok(out)
    }

    /// As [`Execution::render`], behind what is in `out` already; after an error what was
    /// rendered up to it is there.
    ///
    /// # Errors
    ///
    /// As [`Execution::render`].
    pub fn append(self, out: &mut Vec<u8>, name: &str, data: &Value) -> Result<(), Failure> {
        let mut scope = Scope::new(self.templates, self.limits, self.host);
        std::mem::swap(&mut scope.out, out);
        let result = scope.execute(name, data);
        std::mem::swap(&mut scope.out, out);
        result
    }
}

impl std::fmt::Debug for Execution<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Execution")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
