//! CEL expressions in the dialect of Flux: optional types, the strings, sets and encoders
//! extensions, JSON objects as variables.

mod cost;
mod nesting;
mod pattern;
mod sets;
#[cfg(test)]
mod tests;
mod typing;
mod words;

use std::fmt;
use std::sync::{Arc, LazyLock};

use cel::objects::{Key, Map};
use cel::{Context, Env, Program, Value as CelValue};
use serde_json::Value;

use self::cost::Sizes;

/// Longer sources are refused: parsing is recursive and the text comes from tenants.
const MAX_SOURCE_BYTES: usize = 16 * 1024;
/// Deeper syntax trees are refused: evaluation is recursive.
const MAX_DEPTH: usize = 120;

static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut env = Env::stdlib();
    // Go's implementation lets the last of equal keys win.
    env.set_error_on_duplicate_map_keys(false);
    for extension in [
        cel::extensions::strings,
        cel::extensions::encoders,
        sets::extension,
    ] {
        #[expect(
            clippy::expect_used,
            reason = "the names of the extensions do not overlap"
        )]
        env.add_extension(extension)
            .expect("extensions declare each overload once");
    }
    Arc::new(env)
});

/// One parsed expression.
pub(crate) struct Expression {
    source: String,
    program: Program,
}

impl Expression {
    /// Parses; names are not resolved.
    ///
    /// # Errors
    /// `failed to parse the CEL expression '<source>': <why>`.
    pub(crate) fn parse(source: &str) -> Result<Self, String> {
        let refuse = |why: &dyn fmt::Display| {
            Err(format!(
                "failed to parse the CEL expression '{source}': {why}"
            ))
        };
        if source.len() > MAX_SOURCE_BYTES {
            let why = format!("longer than {MAX_SOURCE_BYTES} bytes");
            return Err(format!("failed to parse the CEL expression: {why}"));
        }
        if !nesting::is_bounded(source) {
            return refuse(&"nested too deep");
        }
        match ENV.compile(source) {
            Err(errors) => refuse(&errors),
            Ok(program) if typing::depth(program.expression()) > MAX_DEPTH => {
                refuse(&"nested too deep")
            }
            Ok(program) => Ok(Self {
                source: source.to_owned(),
                program,
            }),
        }
    }

    /// Parses and checks that only `variables` are named and that the result can be a bool.
    ///
    /// # Errors
    /// Those of [`Expression::parse`], `undeclared reference to '<name>'` in the same form, and
    /// `CEL expression output type mismatch: expected bool, got <type>`.
    pub(crate) fn compile(source: &str, variables: &[&str]) -> Result<Self, String> {
        let parsed = Self::parse(source)?;
        let root = parsed.program.expression();
        if let Some((id, name)) = typing::undeclared(root, variables) {
            let at = parsed.program.source_info().offset_for(id);
            let why = words::undeclared(source, at.map_or(0, |(start, _)| start as usize), &name);
            return Err(format!(
                "failed to parse the CEL expression '{source}': {why}"
            ));
        }
        match typing::result(root) {
            None | Some("bool") => Ok(parsed),
            Some(other) => Err(format!(
                "CEL expression output type mismatch: expected bool, got {other}"
            )),
        }
    }

    /// Evaluates over `variables`.
    ///
    /// # Errors
    /// `failed to evaluate the CEL expression '<source>': <why>`, also when it would take too long
    /// or too much memory, or that the result is no bool. No message holds a value of an object.
    pub(crate) fn evaluate<'a>(
        &self,
        variables: impl Iterator<Item = (&'a str, &'a Value)>,
    ) -> Result<bool, String> {
        let root = self.program.expression();
        let references = self.program.references();
        let used: Vec<_> = variables
            .filter(|(name, _)| references.has_variable(name))
            .collect();
        let fail = |why: &str| {
            format!(
                "failed to evaluate the CEL expression '{}': {why}",
                self.source
            )
        };

        let sizes = Sizes::of(used.iter().copied());
        if !cost::affordable(root, &sizes) {
            return Err(fail("operation cancelled: cost limit exceeded"));
        }
        let mut context = Context::with_env(Arc::clone(&ENV));
        for (name, value) in used {
            context.add_variable_from_value(name, to_cel(value));
        }
        match self.program.execute(&context) {
            Ok(CelValue::Bool(result)) => Ok(result),
            Ok(_) => Err(format!(
                "failed to evaluate CEL expression as boolean: '{}'",
                self.source
            )),
            Err(error) => Err(fail(&words::evaluation(&error, root))),
        }
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.source).finish()
    }
}

/// JSON to CEL. Whole numbers are ints, as Go decodes them, where `cel`'s own conversion makes the
/// non-negative ones uints.
fn to_cel(value: &Value) -> CelValue {
    match value {
        Value::Null => CelValue::Null,
        Value::Bool(flag) => CelValue::Bool(*flag),
        Value::Number(number) => number.as_i64().map_or_else(
            || CelValue::Float(number.as_f64().unwrap_or(f64::NAN)),
            CelValue::Int,
        ),
        Value::String(text) => CelValue::String(Arc::new(text.clone())),
        Value::Array(items) => CelValue::List(Arc::new(items.iter().map(to_cel).collect())),
        Value::Object(members) => CelValue::Map(Map {
            map: Arc::new(
                members
                    .iter()
                    .map(|(key, value)| (Key::String(Arc::new(key.clone())), to_cel(value)))
                    .collect(),
            ),
        }),
    }
}
