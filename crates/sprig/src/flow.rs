//! Giving up.

use windlass_gotemplate::{Failure, Functions, Type};

pub(crate) fn register(functions: &mut Functions) {
    functions.add("fail", &[Type::String], |_, args| {
        Err(Failure::new(args.text(0).to_str()))
    });
}
