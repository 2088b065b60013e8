//! Text and control structures.

use std::sync::Arc;

use super::operand::Operand;
use super::scope::Scope;
use crate::error::ExecError;
use crate::format;
use crate::limits::Limit;
use crate::parse::{Branch, BranchKind, Node, NodeId, Tree};
use crate::strconv;
use crate::value::{Kind, Value};

/// How a walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    Break,
    Continue,
}

impl Scope<'_> {
    pub(super) fn walk(
        &mut self,
        tree: &Tree,
        dot: &Operand,
        node: NodeId,
    ) -> Result<Flow, ExecError> {
        self.at = Some(node);
        self.step(tree)?;
        match tree.node(node) {
            Node::Text { start, end } => {
                let text = tree.text(*start, *end);
                self.out.extend_from_slice(text);
                self.count(tree, text.len())?;
            }
            Node::Action { pipe } => {
                let value = self.eval_pipeline(tree, dot, *pipe)?;
                if !tree.declares(*pipe) {
                    self.print(tree, node, &value)?;
                }
            }
            Node::List { nodes } => {
                for child in tree.children(*nodes) {
                    let flow = self.walk(tree, dot, *child)?;
                    if flow != Flow::Next {
                        return Ok(flow);
                    }
                }
            }
            Node::Branch(branch) => {
                let variables = self.variables.len();
                let flow = self.nested(tree, |scope| match branch.kind {
                    BranchKind::Range => scope.walk_range(tree, dot, branch),
                    BranchKind::If | BranchKind::With => scope.walk_if(tree, dot, branch),
                });
                self.variables.truncate(variables);
                return flow;
            }
            Node::Template { name, pipe } => {
                self.walk_template(tree, dot, tree.symbol(*name), *pipe)?;
            }
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
            _ => {
                let message = format!("unknown node: {}", tree.print(node));
                return Err(self.error(tree, message));
            }
        }
        Ok(Flow::Next)
    }

    pub(super) fn count(&mut self, tree: &Tree, bytes: usize) -> Result<(), ExecError> {
        match self.count_bytes(bytes) {
            Ok(()) => Ok(()),
            Err(limit) => Err(self.limit_error(tree, limit)),
        }
    }

    fn walk_if(&mut self, tree: &Tree, dot: &Operand, branch: &Branch) -> Result<Flow, ExecError> {
        let value = self.eval_pipeline(tree, dot, branch.pipe)?;
        if value.is_true() {
            if branch.kind == BranchKind::With {
                self.walk(tree, &Operand::concrete(value), branch.list)
            } else {
                self.walk(tree, dot, branch.list)
            }
        } else if let Some(otherwise) = branch.otherwise {
            self.walk(tree, dot, otherwise)
        } else {
            Ok(Flow::Next)
        }
    }

    fn walk_template(
        &mut self,
        tree: &Tree,
        dot: &Operand,
        name: &str,
        pipe: Option<NodeId>,
    ) -> Result<(), ExecError> {
        let Some(called) = self.templates.get(name).map(Arc::clone) else {
            let name = strconv::quote(name.as_bytes());
            return Err(self.error(tree, format!("template {name} not defined")));
        };
        // The first template is at depth 1.
        let limit = self.limits().depth;
        if self.depth > limit {
            return Err(self.limit_error(tree, Limit::Depth(limit)));
        }
        let data = match pipe {
            Some(pipe) => self.eval_pipeline(tree, dot, pipe)?,
            None => Value::Missing,
        };
        self.run_tree(&called, &Operand::concrete(data))
    }

    /// Writes a value out.
    fn print(&mut self, tree: &Tree, node: NodeId, value: &Value) -> Result<(), ExecError> {
        self.at = Some(node);
        if value.kind() == Kind::Func {
            let message = format!(
                "can't print {} of type {}",
                tree.print(node),
                value.type_name()
            );
            return Err(self.error(tree, message));
        }
        let before = self.out.len();
        let max = before.saturating_add(self.bytes_left());
        let addressable = match value {
            Value::Object(object) => object.addressable_text().map(Value::String),
            _ => None,
        };
        format::append_printed(&mut self.out, addressable.as_ref().unwrap_or(value), max)
            .map_err(|limit| self.limit_error(tree, limit))?;
        self.count(tree, self.out.len() - before)
    }
}
