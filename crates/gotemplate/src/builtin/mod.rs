//! Go's built-in functions.

use crate::function::Functions;

/// Adds them all.
pub(crate) fn register(functions: &mut Functions) {
    let _ = functions;
}
