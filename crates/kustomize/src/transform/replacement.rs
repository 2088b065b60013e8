//! Replacements: copying the value of one field to others.

mod path;

use windlass_yaml::Value;

use crate::Error;
use crate::decode::At;
use crate::id::Id;
use crate::kustomization::Selector;
use crate::loader::Context;
use crate::patch::json6902::size;
use crate::resmap::ResMap;
use crate::resource::{Resource, scalar_text};
use crate::selector::Matcher;

use path::{Found, Step};

/// An entry of `replacements`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Replacement {
    source: Option<Source>,
    source_value: Option<String>,
    targets: Vec<Target>,
}

#[derive(Debug, Clone, Default)]
struct Source {
    id: Id,
    field_path: String,
    options: Options,
}

#[derive(Debug, Clone, Default)]
struct Target {
    select: Option<Selector>,
    reject: Vec<Selector>,
    field_paths: Vec<String>,
    options: Options,
}

#[derive(Debug, Clone, Default)]
struct Options {
    delimiter: String,
    index: i64,
    create: bool,
}

const NAME: &str = "metadata.name";

impl Replacement {
    pub(crate) fn decode(value: &Value, at: &At) -> Result<Self, Error> {
        let mut replacement = Self::default();
        let known = ["source", "sourceValue", "targets"];
        at.fields(value, "Replacement", &known, |name, value, at| {
            match name {
                "source" => replacement.source = Some(Source::decode(value, at)?),
                "sourceValue" => replacement.source_value = Some(at.string(value)?),
                _ => {
                    replacement.targets =
                        at.list(value, "[]*types.TargetSelector", Target::decode)?;
                }
            }
            Ok(())
        })?;
        Ok(replacement)
    }

    /// Copies the source's value to all targets.
    pub(crate) fn apply(&self, context: &Context<'_>, resources: &mut ResMap) -> Result<(), Error> {
        if self.targets.is_empty() || (self.source.is_none() && self.source_value.is_none()) {
            return Err(Error::invalid(
                "replacements must specify a source and at least one target",
            ));
        }
        let value = match (&self.source, &self.source_value) {
            (Some(_), Some(_)) => {
                return Err(Error::invalid(
                    "value and resource selectors are mutually exclusive",
                ));
            }
            (Some(source), None) => source.value(resources.items())?,
            (None, Some(text)) => Value::String(text.clone()),
            (None, None) => Value::Null,
        };
        for target in &self.targets {
            target.set(context, resources, &value)?;
        }
        Ok(())
    }
}

impl Source {
    fn decode(value: &Value, at: &At) -> Result<Self, Error> {
        let mut source = Self {
            field_path: NAME.to_owned(),
            ..Self::default()
        };
        let known = [
            "group",
            "version",
            "kind",
            "name",
            "namespace",
            "fieldPath",
            "options",
        ];
        at.fields(value, "SourceSelector", &known, |name, value, at| {
            match name {
                "group" => source.id.gvk.group = at.string(value)?,
                "version" => source.id.gvk.version = at.string(value)?,
                "kind" => source.id.gvk.kind = at.string(value)?,
                "name" => source.id.name = at.string(value)?,
                "namespace" => source.id.namespace = at.string(value)?,
                "fieldPath" => source.field_path = at.string(value)?,
                _ => source.options = Options::decode(value, at)?,
            }
            Ok(())
        })?;
        Ok(source)
    }

    fn value(&self, resources: &[Resource]) -> Result<Value, Error> {
        let mut matches = resources
            .iter()
            .filter(|resource| resource.any_id(|id| id.is_selected_by(&self.id)));
        let Some(found) = matches.next() else {
            return Err(Error::invalid(format!("nothing selected by {}", self.id)));
        };
        if matches.next().is_some() {
            return Err(Error::invalid(format!(
                "multiple matches for selector {}",
                self.id
            )));
        }
        let missing = || {
            Error::invalid(format!(
                "fieldPath `{}` is missing for replacement source {}",
                self.field_path, self.id
            ))
        };
        let value = path::get(&found.object, &Step::parse(&self.field_path)).ok_or_else(missing)?;
        if value.is_null() || value.as_str() == Some("") {
            return Err(missing());
        }
        if self.options.delimiter.is_empty() {
            return Ok(value);
        }
        if value.is_object() || value.is_array() {
            return Err(Error::invalid(
                "delimiter option can only be used with scalar nodes",
            ));
        }
        let text = scalar_text(Some(&value));
        let piece = usize::try_from(self.options.index)
            .ok()
            .and_then(|index| text.split(&self.options.delimiter).nth(index));
        match piece {
            Some(piece) => Ok(Value::String(piece.to_owned())),
            None => Err(Error::invalid(format!(
                "options.index {} is out of bounds for value {text}",
                self.options.index
            ))),
        }
    }
}

impl Options {
    fn decode(value: &Value, at: &At) -> Result<Self, Error> {
        let mut options = Self::default();
        let known = ["delimiter", "index", "create", "encoding"];
        at.fields(value, "FieldOptions", &known, |name, value, at| {
            match name {
                "delimiter" => options.delimiter = at.string(value)?,
                "index" => options.index = at.integer(value)?,
                "create" => options.create = at.boolean(value)?,
                // Accepted without effect.
                _ => drop(at.string(value)?),
            }
            Ok(())
        })?;
        Ok(options)
    }

    /// The text of a field after setting it, or the piece of it the options mean, to `new`.
    fn joined(&self, old: &str, new: &str) -> String {
        if self.delimiter.is_empty() {
            return new.to_owned();
        }
        let mut pieces: Vec<&str> = old.split(&self.delimiter).collect();
        match usize::try_from(self.index) {
            Err(_) => pieces.insert(0, new),
            Ok(at) if at >= pieces.len() => pieces.push(new),
            Ok(at) => pieces[at] = new,
        }
        pieces.join(&self.delimiter)
    }
}

impl Target {
    fn decode(value: &Value, at: &At) -> Result<Self, Error> {
        let mut target = Self::default();
        let known = ["select", "reject", "fieldPaths", "options"];
        at.fields(value, "TargetSelector", &known, |name, value, at| {
            match name {
                "select" => target.select = Some(Selector::decode(value, at)?),
                "reject" => {
                    target.reject = at.list(value, "[]*types.Selector", Selector::decode)?;
                }
                "fieldPaths" => target.field_paths = at.strings(value)?,
                _ => target.options = Options::decode(value, at)?,
            }
            Ok(())
        })?;
        if target.field_paths.is_empty() {
            target.field_paths.push(NAME.to_owned());
        }
        Ok(target)
    }

    fn set(
        &self,
        context: &Context<'_>,
        resources: &mut ResMap,
        value: &Value,
    ) -> Result<(), Error> {
        let bytes = size(value);
        let Some(select) = &self.select else {
            return Err(Error::invalid("target must specify resources to select"));
        };
        let select = Matcher::new(select)?;
        let reject = self
            .reject
            .iter()
            .map(Matcher::new)
            .collect::<Result<Vec<_>, _>>()?;
        let paths: Vec<(&String, Vec<Step>)> = self
            .field_paths
            .iter()
            .map(|path| (path, Step::parse(path)))
            .collect();
        for resource in resources.items_mut() {
            let rejected = |resource: &Resource| reject.iter().any(|m| m.matches_any_id(resource));
            if !select.matches_any_id(resource) || rejected(resource) {
                continue;
            }
            for (shown, path) in &paths {
                let what = if self.options.create {
                    "find or create"
                } else {
                    "find"
                };
                let wrap = |error: Error| {
                    error.context(format_args!(
                        "unable to {what} field \"{shown}\" in replacement target"
                    ))
                };
                let mut fault = None;
                let found = path::visit(
                    &mut resource.object,
                    path,
                    self.options.create,
                    &mut |place, made| {
                        context.count_added(bytes)?;
                        self.put(place, value, made, &mut fault)
                    },
                )
                .map_err(wrap)?;
                if found == Found::No {
                    return Err(Error::invalid(format!(
                        "unable to {what} field \"{shown}\" in replacement target"
                    )));
                }
                if resource.fault.is_none() {
                    resource.fault = fault;
                }
            }
        }
        Ok(())
    }

    /// Sets one field. A scalar keeps its type; one that was just made takes the type its text
    /// looks like.
    fn put(
        &self,
        place: &mut Value,
        value: &Value,
        made: bool,
        fault: &mut Option<String>,
    ) -> Result<(), Error> {
        let is_collection = |value: &Value| value.is_object() || value.is_array();
        if is_collection(place) {
            if !self.options.delimiter.is_empty() {
                return Err(Error::invalid(
                    "delimiter option can only be used with scalar nodes",
                ));
            }
            *place = value.clone();
            return Ok(());
        }
        if place.is_null() && is_collection(value) {
            *place = value.clone();
            return Ok(());
        }
        let text = self
            .options
            .joined(&scalar_text(Some(place)), &scalar_text(Some(value)));
        let read = || {
            windlass_yaml::documents(&format!("v: {text}"))
                .ok()?
                .pop()?
                .get("v")
                .cloned()
        };
        let wanted = match place {
            Value::Number(_) => "int",
            Value::Bool(_) => "bool",
            Value::Null if made => {
                *place = match read() {
                    Some(typed) if !is_collection(&typed) => typed,
                    _ => Value::String(text),
                };
                return Ok(());
            }
            _ => {
                *place = Value::String(text);
                return Ok(());
            }
        };
        let typed = read().filter(|typed| typed.is_number() || typed.is_boolean());
        match typed {
            Some(typed) if typed.is_number() == place.is_number() => *place = typed,
            _ => {
                *fault = Some(format!(
                    "yaml: cannot decode !!str `{text}` as a !!{wanted}"
                ));
            }
        }
        Ok(())
    }
}
