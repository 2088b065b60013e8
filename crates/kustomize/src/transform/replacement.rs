//! `replacements` and the plugin `ReplacementTransformer`: the value of one field copied to others.

mod structured;
mod target;

use serde_json::json;
use windlass_yaml::Value;

use super::Transformer;
use crate::Error;
use crate::decode::At;
use crate::growth::{Growth, size_of_node};
use crate::kustomization::replacement::{
    NAME, Options, Replacement, ReplacementEntry, Source, Target,
};
use crate::loader::Loader;
use crate::manifest::Manifest;
use crate::node::{Node, Scalar};
use crate::path;
use crate::resmap::ResMap;
use crate::schema::Schemas;
use crate::selector::Matcher;

/// Copies values.
pub(crate) struct ReplacementTransformer {
    replacements: Vec<Replacement>,
    growth: Growth,
}

impl ReplacementTransformer {
    /// Takes inline replacements, and reads those in files.
    pub(crate) fn new(loader: &Loader<'_>, entries: &[ReplacementEntry]) -> Result<Self, Error> {
        let mut all = Vec::new();
        for entry in entries {
            if entry.path.is_empty() {
                all.push(entry.inline.clone());
                continue;
            }
            let has_targets = entry.inline.targets.as_ref().is_some_and(|t| !t.is_empty());
            if entry.inline.source.is_some() || has_targets {
                return Err(Error::invalid(
                    "cannot specify both path and inline replacement",
                ));
            }
            let text = loader.text(&entry.path)?;
            let read = || {
                let value = windlass_yaml::to_value(&text)
                    .map_err(|error| Error::invalid(error.to_string()).with_line(error.line()))?;
                match &value {
                    Value::Array(items) => items
                        .iter()
                        .map(|item| At::lenient(item, Replacement::decode))
                        .collect(),
                    Value::Object(_) => Ok(vec![At::lenient(&value, Replacement::decode)?]),
                    other => Err(Error::invalid(format!(
                        "unsupported replacement type encountered within replacement path: {}",
                        reflected(other)
                    ))),
                }
            };
            let read: Result<Vec<Replacement>, Error> = read();
            all.extend(read.map_err(|error| error.in_file(&loader.located(&entry.path)))?);
        }
        Ok(Self {
            replacements: all,
            growth: loader.context.growth.clone(),
        })
    }

    /// The settings as the original writes them into error texts.
    pub(crate) fn config(entries: &[ReplacementEntry]) -> Value {
        let entries = entries.iter().map(ReplacementEntry::to_value);
        json!({ "Replacements": entries.collect::<Vec<_>>() })
    }

    pub(crate) fn of_plugin(loader: &Loader<'_>, config: &Value) -> Result<Self, Error> {
        let mut entries = Vec::new();
        At::lenient(config, |value, at| {
            let structure = "ReplacementTransformerPlugin";
            at.fields(value, structure, &["replacements"], |_, value, at| {
                let of_type = "[]types.ReplacementField";
                entries = at.list(value, of_type, ReplacementEntry::decode)?;
                Ok(())
            })
        })?;
        Self::new(loader, &entries)
    }
}

/// The kind of a value in Go's reflection.
fn reflected(value: &Value) -> &'static str {
    match value {
        Value::Null => "invalid",
        Value::Bool(_) => "bool",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "slice",
        Value::Object(_) => "map",
    }
}

impl Transformer for ReplacementTransformer {
    fn transform(&self, resources: &mut ResMap, _: &Schemas) -> Result<(), Error> {
        for replacement in &self.replacements {
            let targets = match &replacement.targets {
                Some(targets)
                    if replacement.source.is_some() || replacement.source_value.is_some() =>
                {
                    targets
                }
                _ => {
                    return Err(Error::invalid(
                        "replacements must specify a source and at least one target",
                    ));
                }
            };
            let mut value = match (&replacement.source, &replacement.source_value) {
                (Some(_), Some(_)) => {
                    return Err(Error::invalid(
                        "value and resource selectors are mutually exclusive",
                    ));
                }
                (Some(source), None) => source_value(source, resources.items())?,
                (None, text) => Copied {
                    value: Node::untyped(text.clone().unwrap_or_default()),
                    from: None,
                },
            };
            for target in targets {
                copy(target, &mut value, resources.items_mut(), &self.growth)?;
            }
        }
        Ok(())
    }
}

/// A value to be copied.
struct Copied {
    value: Node,
    /// The position of the resource that it stands in, and where: the original copies it anew each
    /// time, so that changes of the source itself show in what comes later.
    from: Option<(usize, Vec<String>)>,
}

impl Copied {
    /// The value as it is after a change of the resource at `at`.
    fn refresh(&mut self, at: usize, object: &Node) {
        if let Some((from, path)) = &self.from
            && *from == at
            && let Ok(Some(value)) = path::lookup(object, path)
        {
            self.value.clone_from(value);
        }
    }
}

fn source_value(source: &Source, resources: &[Manifest]) -> Result<Copied, Error> {
    let mut found = None;
    for (at, manifest) in resources.iter().enumerate() {
        manifest
            .check_records()
            .map_err(|error| error.context("error getting node IDs"))?;
        if manifest.any_id(|id| source.selects(id)) && found.replace((at, manifest)).is_some() {
            return Err(Error::invalid(format!(
                "multiple matches for selector {source}"
            )));
        }
    }
    let Some((at, found)) = found else {
        return Err(Error::invalid(format!("nothing selected by {source}")));
    };
    let field = match source.field_path.as_str() {
        "" => NAME,
        field => field,
    };
    let path = path::split_fields(field);
    let value = path::lookup(&found.node, &path)
        .map_err(|error| error.context("error looking up replacement source"))?
        .filter(|value| !value.is_blank())
        .ok_or_else(|| {
            Error::invalid(format!(
                "fieldPath `{field}` is missing for replacement source {}",
                source.id()
            ))
        })?;
    let Some(options) = source.options.as_ref().filter(|o| !o.delimiter.is_empty()) else {
        return Ok(Copied {
            value: value.clone(),
            from: Some((at, path)),
        });
    };
    let Node::Scalar(scalar) = value else {
        return Err(not_scalar());
    };
    let piece = usize::try_from(options.index)
        .ok()
        .and_then(|index| scalar.text.split(&options.delimiter).nth(index));
    match piece {
        Some(piece) => Ok(Copied {
            value: Node::Scalar(Scalar {
                text: piece.into(),
                ..scalar.clone()
            }),
            from: None,
        }),
        None => Err(Error::invalid(format!(
            "options.index {} is out of bounds for value {}",
            options.index, scalar.text
        ))),
    }
}

fn not_scalar() -> Error {
    Error::invalid("delimiter option can only be used with scalar nodes")
}

/// Copies a value to the fields of all resources a target selects.
fn copy(
    target: &Target,
    copied: &mut Copied,
    resources: &mut [Manifest],
    growth: &Growth,
) -> Result<(), Error> {
    let Some(select) = &target.select else {
        return Err(Error::invalid("target must specify resources to select"));
    };
    let matcher = |selector| {
        Matcher::new(selector, growth)
            .map_err(|error| error.context("error creating target selector"))
    };
    let select = matcher(select)?;
    let reject = target
        .reject
        .iter()
        .map(matcher)
        .collect::<Result<Vec<_>, _>>()?;
    let fields: Vec<(&str, Vec<String>)> = match target.field_paths.as_slice() {
        [] => vec![(NAME, path::split_fields(NAME))],
        paths => paths
            .iter()
            .map(|field| (field.as_str(), path::split_fields(field)))
            .collect(),
    };
    for (at, manifest) in resources.iter_mut().enumerate() {
        manifest.check_records()?;
        if !select.fits_texts(manifest)? {
            continue;
        }
        let mut rejected = false;
        for reject in reject.iter().filter(|reject| reject.has_texts()) {
            rejected |= reject.fits_texts(manifest)?;
        }
        let mut by_id = reject.iter().filter(|reject| reject.has_id());
        rejected |= by_id.any(|reject| manifest.any_id(|id| reject.fits_id(id)));
        if rejected || !manifest.any_id(|id| select.fits_id(id)) {
            continue;
        }
        for (shown, field) in &fields {
            growth.add(size_of_node(&copied.value))?;
            let options = target.options.as_ref();
            set(&mut manifest.node, at, shown, field, copied, options)?;
            manifest.follow();
            copied.refresh(at, &manifest.node);
        }
    }
    Ok(())
}

/// Sets one field of an object, that of the resource at `at`.
fn set(
    object: &mut Node,
    at: usize,
    shown: &str,
    field: &[String],
    copied: &mut Copied,
    options: Option<&Options>,
) -> Result<(), Error> {
    let create = options.is_some_and(|options| options.create);
    let make = create.then(|| target::Make::like(&copied.value));
    if structured::set(object, field, &copied.value, make) {
        return Ok(());
    }
    let what = if create { "find or create" } else { "find" };
    let not_found = || format!("unable to {what} field {shown:?} in replacement target");
    let mut found = 0;
    // All places are found before the first is set.
    target::visit(&mut object.clone(), field, make, &mut |_| {
        found += 1;
        Ok(())
    })
    .map_err(|error| error.context(not_found()))?;
    if found == 0 {
        return Err(Error::invalid(not_found()));
    }
    let of_source = copied.from.as_ref().is_some_and(|(from, _)| *from == at);
    // Paths with a dash make a new place each time.
    if !of_source || field.iter().any(|part| part == "-") {
        let value = &copied.value;
        return target::visit(object, field, make, &mut |place| put(place, value, options));
    }
    // What is made on the way is part of the source by then.
    target::visit(object, field, make, &mut |_| Ok(()))?;
    copied.refresh(at, object);
    for turn in 0..found {
        let (mut number, value) = (0, copied.value.clone());
        target::visit(object, field, make, &mut |place| {
            number += 1;
            if number == turn + 1 {
                put(place, &value, options)
            } else {
                Ok(())
            }
        })?;
        copied.refresh(at, object);
    }
    Ok(())
}

/// Sets one place. A scalar keeps its type, only its text changes.
fn put(place: &mut Node, value: &Node, options: Option<&Options>) -> Result<(), Error> {
    let text = match options.filter(|options| !options.delimiter.is_empty()) {
        None => value.text().to_owned(),
        Some(options) => {
            let Node::Scalar(scalar) = &*place else {
                return Err(not_scalar());
            };
            let new = if value.is_null() { "" } else { value.text() };
            let mut pieces: Vec<&str> = scalar.text.split(&options.delimiter).collect();
            match usize::try_from(options.index) {
                Err(_) => pieces.insert(0, new),
                Ok(at) if at >= pieces.len() => pieces.push(new),
                Ok(at) => pieces[at] = new,
            }
            pieces.join(&options.delimiter)
        }
    };
    match place {
        Node::Scalar(scalar) => {
            scalar.text = text.into();
            scalar.touch();
        }
        place => *place = value.clone(),
    }
    Ok(())
}
