//! Kubernetes label selector syntax: `a=b`, `a!=b`, `a in (x,y)`, `a notin (x)`, `a`, `!a`, joined
//! by commas.

/// All of these must hold; none always do.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Requirements(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
}

impl Requirements {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let parts = split(text)
            .into_iter()
            .filter(|part| !part.trim().is_empty());
        let parsed = parts.map(|part| {
            requirement(part.trim()).ok_or_else(|| format!("{text:?} is no label selector"))
        });
        Ok(Self(parsed.collect::<Result<_, _>>()?))
    }

    /// Whether `value` (of a key) satisfies all of them.
    pub(super) fn match_all<'a>(&self, value: impl Fn(&str) -> Option<&'a str>) -> bool {
        let listed = |found: &str, values: &[String]| values.iter().any(|value| value == found);
        self.0.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => value(key).is_some_and(|v| listed(v, values)),
            Requirement::NotIn(key, values) => value(key).is_none_or(|v| !listed(v, values)),
            Requirement::Exists(key) => value(key).is_some(),
            Requirement::Absent(key) => value(key).is_none(),
        })
    }
}

/// Splits at the commas outside parentheses.
fn split(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let parts = text.split(move |c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    parts.collect()
}

fn requirement(part: &str) -> Option<Requirement> {
    if let Some(key) = part.strip_prefix('!') {
        return Some(Requirement::Absent(word(key)?));
    }
    if let Some((key, value)) = part.split_once("!=") {
        return Some(Requirement::NotIn(
            word(key)?,
            vec![value.trim().to_owned()],
        ));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return Some(Requirement::In(word(key)?, vec![value.trim().to_owned()]));
    }
    let Some((head, list)) = part.split_once('(') else {
        return Some(Requirement::Exists(word(part)?));
    };
    let values = list.trim_end().strip_suffix(')')?.split(',');
    let values = values.map(|value| value.trim().to_owned()).collect();
    let mut words = head.split_whitespace();
    let (key, operator) = (words.next()?, words.next()?);
    match (operator, words.next()) {
        ("in", None) => Some(Requirement::In(key.to_owned(), values)),
        ("notin", None) => Some(Requirement::NotIn(key.to_owned(), values)),
        _ => None,
    }
}

fn word(text: &str) -> Option<String> {
    let text = text.trim();
    let plain =
        !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || "()!=,".contains(c));
    plain.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::Requirements;

    fn holds(selector: &str, labels: &[(&str, &str)]) -> bool {
        let labels = labels.to_vec();
        Requirements::parse(selector)
            .unwrap()
            .match_all(move |key| {
                let found = labels.iter().find(|(name, _)| *name == key);
                found.map(|(_, value)| *value)
            })
    }

    #[test]
    fn every_form_of_requirement() {
        let labels = [("app", "web"), ("tier", "")];
        for (selector, expected) in [
            ("", true),
            ("app=web", true),
            ("app == web", true),
            ("app=api", false),
            ("app!=api", true),
            ("none!=api", true),
            ("app in (api, web)", true),
            ("app in (api),tier", false),
            ("app notin (api,web)", false),
            ("none notin (x)", true),
            ("app,!none", true),
            ("!app", false),
            ("tier=", true),
        ] {
            assert_eq!(holds(selector, &labels), expected, "{selector}");
        }
    }

    #[test]
    fn malformed_selectors_are_refused() {
        for selector in ["app in web", "app in (web", "a b", "=x", "app within (x)"] {
            assert!(Requirements::parse(selector).is_err(), "{selector}");
        }
    }
}
