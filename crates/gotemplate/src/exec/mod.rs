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
        let mut scope = Scope::new(self.templates, self.limits, self.host);
        scope.execute(name, data)?;
        Ok(std::mem::take(&mut scope.out))
    }
}

impl std::fmt::Debug for Execution<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Execution")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
