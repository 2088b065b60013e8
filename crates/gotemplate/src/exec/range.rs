//! `range`.

use super::operand::Operand;
use super::scope::Scope;
use super::walk::Flow;
use crate::error::ExecError;
use crate::format;
use crate::parse::{Branch, Node, NodeId, Symbol, Tree};
use crate::value::{UintKind, Value, lossy};

/// The variables of a `range`, which are set anew in each round.
struct Loop<'a> {
    branch: &'a Branch,
    declared: Vec<Symbol>,
    assign: bool,
}

impl Scope<'_> {
    pub(super) fn walk_range(
        &mut self,
        tree: &Tree,
        dot: &Operand,
        branch: &Branch,
    ) -> Result<Flow, ExecError> {
        let value = self.eval_pipeline(tree, dot, branch.pipe)?;
        let mut round = Loop {
            branch,
            declared: Vec::new(),
            assign: false,
        };
        if let Node::Pipe {
            declared, assign, ..
        } = tree.node(branch.pipe)
        {
            round.assign = *assign;
            round.declared = tree
                .children(*declared)
                .iter()
                .filter_map(|node| variable_of(tree, *node))
                .collect();
        }
        let ran = match value.underlying() {
            Value::Int(kind, end) => {
                self.check_single(tree, &round, &value)?;
                let values = (0..end).map(|at| Value::Int(kind, at));
                self.counted(tree, &round, values)?
            }
            Value::Uint(kind, end) => {
                self.check_single(tree, &round, &value)?;
                let values = (0..end).map(|at| Value::Uint(kind, at));
                self.counted(tree, &round, values)?
            }
            Value::List(list) => {
                let elem = list.ty().elem;
                let items = list.iter().map(|item| Operand::element(item.clone(), elem));
                self.indexed(tree, &round, items)?
            }
            Value::Bytes(bytes) => {
                let items = bytes
                    .iter()
                    .map(|byte| Operand::concrete(Value::Uint(UintKind::Uint8, u64::from(*byte))));
                self.indexed(tree, &round, items)?
            }
            Value::Map(map) => {
                let elem = map.ty().elem;
                let entries = map.entries();
                let ran = !entries.is_empty();
                for (key, item) in entries {
                    let key = Value::String(key);
                    let item = Operand::element(item, elem);
                    if self.one_round(tree, &round, key, &item)? == Flow::Break {
                        break;
                    }
                }
                ran
            }
            Value::Missing | Value::Nil => false,
            _ => {
                let shown = self.shown(tree, &value)?;
                return Err(self.error(tree, format!("range can't iterate over {shown}")));
            }
        };
        match branch.otherwise {
            Some(otherwise) if !ran => self.walk(tree, dot, otherwise),
            _ => Ok(Flow::Next),
        }
    }

    /// A value as `%v` shows it in an error.
    fn shown(&self, tree: &Tree, value: &Value) -> Result<String, ExecError> {
        let mut shown = Vec::new();
        match format::append_printed(&mut shown, value, self.bytes_left()) {
            Ok(()) => Ok(lossy(&shown).into_owned()),
            Err(limit) => Err(self.limit_error(tree, limit)),
        }
    }

    fn check_single(&self, tree: &Tree, round: &Loop<'_>, value: &Value) -> Result<(), ExecError> {
        if round.declared.len() < 2 {
            return Ok(());
        }
        let shown = self.shown(tree, value)?;
        let message = format!("can't use {shown} to iterate over more than one variable");
        Err(self.error(tree, message))
    }

    /// Rounds without an index.
    fn counted(
        &mut self,
        tree: &Tree,
        round: &Loop<'_>,
        values: impl Iterator<Item = Value>,
    ) -> Result<bool, ExecError> {
        let mut ran = false;
        for value in values {
            ran = true;
            let item = Operand::concrete(value);
            if self.one_round(tree, round, Value::Missing, &item)? == Flow::Break {
                break;
            }
        }
        Ok(ran)
    }

    /// Rounds with an index.
    fn indexed(
        &mut self,
        tree: &Tree,
        round: &Loop<'_>,
        items: impl Iterator<Item = Operand>,
    ) -> Result<bool, ExecError> {
        let mut ran = false;
        for (index, item) in (0..).zip(items) {
            ran = true;
            if self.one_round(tree, round, Value::int(index), &item)? == Flow::Break {
                break;
            }
        }
        Ok(ran)
    }

    fn one_round(
        &mut self,
        tree: &Tree,
        round: &Loop<'_>,
        index: Value,
        item: &Operand,
    ) -> Result<Flow, ExecError> {
        let top = self.variables.len();
        let index = Operand::concrete(index);
        match (round.declared.as_slice(), round.assign) {
            ([], _) => {}
            ([only], true) => self.set_variable(tree, *only, item.clone())?,
            ([first, second, ..], true) => {
                self.set_variable(tree, *first, index)?;
                self.set_variable(tree, *second, item.clone())?;
            }
            // The pipeline put them on top of the stack.
            ([_], false) => self.variables[top - 1].1 = item.clone(),
            ([_, _, ..], false) => {
                self.variables[top - 1].1 = item.clone();
                self.variables[top - 2].1 = index;
            }
        }
        self.step(tree)?;
        let flow = self.walk(tree, item, round.branch.list)?;
        self.variables.truncate(top);
        Ok(flow)
    }
}

pub(super) fn variable_of(tree: &Tree, node: NodeId) -> Option<Symbol> {
    match tree.node(node) {
        Node::Variable { symbol, .. } => Some(*symbol),
        _ => None,
    }
}
