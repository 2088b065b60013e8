//! Expressions: pipelines, commands, fields and variables.

use std::sync::Arc;

use super::operand::Operand;
use super::range::variable_of;
use super::scope::Scope;
use crate::error::ExecError;
use crate::parse::{Node, NodeId, Number, Symbol, Tree};
use crate::set::MissingKey;
use crate::strconv;
use crate::value::Value;

/// What a command is applied to besides its own operands.
#[derive(Clone, Copy)]
pub(super) struct Operands<'a> {
    /// The operands as written, the first of which is the command itself; none where a function
    /// is an operand.
    pub(super) nodes: &'a [NodeId],
    /// The value of the command before in the pipeline.
    pub(super) piped: Option<&'a Operand>,
}

impl Operands<'_> {
    pub(super) const NONE: Self = Self {
        nodes: &[],
        piped: None,
    };

    const fn any(&self) -> bool {
        self.nodes.len() > 1 || self.piped.is_some()
    }
}

impl Scope<'_> {
    pub(super) fn eval_pipeline(
        &mut self,
        tree: &Tree,
        dot: &Operand,
        node: NodeId,
    ) -> Result<Value, ExecError> {
        let Node::Pipe {
            declared,
            assign,
            commands,
        } = tree.node(node)
        else {
            return Ok(Value::Missing);
        };
        self.at = Some(node);
        let mut value: Option<Operand> = None;
        for command in tree.children(*commands) {
            let result = self.eval_command(tree, dot, *command, value.as_ref())?;
            value = Some(Operand::concrete(result.unboxed()));
        }
        let value = value.map_or(Value::Missing, |operand| operand.value);
        for variable in tree.children(*declared) {
            let Some(symbol) = variable_of(tree, *variable) else {
                continue;
            };
            let operand = Operand::concrete(value.clone());
            if *assign {
                self.set_variable(tree, symbol, operand)?;
            } else {
                self.variables.push((symbol, operand));
            }
        }
        Ok(value)
    }

    fn find_variable(&mut self, tree: &Tree, symbol: Symbol) -> Result<usize, ExecError> {
        let mine = &self.variables[self.base..];
        if let Some(index) = mine.iter().rposition(|(name, _)| *name == symbol) {
            return Ok(self.base + index);
        }
        let message = format!("undefined variable: {}", tree.symbol(symbol));
        Err(self.error(tree, message))
    }

    pub(super) fn set_variable(
        &mut self,
        tree: &Tree,
        symbol: Symbol,
        operand: Operand,
    ) -> Result<(), ExecError> {
        let index = self.find_variable(tree, symbol)?;
        self.variables[index].1 = operand;
        Ok(())
    }

    fn eval_command(
        &mut self,
        tree: &Tree,
        dot: &Operand,
        command: NodeId,
        piped: Option<&Operand>,
    ) -> Result<Operand, ExecError> {
        self.step(tree)?;
        let Node::Command { args } = tree.node(command) else {
            return Ok(Operand::concrete(Value::Missing));
        };
        let nodes = tree.children(*args);
        let operands = Operands { nodes, piped };
        let Some(&first) = nodes.first() else {
            return Ok(Operand::concrete(Value::Missing));
        };
        match tree.node(first) {
            Node::Field { .. } => return self.eval_field_node(tree, dot, first, operands),
            Node::Chain { .. } => return self.eval_chain(tree, dot, first, operands),
            Node::Variable { .. } => return self.eval_variable(tree, dot, first, operands),
            Node::Identifier(id) => {
                let (name, function) = tree.function(*id);
                self.at = Some(first);
                return self.eval_function(tree, dot, command, name, function, operands);
            }
            Node::Pipe { .. } => {
                self.check_no_operands(tree, operands)?;
                return self
                    .nested(tree, |scope| scope.eval_pipeline(tree, dot, first))
                    .map(Operand::concrete);
            }
            _ => {}
        }
        self.at = Some(first);
        self.check_no_operands(tree, operands)?;
        match tree.node(first) {
            Node::Dot => Ok(dot.clone()),
            Node::Nil => Err(self.error(tree, "nil is not a command")),
            _ => self.eval_literal(tree, first).map(Operand::concrete),
        }
    }

    /// A literal of the type its syntax says.
    pub(super) fn eval_literal(&mut self, tree: &Tree, node: NodeId) -> Result<Value, ExecError> {
        match tree.node(node) {
            Node::Bool(value) => Ok(Value::Bool(*value)),
            Node::String { text, .. } => Ok(Value::String(tree.string(*text).clone())),
            Node::Number(id) => {
                self.at = Some(node);
                let number = tree.number(*id);
                number
                    .ideal()
                    .ok_or_else(|| self.error(tree, format!("{} overflows int", number.text)))
            }
            _ => {
                let shown = strconv::quote(tree.print(node).as_bytes());
                Err(self.error(tree, format!("can't evaluate command {shown}")))
            }
        }
    }

    fn check_no_operands(&self, tree: &Tree, operands: Operands<'_>) -> Result<(), ExecError> {
        if !operands.any() {
            return Ok(());
        }
        let first = operands.nodes.first().map(|first| tree.print(*first));
        let message = format!(
            "can't give argument to non-function {}",
            first.unwrap_or_default()
        );
        Err(self.error(tree, message))
    }

    pub(super) fn eval_field_node(
        &mut self,
        tree: &Tree,
        dot: &Operand,
        node: NodeId,
        operands: Operands<'_>,
    ) -> Result<Operand, ExecError> {
        self.at = Some(node);
        let Node::Field { names } = tree.node(node) else {
            return Ok(Operand::concrete(Value::Missing));
        };
        self.eval_fields(tree, dot, dot, node, tree.names(*names), operands)
    }

    pub(super) fn eval_chain(
        &mut self,
        tree: &Tree,
        dot: &Operand,
        node: NodeId,
        operands: Operands<'_>,
    ) -> Result<Operand, ExecError> {
        self.at = Some(node);
        let Node::Chain { of, fields } = tree.node(node) else {
            return Ok(Operand::concrete(Value::Missing));
        };
        if matches!(tree.node(*of), Node::Nil) {
            let message = format!("indirection through explicit nil in {}", tree.print(node));
            return Err(self.error(tree, message));
        }
        let receiver = self.eval_argument(tree, dot, None, *of)?;
        self.eval_fields(tree, dot, &receiver, node, tree.names(*fields), operands)
    }

    pub(super) fn eval_variable(
        &mut self,
        tree: &Tree,
        dot: &Operand,
        node: NodeId,
        operands: Operands<'_>,
    ) -> Result<Operand, ExecError> {
        self.at = Some(node);
        let Node::Variable { symbol, fields } = tree.node(node) else {
            return Ok(Operand::concrete(Value::Missing));
        };
        let index = if *symbol == Symbol::ROOT && !tree.redeclares_root() {
            self.base
        } else {
            self.find_variable(tree, *symbol)?
        };
        let receiver = self.variables[index].1.clone();
        let fields = tree.names(*fields);
        if fields.is_empty() {
            self.check_no_operands(tree, operands)?;
            return Ok(receiver);
        }
        self.eval_fields(tree, dot, &receiver, node, fields, operands)
    }

    /// `.X.Y.Z` of a receiver; operands go to the last.
    fn eval_fields(
        &mut self,
        tree: &Tree,
        dot: &Operand,
        receiver: &Operand,
        node: NodeId,
        names: &[Arc<str>],
        operands: Operands<'_>,
    ) -> Result<Operand, ExecError> {
        let mut current: Option<Operand> = None;
        for (index, name) in names.iter().enumerate() {
            let operands = if index + 1 == names.len() {
                operands
            } else {
                Operands::NONE
            };
            let receiver = current.as_ref().unwrap_or(receiver);
            current = Some(self.eval_field(tree, dot, node, name, operands, receiver)?);
        }
        Ok(current.unwrap_or_else(|| receiver.clone()))
    }

    fn eval_field(
        &mut self,
        tree: &Tree,
        dot: &Operand,
        node: NodeId,
        name: &str,
        operands: Operands<'_>,
        receiver: &Operand,
    ) -> Result<Operand, ExecError> {
        let missing_key = self.templates.missing_key();
        match &receiver.value {
            Value::Missing if missing_key == MissingKey::Error => {
                let message = format!(
                    "nil data; no entry for key {}",
                    strconv::quote(name.as_bytes())
                );
                return Err(self.error(tree, message));
            }
            Value::Missing => return Ok(Operand::concrete(Value::Missing)),
            Value::Nil => {
                let message = format!("nil pointer evaluating interface {{}}.{name}");
                return Err(self.error(tree, message));
            }
            _ => {}
        }
        if let Some(method) = receiver.value.method(name) {
            return self.call_method(tree, dot, node, method, operands, &receiver.value);
        }
        match &receiver.value {
            Value::Map(map) => {
                if operands.any() {
                    let message = format!("{name} is not a method but has arguments");
                    return Err(self.error(tree, message));
                }
                let elem = map.ty().elem;
                match map.get(name) {
                    Some(value) => Ok(Operand::element(value, elem)),
                    None => match missing_key {
                        MissingKey::Invalid => Ok(Operand::concrete(Value::Missing)),
                        MissingKey::Zero => Ok(Operand::element(elem.zero(), elem)),
                        MissingKey::Error => {
                            let name = strconv::quote(name.as_bytes());
                            Err(self.error(tree, format!("map has no entry for key {name}")))
                        }
                    },
                }
            }
            Value::Object(object) => match object.field(name) {
                Some(_) if operands.any() => {
                    let message = format!("{name} has arguments but cannot be invoked as function");
                    Err(self.error(tree, message))
                }
                Some(value) => Ok(Operand::concrete(value)),
                None => Err(self.no_field(tree, name, receiver)),
            },
            _ => Err(self.no_field(tree, name, receiver)),
        }
    }

    fn no_field(&self, tree: &Tree, name: &str, receiver: &Operand) -> ExecError {
        let ty = receiver.type_name();
        self.error(tree, format!("can't evaluate field {name} in type {ty}"))
    }
}

impl Number {
    /// The number as its syntax says it: `1.0` is a float although it could be an integer. None
    /// if it does not fit an `int`.
    fn ideal(&self) -> Option<Value> {
        if let Some((re, im)) = self.complex {
            return Some(Value::Complex(re, im));
        }
        let text = self.text.as_bytes();
        let hex = matches!(text, [b'0', b'x' | b'X', _, ..])
            && !text.iter().any(|byte| matches!(byte, b'p' | b'P'));
        let rune = text.starts_with(b"'");
        if let Some(float) = self.float
            && !hex
            && !rune
            && text.iter().any(|byte| b".eEpP".contains(byte))
        {
            return Some(Value::float(float));
        }
        self.int.map(Value::int)
    }
}

impl Tree {
    /// Whether a pipeline declares or sets variables, so that its value is not printed.
    pub(super) fn declares(&self, pipe: NodeId) -> bool {
        matches!(self.node(pipe), Node::Pipe { declared, .. } if declared.len() > 0)
    }
}
