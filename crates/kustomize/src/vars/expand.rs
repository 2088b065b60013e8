//! Finding `$(NAME)` in texts.

use super::Replacement;

/// A text with values put in.
#[derive(Debug, PartialEq)]
pub(super) enum Expanded {
    Text(String),
    /// The text was one var and nothing else, which keeps the type of its value.
    Value(Replacement),
}

/// Puts values in. `$$` is a dollar sign; what `value` does not know stays as it is.
pub(super) fn expand(text: &str, mut value: impl FnMut(&str) -> Option<Replacement>) -> Expanded {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(more) = after.strip_prefix('$') {
            out.push('$');
            rest = more;
            continue;
        }
        let name = after
            .strip_prefix('(')
            .and_then(|inner| inner.split_once(')'));
        let Some((name, more)) = name else {
            out.push('$');
            rest = after;
            continue;
        };
        match value(name) {
            Some(value) if text.len() == name.len() + "$()".len() => {
                return Expanded::Value(value);
            }
            Some(Replacement::Text(value)) => out.push_str(&value),
            Some(Replacement::Int(value)) => out.push_str(&value.to_string()),
            Some(Replacement::Bool(value)) => out.push_str(&value.to_string()),
            Some(Replacement::Float(value)) => out.push_str(&general(value)),
            Some(Replacement::Collection) | None => {
                out.push_str("$(");
                out.push_str(name);
                out.push(')');
            }
        }
        rest = more;
    }
    out.push_str(rest);
    Expanded::Text(out)
}

/// A float as Go prints it by default: with an exponent only when very large or small.
fn general(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e21).contains(&size) {
        windlass_yaml::float_text(value)
    } else {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_are_replaced() {
        let value = |name: &str| match name {
            "A" => Some(Replacement::Text("x".into())),
            "N" => Some(Replacement::Int(5)),
            _ => None,
        };
        let table = [
            ("$(A)-$(N)", "x-5"),
            ("$$(A)", "$(A)"),
            ("$(B) $A $", "$(B) $A $"),
            ("$(A", "$(A"),
            ("a$$", "a$"),
        ];
        for (text, expected) in table {
            assert_eq!(
                expand(text, value),
                Expanded::Text(expected.into()),
                "{text}"
            );
        }
        assert_eq!(expand("$(N)", value), Expanded::Value(Replacement::Int(5)));
    }
}
