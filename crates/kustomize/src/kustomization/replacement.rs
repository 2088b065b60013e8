//! The settings of replacements.

use windlass_yaml::Value;

use super::{Selector, names};
use crate::Error;
use crate::decode::At;
use crate::id::{Gvk, GvkRef, Id};

/// Where the value of a replacement stands, or is written to, unless said otherwise.
pub(crate) const NAME: &str = "metadata.name";

/// An entry of `replacements`: inline, or in a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReplacementEntry {
    pub(crate) path: String,
    pub(crate) inline: Replacement,
}

/// One replacement.
#[derive(Debug, Clone, Default)]
pub(crate) struct Replacement {
    pub(crate) source: Option<Source>,
    pub(crate) source_value: Option<String>,
    pub(crate) targets: Option<Vec<Target>>,
}

/// The field a value is taken from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Source {
    pub(crate) gvk: Gvk,
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) field_path: String,
    pub(crate) options: Option<Options>,
}

/// Fields a value is written to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Target {
    pub(crate) select: Option<Selector>,
    pub(crate) reject: Vec<Selector>,
    pub(crate) field_paths: Vec<String>,
    pub(crate) options: Option<Options>,
}

/// Which part of a field is meant, and whether it is made.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) delimiter: String,
    pub(crate) index: i64,
    pub(crate) create: bool,
}

impl ReplacementEntry {
    pub(crate) fn decode(value: &Value, at: &At) -> Result<Self, Error> {
        let mut entry = Self::default();
        let known = names::REPLACEMENT;
        at.fields(value, "ReplacementField", known, |name, value, at| {
            if name == "path" {
                entry.path = at.string(value)?;
                return Ok(());
            }
            entry.inline.field(name, value, at)
        })?;
        Ok(entry)
    }

    /// The entry as the original writes it into error texts.
    pub(crate) fn to_value(&self) -> Value {
        let mut map = serde_json::Map::new();
        if !self.path.is_empty() {
            map.insert("path".into(), self.path.clone().into());
        }
        if let Some(source) = &self.inline.source {
            map.insert("source".into(), source.to_value());
        }
        Value::Object(map)
    }
}

impl Replacement {
    pub(crate) fn decode(value: &Value, at: &At) -> Result<Self, Error> {
        let mut replacement = Self::default();
        let known = ["source", "targets", "sourceValue"];
        at.fields(value, "Replacement", &known, |name, value, at| {
            replacement.field(name, value, at)
        })?;
        Ok(replacement)
    }

    fn field(&mut self, name: &str, value: &Value, at: &At) -> Result<(), Error> {
        match name {
            "source" => self.source = Some(Source::decode(value, at)?),
            "sourceValue" => self.source_value = Some(at.string(value)?),
            _ => {
                self.targets = Some(at.list(value, "[]*types.TargetSelector", Target::decode)?);
            }
        }
        Ok(())
    }
}

impl Source {
    fn decode(value: &Value, at: &At) -> Result<Self, Error> {
        let mut source = Self::default();
        let known = names::REPLACEMENT_SOURCE;
        at.fields(value, "SourceSelector", known, |name, value, at| {
            match name {
                "group" => source.gvk.group = at.string(value)?,
                "version" => source.gvk.version = at.string(value)?,
                "kind" => source.gvk.kind = at.string(value)?,
                "name" => source.name = at.string(value)?,
                "namespace" => source.namespace = at.string(value)?,
                "fieldPath" => source.field_path = at.string(value)?,
                _ => source.options = Some(Options::decode(value, at)?),
            }
            Ok(())
        })?;
        Ok(source)
    }

    fn to_value(&self) -> Value {
        let fields = [
            ("group", &self.gvk.group),
            ("version", &self.gvk.version),
            ("kind", &self.gvk.kind),
            ("name", &self.name),
            ("namespace", &self.namespace),
            ("fieldPath", &self.field_path),
        ];
        let set = fields.into_iter().filter(|(_, value)| !value.is_empty());
        let pairs = set.map(|(key, value)| (key.to_owned(), value.clone().into()));
        Value::Object(pairs.collect())
    }

    /// What it selects by.
    pub(crate) fn id(&self) -> Id<'_> {
        Id {
            gvk: self.gvk.as_ref(),
            name: &self.name,
            namespace: &self.namespace,
            cluster: false,
        }
    }

    /// Whether an id is selected: parts that are not given match anything.
    pub(crate) fn selects(&self, id: &Id<'_>) -> bool {
        // What lives outside of namespaces is not told apart here.
        let id = Id {
            cluster: false,
            ..*id
        };
        let namespace = self.id().effective_namespace() == id.effective_namespace();
        (self.name.is_empty() || self.name == id.name)
            && (self.namespace.is_empty() || namespace)
            && GvkRef::is_selected_by(&id.gvk, &self.gvk)
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.id())?;
        if !self.field_path.is_empty() {
            write!(f, ":{}", self.field_path)?;
        }
        match &self.options {
            Some(options) if !options.delimiter.is_empty() || options.create => write!(
                f,
                ":{}({}), create={}",
                options.delimiter, options.index, options.create
            ),
            _ => Ok(()),
        }
    }
}

impl Options {
    fn decode(value: &Value, at: &At) -> Result<Self, Error> {
        let mut options = Self::default();
        let known = names::FIELD_OPTIONS;
        at.fields(value, "FieldOptions", known, |name, value, at| {
            match name {
                "delimiter" => options.delimiter = at.string(value)?,
                "index" => options.index = at.integer(value, "int")?,
                "create" => options.create = at.boolean(value)?,
                // Accepted without effect.
                _ => drop(at.string(value)?),
            }
            Ok(())
        })?;
        Ok(options)
    }
}

impl Target {
    fn decode(value: &Value, at: &At) -> Result<Self, Error> {
        let mut target = Self::default();
        let known = names::REPLACEMENT_TARGET;
        at.fields(value, "TargetSelector", known, |name, value, at| {
            match name {
                "select" => target.select = Some(Selector::decode(value, at)?),
                "reject" => {
                    target.reject = at.list(value, "[]*types.Selector", Selector::decode)?;
                }
                "fieldPaths" => target.field_paths = at.strings(value)?,
                _ => target.options = Some(Options::decode(value, at)?),
            }
            Ok(())
        })?;
        Ok(target)
    }
}
