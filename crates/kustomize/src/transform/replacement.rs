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
        json!({ "replacements": entries.collect::<Vec<_>>() })
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
            let value = match (&replacement.source, &replacement.source_value) {
                (Some(_), Some(_)) => {
                    return Err(Error::invalid(
                        "value and resource selectors are mutually exclusive",
                    ));
                }
                (Some(source), None) => source_value(source, resources.items())?,
                (None, text) => Node::untyped(text.clone().unwrap_or_default()),
            };
            for target in targets {
                copy(target, &value, resources.items_mut(), &self.growth)?;
            }
        }
        Ok(())
    }
}

fn source_value(source: &Source, resources: &[Manifest]) -> Result<Node, Error> {
    let mut found = None;
    for manifest in resources {
        manifest
            .check_records()
            .map_err(|error| error.context("error getting node IDs"))?;
        if manifest.any_id(|id| source.selects(id)) && found.replace(manifest).is_some() {
            return Err(Error::invalid(format!(
                "multiple matches for selector {source}"
            )));
        }
    }
    let Some(found) = found else {
        return Err(Error::invalid(format!("nothing selected by {source}")));
    };
    let field = match source.field_path.as_str() {
        "" => NAME,
        field => field,
    };
    let value = path::lookup(&found.node, &path::split_fields(field))
        .map_err(|error| error.context("error looking up replacement source"))?
        .filter(|value| !value.is_blank())
        .ok_or_else(|| {
            Error::invalid(format!(
                "fieldPath `{field}` is missing for replacement source {}",
                source.id()
            ))
        })?;
    let Some(options) = source.options.as_ref().filter(|o| !o.delimiter.is_empty()) else {
        return Ok(value.clone());
    };
    let Node::Scalar(scalar) = value else {
        return Err(not_scalar());
    };
    let piece = usize::try_from(options.index)
        .ok()
        .and_then(|index| scalar.text.split(&options.delimiter).nth(index));
    match piece {
        Some(piece) => Ok(Node::Scalar(Scalar {
            text: piece.to_owned(),
            ..scalar.clone()
        })),
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
    value: &Node,
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
    let size = size_of_node(value);
    for manifest in resources {
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
            growth.add(size)?;
            set(
                &mut manifest.node,
                shown,
                field,
                value,
                target.options.as_ref(),
            )?;
            manifest.follow();
        }
    }
    Ok(())
}

/// Sets one field of an object.
fn set(
    object: &mut Node,
    shown: &str,
    field: &[String],
    value: &Node,
    options: Option<&Options>,
) -> Result<(), Error> {
    let create = options.is_some_and(|options| options.create);
    let make = create.then(|| target::Make::like(value));
    if structured::set(object, field, value, make) {
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
    target::visit(object, field, make, &mut |place| put(place, value, options))
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
            scalar.text = text;
            scalar.touch();
        }
        place => *place = value.clone(),
    }
    Ok(())
}
