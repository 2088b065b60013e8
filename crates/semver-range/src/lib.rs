//! Version ranges as users of Helm and Flux write them: `>=1.2 <2`, `1.x || ~2.1`, `1.0 - 2.0`.
//!
//! The rules and the error texts are those of Masterminds/semver v3, which differ from Cargo's and from
//! npm's. The crate owns parsing and matching; it must not know where versions come from.

mod constraint;
mod parse;
mod version;

pub use constraint::Constraint;
pub use parse::ParseError;
pub use version::{cmp, parse_strict, parse_version};

#[cfg(test)]
mod tests;
