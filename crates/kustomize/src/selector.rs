//! Selecting resources by id, labels and annotations.

use regex::Regex;

use crate::Error;
use crate::growth::Growth;
use crate::id::Id;
use crate::kustomization::Selector;
use crate::manifest::Manifest;
use crate::pattern::{Fault, compile};
use crate::time_limit;

/// A selector made ready: patterns compiled, label selectors parsed.
#[derive(Debug)]
pub(crate) struct Matcher {
    group: Option<Regex>,
    version: Option<Regex>,
    kind: Option<Regex>,
    name: Option<Regex>,
    namespace: Option<Regex>,
    // Their faults only count when a resource gets as far as being asked for labels.
    labels: Result<Vec<Requirement>, Error>,
    annotations: Result<Vec<Requirement>, Error>,
    has_texts: bool,
}

impl Matcher {
    pub(crate) fn new(selector: &Selector, growth: &Growth) -> Result<Self, Error> {
        Ok(Self {
            group: anchored(&selector.group, growth)?,
            version: anchored(&selector.version, growth)?,
            kind: anchored(&selector.kind, growth)?,
            name: anchored(&selector.name, growth)?,
            namespace: anchored(&selector.namespace, growth)?,
            labels: requirements(&selector.label_selector),
            annotations: requirements(&selector.annotation_selector),
            has_texts: !selector.label_selector.is_empty()
                || !selector.annotation_selector.is_empty(),
        })
    }

    /// Whether a patch with this selector is for the resource. Name and namespace may be the
    /// original or the current ones.
    ///
    /// # Errors
    /// When a label or annotation selector is none.
    pub(crate) fn matches(&self, manifest: &Manifest) -> Result<bool, Error> {
        time_limit::check()?;
        let (current, original) = (manifest.id(), manifest.original_id());
        let gvk = &current.gvk;
        Ok(
            (fits(self.namespace.as_ref(), original.effective_namespace())
                || fits(self.namespace.as_ref(), current.effective_namespace()))
                && (fits(self.name.as_ref(), original.name)
                    || fits(self.name.as_ref(), current.name))
                && fits(self.kind.as_ref(), gvk.kind)
                && fits(self.group.as_ref(), gvk.group)
                && fits(self.version.as_ref(), gvk.version)
                && meets(&self.labels, manifest, "labels")?
                && meets(&self.annotations, manifest, "annotations")?,
        )
    }

    /// The positions of the resources a patch with this selector is for.
    ///
    /// # Errors
    /// As [`Matcher::matches`].
    pub(crate) fn select(&self, manifests: &[Manifest]) -> Result<Vec<usize>, Error> {
        let mut selected = Vec::new();
        for (at, manifest) in manifests.iter().enumerate() {
            if self.matches(manifest)? {
                selected.push(at);
            }
        }
        Ok(selected)
    }

    /// Whether an id fits throughout; the namespace is compared as it is written.
    pub(crate) fn fits_id(&self, id: &Id<'_>) -> bool {
        fits(self.kind.as_ref(), id.gvk.kind)
            && fits(self.group.as_ref(), id.gvk.group)
            && fits(self.version.as_ref(), id.gvk.version)
            && fits(self.name.as_ref(), id.name)
            && fits(self.namespace.as_ref(), id.namespace)
    }

    /// Whether any part of an id is asked for.
    pub(crate) fn has_id(&self) -> bool {
        self.group.is_some()
            || self.version.is_some()
            || self.kind.is_some()
            || self.name.is_some()
            || self.namespace.is_some()
    }

    /// Whether labels or annotations are asked for.
    pub(crate) fn has_texts(&self) -> bool {
        self.has_texts
    }

    /// Whether annotations and labels fit.
    ///
    /// # Errors
    /// When a label or annotation selector is none.
    pub(crate) fn fits_texts(&self, manifest: &Manifest) -> Result<bool, Error> {
        time_limit::check()?;
        let annotations = meets(&self.annotations, manifest, "annotations")?;
        Ok(meets(&self.labels, manifest, "labels")? && annotations)
    }
}

fn fits(pattern: Option<&Regex>, text: &str) -> bool {
    pattern.is_none_or(|pattern| pattern.is_match(text))
}

/// Compiles a pattern that may match anywhere.
pub(crate) fn pattern(text: &str, growth: &Growth) -> Result<Regex, Error> {
    compile(text, growth).map_err(|fault| match fault {
        Fault::Syntax(error) => Error::invalid(error),
        Fault::Limit(error) => error,
    })
}

/// Compiles a pattern that must match the whole text; empty is none.
fn anchored(text: &str, growth: &Growth) -> Result<Option<Regex>, Error> {
    if text.is_empty() {
        return Ok(None);
    }
    pattern(&format!("^(?:{text})$"), growth).map(Some)
}

/// One part of a label selector.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Requirement {
    Exists(String),
    Absent(String),
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Greater(String, i64),
    Less(String, i64),
}

fn meets(
    requirements: &Result<Vec<Requirement>, Error>,
    manifest: &Manifest,
    section: &str,
) -> Result<bool, Error> {
    let requirements = requirements.as_ref().map_err(Clone::clone)?;
    Ok(satisfied(requirements, |key| {
        manifest.text_of(section, key)
    }))
}

fn satisfied<'t>(requirements: &[Requirement], get: impl Fn(&str) -> Option<&'t str>) -> bool {
    let number = |key: &str| get(key).and_then(|value| value.parse::<i64>().ok());
    let among = |values: &[String], value: &str| values.iter().any(|known| known == value);
    requirements.iter().all(|requirement| match requirement {
        Requirement::Exists(key) => get(key).is_some(),
        Requirement::Absent(key) => get(key).is_none(),
        Requirement::In(key, values) => get(key).is_some_and(|value| among(values, value)),
        Requirement::NotIn(key, values) => get(key).is_none_or(|value| !among(values, value)),
        Requirement::Greater(key, bound) => number(key).is_some_and(|value| value > *bound),
        Requirement::Less(key, bound) => number(key).is_some_and(|value| value < *bound),
    })
}

/// Parses a Kubernetes selector: `a=b, c!=d, e in (f,g), h notin (i), j, !k, l>1`.
fn requirements(text: &str) -> Result<Vec<Requirement>, Error> {
    let mut tokens = tokens(text).into_iter().peekable();
    let mut found = Vec::new();
    if tokens.peek().is_none() {
        return Ok(found);
    }
    loop {
        found.push(requirement(&mut tokens)?);
        match tokens.next().as_deref() {
            None => return Ok(found),
            Some(",") => {}
            Some(other) => return Err(unexpected(other, "',' or 'end of string'")),
        }
    }
}

type Tokens = std::iter::Peekable<std::vec::IntoIter<String>>;

fn requirement(tokens: &mut Tokens) -> Result<Requirement, Error> {
    let first = tokens.next().unwrap_or_default();
    if first == "!" {
        return Ok(Requirement::Absent(word(tokens.next(), "identifier")?));
    }
    let key = word(Some(first), "!, identifier, or ''")?;
    let operator = match tokens.peek().map(String::as_str) {
        None | Some(",") => return Ok(Requirement::Exists(key)),
        Some(_) => tokens.next().unwrap_or_default(),
    };
    match operator.as_str() {
        "=" | "==" => Ok(Requirement::In(key, vec![single(tokens)?])),
        "!=" => Ok(Requirement::NotIn(key, vec![single(tokens)?])),
        "in" => Ok(Requirement::In(key, list(tokens)?)),
        "notin" => Ok(Requirement::NotIn(key, list(tokens)?)),
        ">" | "<" => {
            let value = single(tokens)?;
            let bound = value.parse().map_err(|_| {
                Error::invalid(format!(
                    "unable to parse requirement: values[0][{key}]: Invalid value: {value:?}: for \
                     'Gt', 'Lt' operators, the value must be an integer"
                ))
            })?;
            Ok(if operator == ">" {
                Requirement::Greater(key, bound)
            } else {
                Requirement::Less(key, bound)
            })
        }
        other => Err(unexpected(other, "in, notin, =, ==, !=, gt, lt")),
    }
}

/// A value; nothing at all is the empty value.
fn single(tokens: &mut Tokens) -> Result<String, Error> {
    match tokens.peek().map(String::as_str) {
        None | Some(",") => Ok(String::new()),
        _ => word(tokens.next(), "identifier"),
    }
}

/// Values in parentheses; where one is missing beside a comma, it is empty.
fn list(tokens: &mut Tokens) -> Result<Vec<String>, Error> {
    match tokens.next().as_deref() {
        Some("(") => {}
        other => return Err(unexpected(other.unwrap_or_default(), "'('")),
    }
    let mut values = Vec::new();
    loop {
        match tokens.next() {
            Some(token) if token == ")" => return Ok(values),
            Some(token) if token == "," => {
                if values.is_empty() {
                    values.push(String::new());
                }
                if matches!(tokens.peek().map(String::as_str), Some("," | ")")) {
                    values.push(String::new());
                }
            }
            Some(token) if !is_sign(&token) => {
                values.push(token);
                match tokens.peek().map(String::as_str) {
                    Some("," | ")") => {}
                    other => return Err(unexpected(other.unwrap_or_default(), "',' or ')'")),
                }
            }
            other => {
                return Err(unexpected(
                    other.as_deref().unwrap_or_default(),
                    "',', ')' or identifier",
                ));
            }
        }
    }
}

fn word(token: Option<String>, wanted: &str) -> Result<String, Error> {
    match token {
        Some(token) if !token.is_empty() && !is_sign(&token) => Ok(token),
        other => Err(unexpected(other.as_deref().unwrap_or_default(), wanted)),
    }
}

fn is_sign(token: &str) -> bool {
    token.starts_with(['!', '=', '<', '>', '(', ')', ','])
}

fn unexpected(found: &str, wanted: &str) -> Error {
    Error::invalid(format!(
        "unable to parse requirement: found '{found}', expected: {wanted}"
    ))
}

fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let mut token = c.to_string();
        match c {
            c if c.is_ascii_whitespace() => continue,
            '(' | ')' | ',' | '<' | '>' => {}
            '!' | '=' => {
                if chars.next_if_eq(&'=').is_some() {
                    token.push('=');
                }
            }
            _ => {
                let ends = |c: &char| {
                    c.is_ascii_whitespace() || matches!(c, '!' | '=' | '<' | '>' | '(' | ')' | ',')
                };
                while let Some(c) = chars.next_if(|c| !ends(c)) {
                    token.push(c);
                }
            }
        }
        tokens.push(token);
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_selectors_follow_the_kubernetes_grammar() {
        let labels = |key: &str| match key {
            "a" => Some("b"),
            "n" => Some("5"),
            _ => None,
        };
        let table = [
            ("", true),
            ("a", true),
            ("!a", false),
            ("!z", true),
            ("a=b", true),
            ("a == b, n=5", true),
            ("a!=b", false),
            ("z!=b", true),
            ("a in (x, b)", true),
            ("a notin (x,y)", true),
            ("z in (x)", false),
            ("a in (,b)", true),
            ("a in (x,)", false),
            ("n>4", true),
            ("n<5", false),
        ];
        for (text, expected) in table {
            assert_eq!(
                satisfied(&requirements(text).unwrap(), labels),
                expected,
                "{text}"
            );
        }
        assert_eq!(
            requirements("a in (").unwrap_err().to_string(),
            "unable to parse requirement: found '', expected: ',', ')' or identifier"
        );
        assert_eq!(
            requirements("a in (b").unwrap_err().to_string(),
            "unable to parse requirement: found '', expected: ',' or ')'"
        );
    }

    #[test]
    fn bad_patterns_are_told_in_go_words() {
        let selector = Selector {
            name: "(".into(),
            ..Selector::default()
        };
        assert_eq!(
            Matcher::new(&selector, &Growth::new(0))
                .unwrap_err()
                .to_string(),
            "error parsing regexp: missing closing ): `^(?:()$`"
        );
    }
}
