//! Types of values.

use windlass_gotemplate::{Functions, Type, Value, deep_equal};

pub(crate) fn register(functions: &mut Functions) {
    functions.add("typeOf", &[Type::Any], |_, args| {
        Ok(Value::string(args.value(0).type_name()))
    });
    functions.add("typeIs", &[Type::String, Type::Any], |_, args| {
        Ok(Value::Bool(args.bytes(0) == args.value(1).type_name().as_bytes()))
    });
    functions.add("typeIsLike", &[Type::String, Type::Any], |_, args| {
        let (target, name) = (args.bytes(0), args.value(1).type_name().as_bytes());
        Ok(Value::Bool(
            target == name || name.strip_prefix(b"*") == Some(target),
        ))
    });
    functions.add("kindOf", &[Type::Any], |_, args| {
        Ok(Value::string(args.value(0).kind().name()))
    });
    functions.add("kindIs", &[Type::String, Type::Any], |_, args| {
        Ok(Value::Bool(args.bytes(0) == args.value(1).kind().name().as_bytes()))
    });
    functions.add("deepEqual", &[Type::Any, Type::Any], |_, args| {
        Ok(Value::Bool(deep_equal(args.value(0), args.value(1))?))
    });
}
