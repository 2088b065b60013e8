//! The state of an execution, as functions see it.

use std::any::Any;

use crate::error::{ExecError, Failure};
use crate::limits::Limits;
use crate::set::Templates;
use crate::value::{Text, Value};

/// A running execution: handed to every function, which may render other templates with it.
pub struct Scope<'h> {
    templates: Templates,
    limits: Limits,
    host: Option<&'h dyn Any>,
}

impl<'h> Scope<'h> {
    pub(super) fn new(templates: &Templates, limits: Limits, host: Option<&'h dyn Any>) -> Self {
        Self {
            templates: templates.clone(),
            limits,
            host,
        }
    }

    pub(super) fn run(mut self, name: &str, data: &Value) -> Result<Vec<u8>, ExecError> {
        let _ = (&mut self, name, data);
        todo!()
    }

    /// The set the template that calls belongs to.
    pub fn templates(&self) -> &Templates {
        &self.templates
    }

    /// The limits of the execution.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// What the caller gave to [`Execution::host`](super::Execution::host), if it is of the type.
    pub fn host<T: Any>(&self) -> Option<&'h T> {
        self.host?.downcast_ref()
    }

    /// Counts bytes a function is about to build against [`Limits::bytes`]: to be called before
    /// building anything whose size comes from an argument (`repeat`, `until`).
    ///
    /// # Errors
    ///
    /// If there are not that many left.
    pub fn charge(&mut self, bytes: usize) -> Result<(), Failure> {
        let _ = bytes;
        todo!()
    }

    /// Counts steps a function is about to take against [`Limits::steps`].
    ///
    /// # Errors
    ///
    /// If there are not that many left.
    pub fn charge_steps(&mut self, steps: u64) -> Result<(), Failure> {
        let _ = steps;
        todo!()
    }

    /// Renders a template of the set that calls: Helm's `include`. Limits and depth are shared.
    ///
    /// # Errors
    ///
    /// Those of the render, or Go's `no template … associated with template …`.
    pub fn render(&mut self, name: &str, data: &Value) -> Result<Text, Failure> {
        let _ = (name, data);
        todo!()
    }

    /// Renders a template of another set within this execution: Helm's `tpl`, which parses into
    /// a clone of [`Scope::templates`].
    ///
    /// # Errors
    ///
    /// As [`Scope::render`].
    pub fn render_in(
        &mut self,
        templates: &Templates,
        name: &str,
        data: &Value,
    ) -> Result<Text, Failure> {
        let _ = (templates, name, data);
        todo!()
    }
}

impl std::fmt::Debug for Scope<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scope")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
