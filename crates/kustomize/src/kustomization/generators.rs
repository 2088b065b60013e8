//! The settings of generators.

use serde_json::json;
use windlass_yaml::Value;

use super::names;
use crate::Error;
use crate::decode::At;

/// An entry of `configMapGenerator` or `secretGenerator`.
#[derive(Debug, Clone, Default)]
pub(crate) struct GeneratorArgs {
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) behavior: String,
    pub(crate) literals: Vec<String>,
    pub(crate) files: Vec<String>,
    pub(crate) envs: Vec<String>,
    /// The field of old; only a kustomization file may have it, where it is added to `envs`.
    pub(crate) env: String,
    pub(crate) options: Option<GeneratorOptions>,
    /// Secrets only.
    pub(crate) secret_type: String,
}

/// `generatorOptions`, or the `options` of one generator.
#[derive(Debug, Clone, Default)]
pub(crate) struct GeneratorOptions {
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) annotations: Vec<(String, String)>,
    pub(crate) disable_name_suffix_hash: bool,
    pub(crate) immutable: bool,
}

impl GeneratorOptions {
    pub(crate) fn decode(value: &Value, at: &At) -> Result<Self, Error> {
        let mut options = Self::default();
        let known = names::GENERATOR_OPTIONS;
        at.fields(value, "GeneratorOptions", known, |name, value, at| {
            match name {
                "labels" => options.labels = at.string_map(value)?,
                "annotations" => options.annotations = at.string_map(value)?,
                "disableNameSuffixHash" => options.disable_name_suffix_hash = at.boolean(value)?,
                _ => options.immutable = at.boolean(value)?,
            }
            Ok(())
        })?;
        Ok(options)
    }

    /// Fills in what the kustomization says for all generators.
    pub(crate) fn under(own: Option<Self>, global: Option<&Self>) -> Option<Self> {
        let Some(global) = global else { return own };
        let mut own = own.unwrap_or_default();
        for (pairs, more) in [
            (&mut own.labels, &global.labels),
            (&mut own.annotations, &global.annotations),
        ] {
            for (key, value) in more {
                if !pairs.iter().any(|(known, _)| known == key) {
                    pairs.push((key.clone(), value.clone()));
                }
            }
        }
        own.disable_name_suffix_hash |= global.disable_name_suffix_hash;
        own.immutable |= global.immutable;
        Some(own)
    }
}

impl GeneratorArgs {
    /// Reads an entry; `kind` is that of what it makes.
    pub(crate) fn decode(value: &Value, at: &At, kind: &str) -> Result<Self, Error> {
        match kind {
            "Secret" => Self::fields(value, at, "SecretArgs", names::SECRET),
            _ => Self::fields(value, at, "ConfigMapArgs", names::CONFIG_MAP),
        }
    }

    fn fields(
        value: &Value,
        at: &At,
        structure: &'static str,
        known: &[&'static str],
    ) -> Result<Self, Error> {
        let mut args = Self::default();
        at.fields(value, structure, known, |name, value, at| {
            match name {
                "name" => args.name = at.string(value)?,
                "namespace" => args.namespace = at.string(value)?,
                "behavior" => args.behavior = at.string(value)?,
                "literals" => args.literals = at.strings(value)?,
                "files" => args.files = at.strings(value)?,
                "envs" => args.envs = at.strings(value)?,
                "env" => args.env = at.string(value)?,
                "options" => args.options = Some(GeneratorOptions::decode(value, at)?),
                _ => args.secret_type = at.string(value)?,
            }
            Ok(())
        })?;
        Ok(args)
    }

    /// Reads the configuration of a generator plugin: the same fields, the name also under
    /// `metadata`.
    pub(crate) fn of_plugin(value: &Value, kind: &str) -> Result<Self, Error> {
        let mut args = At::lenient(value, |value, at| match kind {
            "Secret" => Self::fields(value, at, "SecretGeneratorPlugin", names::SECRET),
            _ => Self::fields(value, at, "ConfigMapGeneratorPlugin", names::CONFIG_MAP),
        })?;
        let metadata = value.get("metadata").cloned().unwrap_or(json!({}));
        At::lenient(&metadata, |value, at| {
            let known = names::METADATA;
            at.fields(value, "ObjectMeta", known, |name, value, at| {
                match name {
                    "name" if args.name.is_empty() => args.name = at.string(value)?,
                    "namespace" if args.namespace.is_empty() => {
                        args.namespace = at.string(value)?;
                    }
                    _ => {}
                }
                Ok(())
            })
        })?;
        Ok(args)
    }
}
