//! Calls of functions and methods.

use super::eval::Operands;
use super::operand::Operand;
use super::scope::Scope;
use crate::error::{ExecError, Failure};
use crate::function::{Args, Function, Method, Outcome, Signature, Special};
use crate::parse::{NodeId, Tree};
use crate::value::{Type, Value, lossy};

impl Scope<'_> {
    /// A function with its operands. `node` is what an error of the function is about.
    pub(super) fn eval_function(
        &mut self,
        tree: &Tree,
        dot: &Operand,
        node: NodeId,
        name: &str,
        function: &Function,
        operands: Operands<'_>,
    ) -> Result<Operand, ExecError> {
        let signature = function.signature();
        self.check_count(tree, name, signature, operands)?;
        let short_circuit_on = match function.as_special() {
            None => {
                return self.call(tree, dot, node, name, signature, operands, |scope, args| {
                    function.call(scope, args)
                });
            }
            Some(Special::Call) => {
                let callee = callee_name(tree, operands);
                return self.call(tree, dot, node, name, signature, operands, |scope, args| {
                    scope.call_value(&callee, args)
                });
            }
            Some(Special::And) => false,
            Some(Special::Or) => true,
        };
        let mut last = Operand::concrete(Value::Missing);
        for arg in operands.nodes.iter().skip(1) {
            last = self.eval_argument(tree, dot, Some(Type::Reflect), *arg)?;
            if last.value.is_true() == short_circuit_on {
                return Ok(last);
            }
        }
        Ok(operands.piped.cloned().unwrap_or(last))
    }

    pub(super) fn call_method(
        &mut self,
        tree: &Tree,
        dot: &Operand,
        node: NodeId,
        method: &'static Method,
        operands: Operands<'_>,
        receiver: &Value,
    ) -> Result<Operand, ExecError> {
        let signature = method.signature;
        self.check_count(tree, method.name, signature, operands)?;
        self.call(
            tree,
            dot,
            node,
            method.name,
            signature,
            operands,
            |scope, args| (method.body)(scope, receiver, Args::new(args)),
        )
    }

    fn check_count(
        &self,
        tree: &Tree,
        name: &str,
        signature: Signature,
        operands: Operands<'_>,
    ) -> Result<(), ExecError> {
        let written = operands.nodes.len().saturating_sub(1);
        let count = written + usize::from(operands.piped.is_some());
        let wanted = signature.params.len();
        let message = if signature.variadic.is_some() {
            if count >= wanted {
                return Ok(());
            }
            format!("wrong number of args for {name}: want at least {wanted} got {written}")
        } else {
            if count == wanted {
                return Ok(());
            }
            format!("wrong number of args for {name}: want {wanted} got {count}")
        };
        Err(self.error(tree, message))
    }

    /// Evaluates the operands and calls.
    #[expect(clippy::too_many_arguments, reason = "all of them make up the call")]
    fn call(
        &mut self,
        tree: &Tree,
        dot: &Operand,
        node: NodeId,
        name: &str,
        signature: Signature,
        operands: Operands<'_>,
        body: impl FnOnce(&mut Self, &[Value]) -> Outcome,
    ) -> Result<Operand, ExecError> {
        let mut args = self.spare.pop().unwrap_or_default();
        let mut boxed = 0;
        for (index, arg) in operands.nodes.iter().skip(1).enumerate() {
            let ty = signature.param(index);
            let operand = self.eval_argument(tree, dot, Some(ty), *arg)?;
            if operand.boxed && index < 32 {
                boxed |= 1 << index;
            }
            args.push(operand.value);
        }
        if let Some(piped) = operands.piped {
            let ty = signature.param(args.len());
            args.push(self.validate(tree, piped.clone(), Some(ty))?.value);
        }
        self.boxed = boxed;
        let result = body(self, &args);
        args.clear();
        self.spare.push(args);
        match result {
            Ok(value) => Ok(Operand::concrete(value)),
            Err(failure) => {
                self.at = Some(node);
                let message = format!("error calling {name}");
                Err(self
                    .error(tree, message)
                    .with_cause(failure.with_byte_limit(self.limits().bytes)))
            }
        }
    }

    /// `call`: the first argument is a function, the others are its own.
    fn call_value(&mut self, name: &str, args: &[Value]) -> Outcome {
        let (function, args) = match args {
            [] | [Value::Missing | Value::Nil, ..] => return Err(Failure::new("call of nil")),
            [Value::Function(function), args @ ..] => (function, args),
            [other, ..] => {
                let ty = other.type_name();
                return Err(Failure::new(format!("non-function {name} of type {ty}")));
            }
        };
        let signature = function.signature();
        let (got, want) = (args.len(), signature.params.len());
        if signature.variadic.is_some() && got < want {
            return Err(Failure::new(format!(
                "wrong number of args for {name}: got {got} want at least {want}"
            )));
        }
        if signature.variadic.is_none() && got != want {
            return Err(Failure::new(format!(
                "wrong number of args for {name}: got {got} want {want}"
            )));
        }
        let mut prepared = Vec::with_capacity(got);
        for (index, arg) in args.iter().enumerate() {
            let arg = arg
                .prepared_for(signature.param(index))
                .map_err(|message| Failure::new(format!("arg {index}: {message}")))?;
            prepared.push(arg);
        }
        function.call(self, &prepared)
    }
}

/// What `call` says it calls in errors.
fn callee_name(tree: &Tree, operands: Operands<'_>) -> String {
    match (operands.nodes.get(1), operands.piped) {
        (Some(node), _) => tree.print(*node),
        (
            None,
            Some(Operand {
                value: Value::String(text),
                ..
            }),
        ) => lossy(text).into_owned(),
        (None, Some(piped)) => format!("<{} Value>", piped.type_name()),
        (None, None) => String::new(),
    }
}
