//! Regular expressions as Go's `regexp` package reads them.
//!
//! Templates and selectors of kustomizations are written for Go, whose syntax (RE2's) differs from
//! that of the `regex` crate in what counts as a literal, in ASCII classes and in limits. This
//! crate owns that syntax and the words for what is wrong with an expression; matching is the
//! `regex` crate's.

mod properties;
mod syntax;

use regex::{Regex, RegexBuilder};

/// Go's words for an expression that takes too much memory.
pub const TOO_LARGE: &str = "expression too large";
/// How much memory a search may take to be fast.
const MAX_SEARCH: usize = 256 << 10;

/// An expression whose syntax is right.
#[derive(Debug, Clone)]
pub struct Expression {
    /// In the syntax of the `regex` crate.
    pattern: String,
    /// The names of its groups from the first on; unnamed ones are empty. The compiled expression
    /// knows groups by number only, as Go allows a name to be given twice.
    pub names: Vec<String>,
}

/// Reads an expression.
///
/// # Errors
/// Go's text: ``error parsing regexp: missing closing ): `(` ``.
pub fn parse(source: &[u8]) -> Result<Expression, String> {
    let translated =
        syntax::translate(source).map_err(|error| complaint(error.message, &error.place))?;
    Ok(Expression {
        pattern: translated.pattern,
        names: translated.names,
    })
}

impl Expression {
    /// Compiles it within the first of `sizes`, in bytes, that is enough, and answers which that
    /// was: a few letters may stand for megabytes. None if none is enough, see [`too_large`].
    pub fn compile(&self, sizes: &[usize]) -> Option<(Regex, usize)> {
        sizes.iter().find_map(|&size| {
            let mut builder = RegexBuilder::new(&self.pattern);
            builder.size_limit(size).dfa_size_limit(MAX_SEARCH);
            Some((builder.nest_limit(10_000).build().ok()?, size))
        })
    }
}

/// What is said of an expression that takes too much memory.
pub fn too_large(source: &[u8]) -> String {
    complaint(TOO_LARGE, source)
}

fn complaint(message: &str, place: &[u8]) -> String {
    let place = String::from_utf8_lossy(place);
    format!("error parsing regexp: {message}: `{place}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_that_count_nothing_are_literals() {
        for (expression, text) in [
            (r"^\${NAME}$", "${NAME}"),
            ("^a{,2}$", "a{,2}"),
            (r"^\Qa.b\E$", "a.b"),
            ("^[[]$", "["),
        ] {
            let (regex, size) = parse(expression.as_bytes())
                .unwrap()
                .compile(&[100, 1 << 20])
                .unwrap();
            assert!(regex.is_match(text) && size == 1 << 20, "{expression}");
        }
    }

    #[test]
    fn faults_are_told_in_go_words() {
        for (expression, text) in [
            ("^(?:()$", "missing closing ): `^(?:()$`"),
            ("a**", "invalid nested repetition operator: `**`"),
            ("*", "missing argument to repetition operator: `*`"),
            ("[a", "missing closing ]: `[a`"),
            (r"a\", "trailing backslash at end of expression: ``"),
            ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ] {
            assert_eq!(
                parse(expression.as_bytes()).unwrap_err(),
                format!("error parsing regexp: {text}")
            );
        }
    }
}
