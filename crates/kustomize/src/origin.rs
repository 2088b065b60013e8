//! Where a resource comes from, for `buildMetadata`.

use std::fmt::Write as _;

use crate::loader::Loader;

/// The annotation that holds a resource's origin.
pub(crate) const ORIGIN: &str = "config.kubernetes.io/origin";
/// The annotation that lists the transformers that changed a resource.
pub(crate) const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";

/// A file, or the generator or transformer configured in a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Origin {
    path: Option<String>,
    configured_in: Option<String>,
    configured_by: Option<ConfiguredBy>,
}

/// The object that configures a generator or transformer.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct ConfiguredBy {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) namespace: String,
}

impl Origin {
    pub(crate) fn file(loader: &Loader<'_>, path: &str) -> Self {
        Self {
            path: Some(loader.shown_from_start(path)),
            ..Self::default()
        }
    }

    /// A built-in generator or transformer named in kustomization file `file`.
    pub(crate) fn builtin(loader: &Loader<'_>, file: &str, kind: &str) -> Self {
        let by = ConfiguredBy {
            api_version: "builtin".to_owned(),
            kind: kind.to_owned(),
            ..ConfiguredBy::default()
        };
        Self {
            configured_in: Some(loader.shown_from_start(file)),
            configured_by: Some(by),
            path: None,
        }
    }

    /// The lines of the record as YAML.
    pub(crate) fn to_yaml(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        if let Some(path) = &self.path {
            let _ = writeln!(out, "path: {path}");
        }
        if let Some(file) = &self.configured_in {
            let _ = writeln!(out, "configuredIn: {file}");
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
                let _ = writeln!(out, "  {key}: {value}");
            }
        }
        out
    }
}

/// Several records as a YAML list.
pub(crate) fn list_to_yaml(origins: &[Origin]) -> String {
    let mut out = String::new();
    for origin in origins {
        for (index, line) in origin.to_yaml().lines().enumerate() {
            out.push_str(if index == 0 { "- " } else { "  " });
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}
