//! `print`, `printf`, `println`.

use crate::exec::Scope;
use crate::format;
use crate::function::{Functions, Outcome};
use crate::limits::Limit;
use crate::value::{Type, Value};

pub(super) fn register(functions: &mut Functions) {
    functions.add_variadic("print", &[], Type::Any, |scope, args| {
        let out = format::sprint(args.all(), scope.bytes_left());
        charged(scope, out)
    });
    functions.add_variadic("println", &[], Type::Any, |scope, args| {
        let out = format::sprintln(args.all(), scope.bytes_left());
        charged(scope, out)
    });
    functions.add_variadic("printf", &[Type::String], Type::Any, |scope, args| {
        let out = format::sprintf(args.bytes(0), args.rest(1), scope.bytes_left());
        charged(scope, out)
    });
}

/// Counts what was built.
pub(super) fn charged(scope: &mut Scope<'_>, out: Result<Vec<u8>, Limit>) -> Outcome {
    let out = out?;
    scope.charge(out.len())?;
    Ok(Value::string(out))
}
