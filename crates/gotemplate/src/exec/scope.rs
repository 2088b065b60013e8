//! The state of an execution, as functions see it.

use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

use super::operand::Operand;
use crate::error::{ExecError, Failure};
use crate::limits::{Limit, Limits};
use crate::parse::{NodeId, Symbol, Tree};
use crate::set::Templates;
use crate::strconv;
use crate::value::{Text, Value};

/// A running execution: handed to every function, which may render other templates with it.
pub struct Scope<'h> {
    pub(super) templates: Templates,
    limits: Limits,
    host: Option<&'h dyn Any>,
    steps_left: u64,
    bytes_left: u64,
    started: Option<Instant>,
    /// Renders and templates within each other.
    pub(super) depth: usize,
    /// Calls of the evaluator within each other, all of which take stack.
    nesting: usize,
    pub(super) out: Vec<u8>,
    /// Variables of the template at hand from `base` on.
    pub(super) variables: Vec<(Symbol, Operand)>,
    pub(super) base: usize,
    /// The node errors are about: the one evaluated last.
    pub(super) at: Option<NodeId>,
    /// Which of the first arguments of the call at hand came out of an `interface {}`.
    pub(super) boxed: u32,
    /// Buffers for arguments that are not in use.
    pub(super) spare: Vec<Vec<Value>>,
}

/// How many calls of the evaluator may be within each other. It bounds the stack, which grows on
/// the heap, to some hundred megabytes.
const MAX_NESTING: usize = 250_000;

/// The stack a step may take before it is looked at again, functions included, and by how much
/// it grows.
const STACK_RESERVE: usize = 256 << 10;
const STACK_GROWTH: usize = 4 << 20;

/// The clock is read once in this many steps.
const STEPS_PER_LOOK: u64 = 256;

impl<'h> Scope<'h> {
    pub(super) fn new(templates: &Templates, limits: Limits, host: Option<&'h dyn Any>) -> Self {
        Self {
            templates: templates.clone(),
            limits,
            host,
            steps_left: limits.steps,
            bytes_left: limits.bytes,
            started: limits.time.map(|_| Instant::now()),
            depth: 0,
            nesting: 0,
            out: Vec::new(),
            variables: Vec::new(),
            base: 0,
            at: None,
            boxed: 0,
            spare: Vec::new(),
        }
    }

    /// Executes a template into the buffer.
    pub(super) fn execute(&mut self, name: &str, data: &Value) -> Result<(), Failure> {
        let Some(tree) = self.templates.get(name).map(Arc::clone) else {
            return Err(Failure::new(format!(
                "template: no template {} associated with template {}",
                strconv::quote(name.as_bytes()),
                strconv::quote(self.templates.name().as_bytes())
            )));
        };
        let data = Operand::concrete(match data {
            Value::Nil => Value::Missing,
            data => data.clone(),
        });
        self.run_tree(&tree, &data).map_err(Failure::from)
    }

    /// Walks a tree with variables of its own.
    pub(super) fn run_tree(&mut self, tree: &Tree, data: &Operand) -> Result<(), ExecError> {
        let base = std::mem::replace(&mut self.base, self.variables.len());
        let at = self.at.take();
        self.variables.push((Symbol::ROOT, data.clone()));
        self.depth += 1;
        let result = self.nested(tree, |scope| scope.walk(tree, data, tree.root()));
        self.depth -= 1;
        self.variables.truncate(self.base);
        self.base = base;
        self.at = at;
        result.map(|_| ())
    }

    /// Goes one level deeper into the template.
    pub(super) fn nested<T>(
        &mut self,
        tree: &Tree,
        body: impl FnOnce(&mut Self) -> Result<T, ExecError>,
    ) -> Result<T, ExecError> {
        if self.nesting >= MAX_NESTING {
            return Err(self.limit_error(tree, Limit::Nesting));
        }
        self.nesting += 1;
        let result = stacker::maybe_grow(STACK_RESERVE, STACK_GROWTH, || body(self));
        self.nesting -= 1;
        result
    }

    // Errors.

    /// An error at the node evaluated last.
    pub(super) fn error(&self, tree: &Tree, message: impl Into<String>) -> ExecError {
        let place = self.at.map(|node| tree.place(node));
        ExecError::new(tree.shared_name(), place, message.into())
    }

    pub(super) fn limit_error(&self, tree: &Tree, limit: Limit) -> ExecError {
        let failure = Failure::from(limit).with_byte_limit(self.limits.bytes);
        self.error(tree, "").with_cause(failure)
    }

    // Limits.

    /// Counts a step.
    pub(super) fn step(&mut self, tree: &Tree) -> Result<(), ExecError> {
        match self.count_steps(1) {
            Ok(()) => Ok(()),
            Err(limit) => Err(self.limit_error(tree, limit)),
        }
    }

    fn count_steps(&mut self, steps: u64) -> Result<(), Limit> {
        let before = self.steps_left;
        self.steps_left = before
            .checked_sub(steps)
            .ok_or(Limit::Steps(self.limits.steps))?;
        if before / STEPS_PER_LOOK != self.steps_left / STEPS_PER_LOOK
            && let (Some(started), Some(time)) = (self.started, self.limits.time)
            && started.elapsed() > time
        {
            return Err(Limit::Time(time));
        }
        Ok(())
    }

    pub(super) fn count_bytes(&mut self, bytes: usize) -> Result<(), Limit> {
        self.bytes_left = self
            .bytes_left
            .checked_sub(bytes as u64)
            .ok_or(Limit::Bytes(self.limits.bytes))?;
        Ok(())
    }

    /// How many bytes may still be built: what to hand to [`format`](crate::format) as `max`.
    pub fn bytes_left(&self) -> usize {
        usize::try_from(self.bytes_left).unwrap_or(usize::MAX)
    }

    /// Whether the argument of the call at hand came out of an `interface {}`.
    pub(crate) const fn came_boxed(&self, index: usize) -> bool {
        index < 32 && self.boxed >> index & 1 == 1
    }

    // What functions may do.

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
        Ok(self.count_bytes(bytes)?)
    }

    /// Counts steps a function is about to take against [`Limits::steps`].
    ///
    /// # Errors
    ///
    /// If there are not that many left.
    pub fn charge_steps(&mut self, steps: u64) -> Result<(), Failure> {
        Ok(self.count_steps(steps)?)
    }

    /// Renders a template of the set that calls: Helm's `include`. Limits and depth are shared.
    ///
    /// # Errors
    ///
    /// Those of the render, or Go's `no template … associated with template …`.
    pub fn render(&mut self, name: &str, data: &Value) -> Result<Text, Failure> {
        if self.depth >= self.limits.depth {
            return Err(Limit::Depth(self.limits.depth).into());
        }
        let outer = std::mem::take(&mut self.out);
        let result = self.execute(name, data);
        let out = std::mem::replace(&mut self.out, outer);
        result.map(|()| Text::from(out))
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
        let outer = std::mem::replace(&mut self.templates, templates.clone());
        let result = self.render(name, data);
        self.templates = outer;
        result
    }
}

impl std::fmt::Debug for Scope<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scope")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
