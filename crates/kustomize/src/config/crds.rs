//! What definitions of custom resources say about their fields: which hold names, labels and
//! annotations.

use windlass_yaml::Value;

use super::{NameReference, TransformerConfig};
use crate::Error;
use crate::decode::At;
use crate::fieldspec::{FieldSpec, merge_one};
use crate::id::Gvk;
use crate::time_limit;

/// Definitions that refer to each other are followed this deep.
const MAX_DEPTH: usize = 24;

/// Reads a file of definitions by type name.
pub(super) fn read(text: &str) -> Result<TransformerConfig, Error> {
    let definitions = definitions(text)?;
    let mut config = TransformerConfig::default();
    for (name, definition) in definitions.as_object().into_iter().flatten() {
        let fields = properties(definition);
        let is_object = |key: &&str| fields.is_some_and(|fields| fields.get(*key).is_some());
        if !["kind", "apiVersion", "metadata"].iter().all(is_object) {
            continue;
        }
        let kind = name.rsplit('.').next().unwrap_or(name);
        let mut walk = Walk {
            definitions: &definitions,
            gvk: Gvk::new("", "", kind),
            config: TransformerConfig::default(),
        };
        walk.definition(name, &mut Vec::new())?;
        config.merge(&walk.config)?;
    }
    Ok(config)
}

/// The definitions by name, each an object.
///
/// # Errors
/// Go's texts for what is none, such as the manifest of a `CustomResourceDefinition`.
fn definitions(text: &str) -> Result<Value, Error> {
    let is_json = text.starts_with('{');
    let definitions: Value = if is_json {
        serde_json::from_str(text).map_err(|error| Error::invalid(error.to_string()))?
    } else {
        windlass_yaml::to_value(text).map_err(|error| {
            Error::invalid(error.to_string()).context("error converting YAML to JSON")
        })?
    };
    if is_json {
        At::json(&definitions, check)?;
    } else {
        At::lenient(&definitions, check)?;
    }
    Ok(definitions)
}

fn check(definitions: &Value, at: &At) -> Result<(), Error> {
    match definitions {
        Value::Null => Ok(()),
        Value::Object(definitions) => definitions.values().try_for_each(|definition| {
            let known = ["Dependencies"];
            at.fields(definition, "OpenAPIDefinition", &known, |_, value, at| {
                at.strings(value).map(drop)
            })
        }),
        other => Err(at.mismatch(other, "accumulator.nameToApiMap")),
    }
}

fn properties(definition: &Value) -> Option<&Value> {
    let schema = definition
        .get("Schema")
        .or_else(|| definition.get("schema"))?;
    schema.get("properties")
}

/// The fields of one kind.
struct Walk<'d> {
    definitions: &'d Value,
    gvk: Gvk,
    config: TransformerConfig,
}

impl<'d> Walk<'d> {
    fn definition(&mut self, name: &str, path: &mut Vec<&'d str>) -> Result<(), Error> {
        if path.len() > MAX_DEPTH {
            return Ok(());
        }
        time_limit::check()?;
        let definition = self.definitions.get(name);
        let fields = definition.and_then(properties).and_then(Value::as_object);
        for (name, property) in fields.into_iter().flatten() {
            path.push(name);
            self.property(property, path)?;
            path.pop();
        }
        Ok(())
    }

    fn property(&mut self, property: &'d Value, path: &mut Vec<&'d str>) -> Result<(), Error> {
        let text = |key: &str| property.get(key).and_then(Value::as_str);
        let spec = self.spec(path);
        for (mark, specs) in [
            (
                "x-kubernetes-annotation",
                &mut self.config.common_annotations,
            ),
            (
                "x-kubernetes-label-selector",
                &mut self.config.common_labels,
            ),
            ("x-kubernetes-identity", &mut self.config.name_prefix),
        ] {
            if text(mark).is_some() {
                merge_one(specs, spec.clone())?;
            }
        }
        let version = text("x-kubernetes-object-ref-api-version");
        if let (Some(version), Some(kind)) = (version, text("x-kubernetes-object-ref-kind")) {
            path.push(text("x-kubernetes-object-ref-name-key").unwrap_or("name"));
            let reference = NameReference {
                target: Gvk::new("", version, kind),
                referrers: vec![self.spec(path)],
            };
            path.pop();
            self.config.add_reference(&reference)?;
        }
        match text("$ref") {
            Some(reference) => self.definition(reference, path),
            None => Ok(()),
        }
    }

    fn spec(&self, path: &[&str]) -> FieldSpec {
        FieldSpec::new(self.gvk.clone(), &path.join("/"), false)
    }
}
