//! Go's `fmt`: printing of values with and without a format.
//!
//! Everything here can be handed values a hostile template built, so results have a limit in
//! bytes, and values that contain themselves are an error.

mod layout;
mod number;
mod printer;
mod verbs;

use crate::limits::Limit;
use crate::value::{Text, Value};
use printer::Printer;

/// What `fmt.Sprintf` gives.
///
/// # Errors
///
/// [`Limit::Nesting`] for values that contain themselves, [`Limit::Bytes`] past `max` bytes.
pub fn sprintf(format: &[u8], args: &[Value], max: usize) -> Result<Vec<u8>, Limit> {
    let mut printer = Printer::new(Vec::with_capacity(format.len() + 16), max);
    printer.printf(format, args)?;
    Ok(printer.into_bytes())
}

/// What `fmt.Sprint` gives: spaces between operands when neither is a string.
///
/// # Errors
///
/// As [`sprintf`].
pub fn sprint(args: &[Value], max: usize) -> Result<Vec<u8>, Limit> {
    let mut printer = Printer::new(Vec::new(), max);
    printer.print(args, false)?;
    Ok(printer.into_bytes())
}

/// What `fmt.Sprintln` gives.
///
/// # Errors
///
/// As [`sprintf`].
pub fn sprintln(args: &[Value], max: usize) -> Result<Vec<u8>, Limit> {
    let mut printer = Printer::new(Vec::new(), max);
    for (index, arg) in args.iter().enumerate() {
        if index > 0 {
            printer.push(b' ');
        }
        printer.print_arg(arg, 'v')?;
    }
    printer.push(b'\n');
    Ok(printer.into_bytes())
}

/// What `fmt.Sprint(value)` and `%v` give.
///
/// # Errors
///
/// As [`sprintf`].
pub fn display(value: &Value, max: usize) -> Result<Text, Limit> {
    if let Value::String(text) = value {
        return Ok(text.clone());
    }
    sprint(std::slice::from_ref(value), max).map(Text::from)
}

/// Appends what a template prints of a value: `<no value>` where there is none, pointers
/// followed, anything else as `%v`.
///
/// # Errors
///
/// As [`sprintf`]; `max` is that of the whole buffer.
pub(crate) fn append_printed(out: &mut Vec<u8>, value: &Value, max: usize) -> Result<(), Limit> {
    match value {
        Value::String(text) => out.extend(text.as_bytes()),
        value => {
            let mut printer = Printer::new(std::mem::take(out), max);
            let result = printer.print_followed(value);
            *out = printer.into_bytes();
            result?;
        }
    }
    Ok(())
}

/// As [`sprint`], with what a template prints of each value.
pub(crate) fn sprint_followed(args: &[Value], max: usize) -> Result<Vec<u8>, Limit> {
    let mut printer = Printer::new(Vec::new(), max);
    printer.print(args, true)?;
    Ok(printer.into_bytes())
}
