//! `required` and `fail`: a chart's own errors.

use windlass_gotemplate::{Args, Failure, Outcome, Scope, Text, Value};

/// What marks a chart's own words in an error, so that they can be shown without the path by
/// which they came.
pub(crate) const ERROR_START: &str = "HELM_ERR_START";
/// See [`ERROR_START`].
pub(crate) const ERROR_END: &str = "HELM_ERR_END";

pub(super) fn required(_: &mut Scope<'_>, args: Args<'_>) -> Outcome {
    let value = args.value(1);
    let missing = match value {
        Value::Missing | Value::Nil => true,
        Value::String(text) => text.is_empty(),
        _ => false,
    };
    if missing {
        return Err(marked(&args.text(0)));
    }
    Ok(value.clone())
}

pub(super) fn fail(_: &mut Scope<'_>, args: Args<'_>) -> Outcome {
    Err(marked(&args.text(0)))
}

fn marked(message: &Text) -> Failure {
    Failure::new(format!("{ERROR_START}{message}{ERROR_END}"))
}
