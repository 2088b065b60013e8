//! Post-build variable substitution: the `${…}` expressions Flux expands in built manifests.
//!
//! This crate owns the expression grammar (a fork of drone/envsubst, quirks included), its
//! evaluation and its error texts. It knows neither YAML nor where variables come from.

mod evaluate;
mod expression;
mod glob;
mod scanner;

use std::collections::BTreeMap;

/// The most bytes an expansion may produce; values are repeated by reference in a text, so a
/// small input can ask for an unbounded output.
pub const MAX_OUTPUT: usize = 256 << 20;

/// The deepest nesting of expressions (`${a:-${b:-…}}`).
pub const MAX_DEPTH: usize = 128;

/// Why a text could not be expanded. The texts are those of the original.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An expression ends or continues where it must not.
    #[error("bad substitution")]
    BadSubstitution,
    /// A variable name is followed by neither `}` nor an operator.
    #[error("missing closing brace")]
    MissingClosingBrace,
    /// `${` is not followed by a name.
    #[error("unable to parse variable name")]
    VariableName,
    /// An operator lacks its argument.
    #[error("unable to parse substitution within function")]
    Argument,
    /// A default operator is malformed.
    #[error("unable to parse default function")]
    DefaultOperator,
    /// A variable without value or default, in strict mode.
    #[error("variable not set (strict mode): \"{0}\"")]
    NotSet(String),
    /// A variable name that no expression can hold.
    #[error("'{0}' var name is invalid, must match '^[_[:alpha:]][_[:alpha:][:digit:]]*$'")]
    InvalidName(String),
    /// Expressions nest deeper than [`MAX_DEPTH`].
    #[error("expressions nest deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// The result would be larger than allowed.
    #[error("the result is larger than {0} bytes")]
    TooLarge(usize),
}

/// Expands every `${…}` of `text` with `vars`. In strict mode an unset variable is an error unless
/// its operator supplies a default; otherwise it is empty.
///
/// Slices (`${v:1:2}`) and trims count bytes, as in the original; where one cuts a character the
/// remains become U+FFFD.
///
/// # Errors
/// [`Error`] for the first malformed expression or, in strict mode, unset variable.
pub fn substitute(
    text: &str,
    vars: &BTreeMap<String, String>,
    strict: bool,
) -> Result<String, Error> {
    substitute_within(text, vars, strict, MAX_OUTPUT)
}

/// Like [`substitute`], with at most `most` bytes of output in place of [`MAX_OUTPUT`].
///
/// # Errors
/// Those of [`substitute`].
pub fn substitute_within(
    text: &str,
    vars: &BTreeMap<String, String>,
    strict: bool,
    most: usize,
) -> Result<String, Error> {
    let nodes = expression::parse(text)?;
    let bytes = evaluate::Evaluator::new(vars, strict, most).evaluate(&nodes)?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

/// Checks that every name of `vars` can be used in an expression.
///
/// # Errors
/// [`Error::InvalidName`] for the first, in order, that cannot.
pub fn validate_names(vars: &BTreeMap<String, String>) -> Result<(), Error> {
    match vars.keys().find(|name| !is_valid_name(name)) {
        Some(name) => Err(Error::InvalidName(name.clone())),
        None => Ok(()),
    }
}

fn is_valid_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|b| b == b'_' || b.is_ascii_alphabetic())
        && bytes.all(|b| b == b'_' || b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests;
