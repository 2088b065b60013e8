//! What can be told of an expression without evaluating it.

use cel::common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue, operators};

/// The direct parts of an expression.
pub(super) fn children(expr: &Expr) -> Vec<&IdedExpr> {
    match expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Vec::new(),
        Expr::Call(call) => call
            .target
            .as_deref()
            .into_iter()
            .chain(&call.args)
            .collect(),
        Expr::Comprehension(all) => vec![
            &all.iter_range,
            &all.accu_init,
            &all.loop_cond,
            &all.loop_step,
            &all.result,
        ],
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => map
            .entries
            .iter()
            .flat_map(|entry| entry_parts(&entry.expr))
            .collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::Struct(it) => it
            .entries
            .iter()
            .flat_map(|entry| entry_parts(&entry.expr))
            .collect(),
    }
}

fn entry_parts(entry: &EntryExpr) -> Vec<&IdedExpr> {
    match entry {
        EntryExpr::StructField(field) => vec![&field.value],
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
    }
}

/// How deep the tree is. Does not recurse itself.
pub(super) fn depth(root: &IdedExpr) -> usize {
    let mut deepest = 0;
    let mut open = vec![(root, 1)];
    while let Some((expr, depth)) = open.pop() {
        deepest = deepest.max(depth);
        open.extend(
            children(&expr.expr)
                .into_iter()
                .map(|child| (child, depth + 1)),
        );
    }
    deepest
}

/// The first name that is neither one of `variables`, nor bound by a macro, nor a type: its node
/// and the name.
pub(super) fn undeclared(root: &IdedExpr, variables: &[&str]) -> Option<(u64, String)> {
    let mut scope: Vec<&str> = variables.to_vec();
    unbound(root, &mut scope)
}

fn unbound<'a>(expr: &'a IdedExpr, scope: &mut Vec<&'a str>) -> Option<(u64, String)> {
    match &expr.expr {
        Expr::Ident(name) => {
            let known = scope.contains(&name.as_str()) || is_type(name);
            (!known).then(|| (expr.id, name.clone()))
        }
        // `optional.of(x)`, `sets.contains(a, b)`: the target is part of the function's name.
        Expr::Call(call) if call.target.as_deref().is_some_and(is_library) => {
            call.args.iter().find_map(|arg| unbound(arg, scope))
        }
        Expr::Comprehension(all) => {
            if let Some(found) =
                unbound(&all.iter_range, scope).or_else(|| unbound(&all.accu_init, scope))
            {
                return Some(found);
            }
            let outer = scope.len();
            scope.extend([all.iter_var.as_str(), all.accu_var.as_str()]);
            scope.extend(all.iter_var2.as_deref());
            let found = [&all.loop_cond, &all.loop_step, &all.result]
                .into_iter()
                .find_map(|part| unbound(part, scope));
            scope.truncate(outer);
            found
        }
        other => children(other)
            .into_iter()
            .find_map(|part| unbound(part, scope)),
    }
}

fn is_type(name: &str) -> bool {
    matches!(
        name,
        "bool"
            | "bytes"
            | "double"
            | "int"
            | "list"
            | "map"
            | "null_type"
            | "string"
            | "type"
            | "uint"
            | "google"
            | "optional_type"
    )
}

fn is_library(target: &IdedExpr) -> bool {
    matches!(&target.expr, Expr::Ident(name)
        if matches!(name.as_str(), "optional" | "sets" | "base64" | "strings"))
}

/// The type of the result where it can be told, as the messages spell it. A value out of an object
/// is `dyn`, which is not a bool by the rules of the type check.
pub(super) fn result(expr: &IdedExpr) -> Option<&'static str> {
    match &expr.expr {
        Expr::Literal(literal) => Some(match literal {
            LiteralValue::Boolean(_) => "bool",
            LiteralValue::Bytes(_) => "bytes",
            LiteralValue::Double(_) => "double",
            LiteralValue::Int(_) => "int",
            LiteralValue::Null => "null",
            LiteralValue::String(_) => "string",
            LiteralValue::UInt(_) => "uint",
        }),
        Expr::Select(select) => Some(if select.test { "bool" } else { "dyn" }),
        Expr::List(_) => Some("list(dyn)"),
        Expr::Map(_) => Some("map(dyn, dyn)"),
        Expr::Ident(name) => (!is_type(name)).then_some("google.protobuf.Struct"),
        Expr::Comprehension(all) => match &all.accu_init.expr {
            Expr::Literal(LiteralValue::Boolean(_)) => Some("bool"),
            Expr::List(_) => Some("list(dyn)"),
            // `exists_one` counts and compares.
            _ => result(&all.result),
        },
        Expr::Call(call) => match call.func_name.as_str() {
            operators::CONDITIONAL => match call.args.as_slice() {
                [_, yes, no] => result(yes).filter(|kind| result(no) == Some(kind)),
                _ => None,
            },
            operators::INDEX => Some("dyn"),
            "size" | "indexOf" | "lastIndexOf" | "int" => Some("int"),
            "string" | "join" | "replace" | "lowerAscii" | "upperAscii" | "trim" => Some("string"),
            "double" => Some("double"),
            "timestamp" => Some("timestamp"),
            "duration" => Some("duration"),
            operators::LOGICAL_AND
            | operators::LOGICAL_OR
            | operators::LOGICAL_NOT
            | operators::EQUALS
            | operators::NOT_EQUALS
            | operators::LESS
            | operators::LESS_EQUALS
            | operators::GREATER
            | operators::GREATER_EQUALS
            | operators::IN => Some("bool"),
            _ => None,
        },
        Expr::Struct(_) | Expr::Unspecified => None,
    }
}
