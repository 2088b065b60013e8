//! Where a resource comes from, for `buildMetadata`.

use std::fmt::Write as _;

use windlass_yaml::Value;

use crate::manifest::Manifest;
use crate::repo;

/// The annotation that holds a resource's origin.
pub(crate) const ORIGIN: &str = "config.kubernetes.io/origin";
/// The annotation that lists the transformers that changed a resource.
pub(crate) const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";

/// A place that resources or the configuration of generators and transformers come from.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Origin {
    path: String,
    repo: String,
    reference: String,
    configured_in: String,
    configured_by: Option<ConfiguredBy>,
}

/// The object that configures a generator or transformer.
#[derive(Debug, Clone, PartialEq, Default)]
struct ConfiguredBy {
    api_version: String,
    kind: String,
    name: String,
    namespace: String,
}

impl Origin {
    /// What `path` means, named by a kustomization from here.
    pub(crate) fn append(&self, path: &str) -> Self {
        let mut origin = self.clone();
        match repo::parse(path) {
            Some(spec) => {
                origin.repo = spec.url;
                origin.reference = spec.reference.unwrap_or_default();
                origin.path = match joined("", &spec.path) {
                    // What the original calls the place of a clone before there is one.
                    path if path.is_empty() => "notCloned".to_owned(),
                    path => path,
                };
            }
            None => origin.path = joined(&self.path, path),
        }
        origin
    }

    /// A built-in generator or transformer named in kustomization file `file` of this directory.
    pub(crate) fn builtin(&self, file: &str, kind: &str) -> Self {
        Self {
            path: String::new(),
            repo: self.repo.clone(),
            reference: self.reference.clone(),
            configured_in: joined(&self.path, file),
            configured_by: Some(ConfiguredBy {
                api_version: "builtin".to_owned(),
                kind: kind.to_owned(),
                ..ConfiguredBy::default()
            }),
        }
    }

    /// A generator or transformer that an object configures, from that object's own origin.
    pub(crate) fn of_plugin(config: &Manifest) -> Option<Self> {
        let own = Self::read(config.text_of("annotations", ORIGIN)?);
        Some(Self {
            path: String::new(),
            configured_in: own.path,
            configured_by: Some(ConfiguredBy {
                api_version: config.api_version().to_owned(),
                kind: config.kind().to_owned(),
                name: config.name().to_owned(),
                namespace: config.namespace().to_owned(),
            }),
            ..own
        })
    }

    /// Reads a record; what is none is empty.
    fn read(text: &str) -> Self {
        let value = windlass_yaml::to_value(text).unwrap_or_default();
        let get = |value: &Value, key: &str| {
            let text = value.get(key).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let by = value.get("configuredBy").map(|by| ConfiguredBy {
            api_version: get(by, "apiVersion"),
            kind: get(by, "kind"),
            name: get(by, "name"),
            namespace: get(by, "namespace"),
        });
        Self {
            path: get(&value, "path"),
            repo: get(&value, "repo"),
            reference: get(&value, "ref"),
            configured_in: get(&value, "configuredIn"),
            configured_by: by,
        }
    }

    /// Writes the record into a resource.
    pub(crate) fn annotate(&self, manifest: &mut Manifest) {
        let mut texts = manifest.owned_texts("annotations");
        texts.insert(ORIGIN.to_owned(), self.to_yaml());
        manifest.set_texts("annotations", texts);
    }

    /// Notes a transformer's run: for a resource without origin, that is where it comes from.
    pub(crate) fn record(&self, manifest: &mut Manifest) {
        if manifest.text_of("annotations", ORIGIN).is_none() {
            self.annotate(manifest);
            return;
        }
        let mut texts = manifest.owned_texts("annotations");
        let list = texts.entry(TRANSFORMATIONS.to_owned()).or_default();
        for (index, line) in self.to_yaml().lines().enumerate() {
            list.push_str(if index == 0 { "- " } else { "  " });
            list.push_str(line);
            list.push('\n');
        }
        manifest.set_texts("annotations", texts);
    }

    /// The lines of the record as YAML.
    pub(crate) fn to_yaml(&self) -> String {
        let mut out = String::new();
        let fields = [
            ("path", &self.path),
            ("repo", &self.repo),
            ("ref", &self.reference),
            ("configuredIn", &self.configured_in),
        ];
        // Writing to a string cannot fail.
        for (key, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
            let _ = writeln!(out, "{key}: {}", scalar(value));
        }
        if let Some(by) = &self.configured_by {
            out.push_str("configuredBy:\n");
            let fields = [
                ("apiVersion", &by.api_version),
                ("kind", &by.kind),
                ("name", &by.name),
                ("namespace", &by.namespace),
            ];
            for (key, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
                let _ = writeln!(out, "  {key}: {}", scalar(value));
            }
        }
        if out.is_empty() {
            "{}\n".to_owned()
        } else {
            out
        }
    }
}

/// A text as YAML writes it on a line.
fn scalar(text: &str) -> String {
    windlass_yaml::json_to_yaml(&Value::String(text.to_owned()))
        .trim_end()
        .to_owned()
}

/// Joins paths by their words: `..` that lead above the start stay.
fn joined(from: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in from.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_follow_the_way_through_bases() {
        let origin = Origin::default().append("../base").append("x.yaml");
        assert_eq!(origin.to_yaml(), "path: ../base/x.yaml\n");
        let remote = Origin::default()
            .append("https://github.com/o/r//dir?ref=v1")
            .append("x.yaml");
        assert_eq!(
            remote.to_yaml(),
            "path: dir/x.yaml\nrepo: https://github.com/o/r\nref: v1\n"
        );
        // A file whose URL could be that of a repository counts as one.
        let file = Origin::default().append("https://example.com/o/a.yaml");
        assert_eq!(
            file.to_yaml(),
            "path: notCloned\nrepo: https://example.com/o/a.yaml\n"
        );
        assert_eq!(
            Origin::default()
                .builtin("kustomization.yaml", "Kind")
                .to_yaml(),
            "configuredIn: kustomization.yaml\nconfiguredBy:\n  apiVersion: builtin\n  kind: Kind\n"
        );
    }
}
