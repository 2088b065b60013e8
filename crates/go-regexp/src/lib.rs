//! Regular expressions as Go's `regexp` package reads them.
//!
//! Templates and selectors of kustomizations are written for Go, whose syntax (RE2's) differs from
//! that of the `regex` crate in what counts as a literal, in ASCII classes and in limits. This
//! crate owns that syntax and the words for what is wrong with an expression; matching is the
//! `regex` crate's.

mod properties;
mod syntax;

use regex::{Regex, RegexBuilder};

/// How much memory a compiled expression may take.
const MAX_COMPILED: usize = 32 << 20;

/// A compiled expression.
#[derive(Debug, Clone)]
pub struct Expression {
    /// Finds what the expression means.
    pub regex: Regex,
    /// The names of its groups from the first on; unnamed ones are empty. [`Expression::regex`]
    /// knows groups by number only, as Go allows a name to be given twice.
    pub names: Vec<String>,
}

/// Compiles an expression.
///
/// # Errors
/// Go's text: ``error parsing regexp: missing closing ): `(` ``.
pub fn compile(source: &[u8]) -> Result<Expression, String> {
    let complaint = |message: &str, place: &[u8]| {
        let place = String::from_utf8_lossy(place);
        format!("error parsing regexp: {message}: `{place}`")
    };
    let translated =
        syntax::translate(source).map_err(|error| complaint(error.message, &error.place))?;
    let regex = RegexBuilder::new(&translated.pattern)
        .size_limit(MAX_COMPILED)
        .nest_limit(10_000)
        .build()
        .map_err(|_| complaint("expression too large", source))?;
    Ok(Expression {
        regex,
        names: translated.names,
    })
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
            assert!(
                compile(expression.as_bytes()).unwrap().regex.is_match(text),
                "{expression}"
            );
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
                compile(expression.as_bytes()).unwrap_err(),
                format!("error parsing regexp: {text}")
            );
        }
    }
}
