//! From text to trees.

mod cache;
mod lexer;
mod node;
mod number;
mod parser;
mod pipeline;
mod print;
mod texts;
mod token;

pub(crate) use node::{Branch, BranchKind, Node, NodeId, Number, Symbol, Tree};
pub(crate) use texts::parse_texts;
