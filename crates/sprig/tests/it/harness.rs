//! Rendering of single templates.

use std::sync::Arc;

use windlass_gotemplate::{Limits, Templates, Value};
use windlass_sprig::{System, functions, json};

/// Renders `text` under the name `t`: the output, or the error as Go prints it.
pub(crate) fn render(text: &str, data: &Value) -> Result<String, String> {
    render_within(text, data, Limits::default())
}

pub(crate) fn render_within(text: &str, data: &Value, limits: Limits) -> Result<String, String> {
    let mut templates = Templates::new(
        "t",
        functions(&(Arc::new(System) as Arc<dyn windlass_sprig::Environment>)),
    );
    templates
        .parse("t", text.as_bytes())
        .map_err(|error| error.to_string())?;
    templates
        .execution()
        .limits(limits)
        .render("t", data)
        .map(|out| String::from_utf8_lossy(&out).into_owned())
        .map_err(|error| error.to_string())
}

/// A value out of JSON.
pub(crate) fn value(text: &str) -> Value {
    json::decode(text.as_bytes()).0
}
