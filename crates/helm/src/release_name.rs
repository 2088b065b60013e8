//! Names of releases.

use std::sync::Arc;

use windlass_gotemplate::{Templates, Value};

/// Longest name.
const MAX_LENGTH: usize = 53;

/// Whether a release can have the name.
///
/// # Errors
/// Helm's text.
pub fn check_release_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() {
        return Err("no name provided");
    }
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let valid = name.split('.').all(|part| {
        let bytes = part.as_bytes();
        let ends = [bytes.first(), bytes.last()];
        ends.iter().all(|end| end.is_some_and(|end| letter(*end)))
            && bytes.iter().all(|&byte| letter(byte) || byte == b'-')
    });
    if name.len() > MAX_LENGTH || !valid {
        return Err(
            "invalid release name, must match regex ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be longer than 53",
        );
    }
    Ok(())
}

/// The name that a template gives.
///
/// # Errors
/// Go's text for what is no template, or fails.
pub fn template_name(text: &str) -> Result<String, String> {
    let system: Arc<dyn windlass_sprig::Environment> = Arc::new(windlass_sprig::System);
    let functions = windlass_sprig::functions(&system);
    let mut templates = Templates::new("name-template", functions);
    templates
        .parse("name-template", text.as_bytes())
        .map_err(|error| error.to_string())?;
    let name = templates
        .render("name-template", &Value::Nil)
        .map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&name).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        for good in ["a", "a-b.c1", "0"] {
            assert_eq!(check_release_name(good), Ok(()), "{good}");
        }
        for bad in ["", "A", "-a", "a-", "a..b", "a_b", &"a".repeat(54)] {
            assert!(check_release_name(bad).is_err(), "{bad}");
        }
    }
}
