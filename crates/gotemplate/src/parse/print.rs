//! Where nodes are, and what they print as: for errors.

use std::sync::Arc;

use super::node::{Branch, BranchKind, Node, NodeId, Span, Tree};
use crate::error::Place;
use crate::strconv;
use crate::value::lossy;

impl Tree {
    /// Where a node is, for an error.
    pub(crate) fn place(&self, id: NodeId) -> Place {
        let position = self.position(id).min(self.source().text.len());
        let before = &self.source().text[..position];
        let line_start = before
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |newline| newline + 1);
        Place {
            file: Arc::clone(&self.source().name),
            line: 1 + memchr::memchr_iter(b'\n', before).count(),
            column: position - line_start,
            context: self.print(id),
        }
    }

    /// The node in canonical form.
    pub(crate) fn print(&self, id: NodeId) -> String {
        let mut out = Vec::new();
        self.write(&mut out, id);
        lossy(&out).into_owned()
    }

    fn write(&self, out: &mut Vec<u8>, id: NodeId) {
        // Expressions nest as deep as the parser lets them.
        stacker::maybe_grow(64 << 10, 1 << 20, || self.write_node(out, id));
    }

    fn write_node(&self, out: &mut Vec<u8>, id: NodeId) {
        match self.node(id) {
            Node::Action { pipe } => {
                out.extend(b"{{");
                self.write(out, *pipe);
                out.extend(b"}}");
            }
            Node::Branch(branch) => self.write_branch(out, branch),
            Node::Break => out.extend(b"{{break}}"),
            Node::Continue => out.extend(b"{{continue}}"),
            Node::Template { name, pipe } => {
                let name = self.symbol(*name);
                out.extend(b"{{template ");
                out.extend(strconv::quote(name.as_bytes()).into_bytes());
                if let Some(pipe) = pipe {
                    out.push(b' ');
                    self.write(out, *pipe);
                }
                out.extend(b"}}");
            }
            Node::List { nodes } => {
                for node in self.children(*nodes) {
                    self.write(out, *node);
                }
            }
            Node::Pipe {
                declared,
                assign,
                commands,
            } => {
                for (index, variable) in self.children(*declared).iter().enumerate() {
                    out.extend(if index > 0 { &b", "[..] } else { b"" });
                    self.write(out, *variable);
                }
                if declared.len() > 0 {
                    out.extend(if *assign { &b" = "[..] } else { b" := " });
                }
                for (index, command) in self.children(*commands).iter().enumerate() {
                    out.extend(if index > 0 { &b" | "[..] } else { b"" });
                    self.write(out, *command);
                }
            }
            Node::Command { args } => {
                for (index, arg) in self.children(*args).iter().enumerate() {
                    out.extend(if index > 0 { &b" "[..] } else { b"" });
                    self.write_operand(out, *arg);
                }
            }
            Node::Identifier(id) => out.extend(self.function(*id).0.as_bytes()),
            Node::Field { names } => self.write_fields(out, *names),
            Node::Variable { symbol, fields } => {
                out.extend(self.symbol(*symbol).as_bytes());
                self.write_fields(out, *fields);
            }
            Node::Chain { of, fields } => {
                self.write_operand(out, *of);
                self.write_fields(out, *fields);
            }
            Node::Dot => out.push(b'.'),
            Node::Nil => out.extend(b"nil"),
            Node::Bool(value) => out.extend(if *value { &b"true"[..] } else { b"false" }),
            Node::Number(id) => out.extend(self.number(*id).text.as_bytes()),
            Node::Text { start, end } | Node::String { start, end, .. } => {
                out.extend(self.text(*start, *end));
            }
        }
    }

    /// A node with parentheses around it if it was written with them.
    fn write_operand(&self, out: &mut Vec<u8>, id: NodeId) {
        if matches!(self.node(id), Node::Pipe { .. }) {
            out.push(b'(');
            self.write(out, id);
            out.push(b')');
        } else {
            self.write(out, id);
        }
    }

    fn write_fields(&self, out: &mut Vec<u8>, names: Span) {
        for name in self.names(names) {
            out.push(b'.');
            out.extend(name.as_bytes());
        }
    }

    fn write_branch(&self, out: &mut Vec<u8>, branch: &Branch) {
        out.extend(match branch.kind {
            BranchKind::If => &b"{{if "[..],
            BranchKind::With => b"{{with ",
            BranchKind::Range => b"{{range ",
        });
        self.write(out, branch.pipe);
        out.extend(b"}}");
        self.write(out, branch.list);
        if let Some(otherwise) = branch.otherwise {
            out.extend(b"{{else}}");
            self.write(out, otherwise);
        }
        out.extend(b"{{end}}");
    }
}
