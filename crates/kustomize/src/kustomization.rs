//! The kustomization file: its fields, typed, and the rules it must meet.

mod charts;
mod fields;
mod file;
mod generators;
pub(crate) mod names;
mod position;
pub(crate) mod replacement;
mod var;

pub use charts::Chart;
pub(crate) use fields::*;
pub(crate) use file::{NAMES, load};
pub(crate) use generators::{GeneratorArgs, GeneratorOptions};
pub(crate) use position::location;
pub(crate) use var::Var;
