//! From text to trees.

mod cache;
mod lexer;
mod node;
mod number;
mod parser;
mod parts;
mod pipeline;
mod print;
mod token;

pub(crate) use node::{Branch, BranchKind, Node, NodeId, Number, Symbol, Tree};
pub(crate) use parts::parse_parts;
