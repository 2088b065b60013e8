//! Errors in the words of Go's CEL, which messages in conditions are known by. None of them holds
//! a value: objects may be Secrets.

use cel::ExecutionError;
use cel::common::ast::{Expr, IdedExpr};

use super::typing::children;

/// The text of an evaluation error of the expression `root`.
pub(super) fn evaluation(error: &ExecutionError, root: &IdedExpr) -> String {
    match error {
        ExecutionError::UndeclaredReference(name) => {
            let path = longest_path(root, name).unwrap_or_else(|| name.to_string());
            format!("no such attribute(s): {path}")
        }
        ExecutionError::NoSuchKey(key) => format!("no such key: {key}"),
        ExecutionError::IndexOutOfBounds(index) => match index {
            cel::Value::Int(index) => format!("index out of bounds: {index}"),
            cel::Value::UInt(index) => format!("index out of bounds: {index}"),
            _ => "index out of bounds".to_owned(),
        },
        ExecutionError::DivisionByZero(_) => "division by zero".to_owned(),
        ExecutionError::RemainderByZero(_) => "modulus by zero".to_owned(),
        ExecutionError::Overflow(..) => "integer overflow".to_owned(),
        ExecutionError::FunctionError { function, .. } => format!("call of {function} failed"),
        // All that is left is about the types of operands and arguments.
        _ => "no such overload".to_owned(),
    }
}

/// `undeclared reference` at byte `offset` of `source`, with the line and a mark under the place.
pub(super) fn undeclared(source: &str, offset: usize, name: &str) -> String {
    let before = source.get(..offset).unwrap_or("");
    let number = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count();
    let line = source.lines().nth(number - 1).unwrap_or("");
    let dots = ".".repeat(column);
    format!(
        "ERROR: <input>:{number}:{}: undeclared reference to '{name}' (in container '')\n | {line}\n | {dots}^",
        column + 1
    )
}

/// The longest run of field selections that starts at the variable `name`: `name.a.b`. Go names
/// all of it, since any prefix might have been a variable.
fn longest_path(expr: &IdedExpr, name: &str) -> Option<String> {
    if let Some(path) = path(expr)
        && (path == name
            || path
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('.')))
    {
        return Some(path);
    }
    children(&expr.expr)
        .into_iter()
        .find_map(|child| longest_path(child, name))
}

fn path(expr: &IdedExpr) -> Option<String> {
    match &expr.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) => Some(format!("{}.{}", path(&select.operand)?, select.field)),
        _ => None,
    }
}
