//! Go's built-in functions.

mod compare;
mod escape;
mod index;
mod print;

use crate::function::{Function, Functions, Special};

/// Adds them all.
pub(crate) fn register(functions: &mut Functions) {
    functions.insert("and", Function::special(Special::And));
    functions.insert("or", Function::special(Special::Or));
    functions.insert("call", Function::special(Special::Call));
    compare::register(functions);
    escape::register(functions);
    index::register(functions);
    print::register(functions);
}
