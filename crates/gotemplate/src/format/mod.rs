//! Go's `fmt`.

use crate::limits::Limit;
use crate::value::Value;

/// What `fmt.Sprintf` gives.
///
/// # Errors
///
/// [`Limit::Nesting`] for values that contain themselves, [`Limit::Bytes`] past `max` bytes.
pub fn sprintf(format: &[u8], args: &[Value], max: usize) -> Result<Vec<u8>, Limit> {
    let _ = (format, args, max);
    todo!()
}

/// What `fmt.Sprint` gives: spaces between operands when neither is a string.
///
/// # Errors
///
/// As [`sprintf`].
pub fn sprint(args: &[Value], max: usize) -> Result<Vec<u8>, Limit> {
    let _ = (args, max);
    todo!()
}

/// What `fmt.Sprintln` gives.
///
/// # Errors
///
/// As [`sprintf`].
pub fn sprintln(args: &[Value], max: usize) -> Result<Vec<u8>, Limit> {
    let _ = (args, max);
    todo!()
}

/// What `fmt.Sprintf("%v", value)` gives.
///
/// # Errors
///
/// As [`sprintf`].
pub fn display(value: &Value, max: usize) -> Result<Vec<u8>, Limit> {
    sprint(std::slice::from_ref(value), max)
}

/// What `fmt.Sprintf("%#v", value)` gives, for diagnostics.
pub(crate) fn sprint_go(value: &Value) -> Vec<u8> {
    sprintf(b"%#v", std::slice::from_ref(value), 1 << 16).unwrap_or_else(|_| b"...".to_vec())
}
