//! Rules of `spec.ignore`: fields whose drift does not count (Flux: spec §10.6).

mod selector;

use regex::Regex;
use serde_json::Value;
use windlass_api::kustomize::{IgnoreRule, Selector};

use crate::error::Error;
use crate::{object, ownership, pointer};
use selector::Requirements;

/// `spec.ignore`, compiled. Rules that match the same object add up.
#[derive(Clone, Debug, Default)]
pub struct IgnoreRules {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    target: Option<Target>,
    paths: Vec<Vec<String>>,
}

/// Which objects a rule is about; a field that is not given matches everything.
#[derive(Clone, Debug)]
struct Target {
    group: Option<Regex>,
    version: Option<Regex>,
    kind: Option<Regex>,
    namespace: Option<Regex>,
    name: Option<Regex>,
    labels: Requirements,
    annotations: Requirements,
}

impl IgnoreRules {
    /// Compiles the rules.
    ///
    /// # Errors
    /// [`Error::IgnoreRule`] for a bad regular expression, selector or JSON pointer.
    pub fn compile(rules: &[IgnoreRule]) -> Result<Self, Error> {
        let compiled = rules.iter().map(|rule| {
            let paths = rule.paths.iter().map(|path| {
                let invalid =
                    || Error::IgnoreRule(format!("{path:?} is no JSON pointer to a field"));
                pointer::parse(path).ok_or_else(invalid)
            });
            Ok(Rule {
                target: rule.target.as_ref().map(Target::compile).transpose()?,
                paths: paths.collect::<Result<_, _>>()?,
            })
        });
        Ok(Self {
            rules: compiled.collect::<Result<_, Error>>()?,
        })
    }

    /// Whether there are no rules at all.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The paths to ignore in `object`, those of later list items first, so that removing one does not
    /// move another.
    pub(crate) fn paths_for(&self, object: &Value) -> Vec<&[String]> {
        let matching = self.rules.iter().filter(|rule| match &rule.target {
            Some(target) => target.matches(object),
            None => true,
        });
        let mut paths: Vec<&[String]> = matching
            .flat_map(|rule| rule.paths.iter().map(Vec::as_slice))
            .collect();
        paths.sort_by(|a, b| compare_paths(b, a));
        paths.dedup();
        paths
    }
}

fn compare_paths(a: &[String], b: &[String]) -> std::cmp::Ordering {
    let (a, b) = (a.iter().map(String::as_str), b.iter().map(String::as_str));
    a.map(part_key).cmp(b.map(part_key))
}

/// Numbers among themselves, before all else: compared as text with names they would go round in a
/// circle (2, 10, 1a), which a sort need not put up with.
fn part_key(part: &str) -> (Result<usize, &str>, &str) {
    (part.parse().map_err(|_| part), part)
}

impl Target {
    fn compile(selector: &Selector) -> Result<Self, Error> {
        let anchored = |pattern: &Option<String>| match pattern.as_deref() {
            None | Some("") => Ok(None),
            Some(pattern) => Regex::new(&format!("^(?:{pattern})$"))
                .map(Some)
                .map_err(|error| Error::IgnoreRule(format!("{pattern:?}: {error}"))),
        };
        let requirements = |text: &Option<String>| {
            Requirements::parse(text.as_deref().unwrap_or_default()).map_err(Error::IgnoreRule)
        };
        Ok(Self {
            group: anchored(&selector.group)?,
            version: anchored(&selector.version)?,
            kind: anchored(&selector.kind)?,
            namespace: anchored(&selector.namespace)?,
            name: anchored(&selector.name)?,
            labels: requirements(&selector.label_selector)?,
            annotations: requirements(&selector.annotation_selector)?,
        })
    }

    fn matches(&self, object: &Value) -> bool {
        let (group, version) = object::group_version(object);
        let fields = [
            (&self.group, group),
            (&self.version, version),
            (&self.kind, object::kind(object)),
            (&self.namespace, object::namespace(object)),
            (&self.name, object::name(object)),
        ];
        fields
            .iter()
            .all(|(pattern, text)| pattern.as_ref().is_none_or(|p| p.is_match(text)))
            && self.labels.match_all(|key| object::label(object, key))
            && self
                .annotations
                .match_all(|key| object::annotation(object, key))
    }
}

/// The content hash of an object without the ignored fields.
pub(crate) fn content_without(object: &Value, ignored: &[&[String]]) -> u64 {
    if ignored.is_empty() {
        return windlass_health::content_hash(object);
    }
    let mut rest = object.clone();
    for path in ignored {
        pointer::remove(&mut rest, path);
    }
    windlass_health::content_hash(&rest)
}

/// Makes a payload that has to be sent leave the ignored fields of `live` as they are: those that
/// another manager applies are left to it, of the others the live value is sent.
pub(crate) fn carry_over(payload: &mut Value, live: &Value, ignored: &[&[String]]) {
    for path in ignored {
        let declared = pointer::get(payload, path);
        let current = pointer::get(live, path);
        if declared == current {
            continue;
        }
        let left_to_others = ownership::applied_by_another(live, path);
        match (declared, current) {
            (Some(_), Some(current)) if !left_to_others => {
                pointer::set(payload, path, current.clone());
            }
            (Some(_), _) => pointer::remove(payload, path),
            // Ours from an earlier apply: not sending it would remove it.
            (None, Some(current)) if !left_to_others && ownership::applied_by_us(live, path) => {
                pointer::set(payload, path, current.clone());
            }
            (None, _) => {}
        }
    }
}

#[cfg(test)]
mod tests;
