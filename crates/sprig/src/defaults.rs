//! What takes the place of values that are empty.

use windlass_gotemplate::{Functions, Type, Value};

pub(crate) fn register(functions: &mut Functions) {
    functions.add_variadic("default", &[Type::Any], Type::Any, |_, args| {
        let given = args.rest(1).first().filter(|value| value.is_true());
        Ok(given.unwrap_or(args.value(0)).clone())
    });
    functions.add("empty", &[Type::Any], |_, args| {
        Ok(Value::Bool(!args.value(0).is_true()))
    });
    functions.add_variadic("coalesce", &[], Type::Any, |_, args| {
        let first = args.all().iter().find(|value| value.is_true());
        Ok(first.cloned().unwrap_or(Value::Nil))
    });
    functions.add_variadic("all", &[], Type::Any, |_, args| {
        Ok(Value::Bool(args.all().iter().all(Value::is_true)))
    });
    functions.add_variadic("any", &[], Type::Any, |_, args| {
        Ok(Value::Bool(args.all().iter().any(Value::is_true)))
    });
    functions.add(
        "ternary",
        &[Type::Any, Type::Any, Type::Bool],
        |_, args| Ok(args.value(usize::from(!args.bool(2))).clone()),
    );
}
