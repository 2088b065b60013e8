//! From text to trees.

mod lexer;
mod node;
mod number;
mod parser;
mod pipeline;
mod token;

pub(crate) use node::{Branch, BranchKind, Node, NodeId, Number, Symbol, Tree};
pub(crate) use parser::parse;
