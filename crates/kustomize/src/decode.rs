//! Reading typed settings from YAML values the way Go's `encoding/json` does: field names match
//! without regard to case, null leaves the default, and errors name the Go struct and field.

use serde_json::Map;
use windlass_yaml::Value;

use crate::Error;

/// Where a value stands, for error texts, and how strictly it is read.
#[derive(Debug, Clone)]
pub(crate) struct At {
    /// The Go type of the struct that holds the field.
    structure: &'static str,
    /// The path of field names from the outermost struct.
    path: String,
    reading: Reading,
    /// Whether scalars become strings where strings are wanted.
    converts: bool,
}

/// The ways in which the original reads settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// The kustomization file: fields it does not know are errors, and types must fit.
    Strict,
    /// Configuration files.
    Typed,
    /// Plugin configurations: fields that are not known are passed over as well.
    Lenient,
    /// As `Lenient`, but read as YAML without turning it into JSON first.
    Direct,
}

/// The structures that Go embeds between `structure` and a field of its own: their names are part
/// of the paths in errors, and nothing below them is converted.
fn embedded(structure: &str, field: &str) -> &'static str {
    match (structure, field) {
        ("ConfigMapGeneratorPlugin", "literals" | "files" | "envs" | "env") => {
            "ConfigMapArgs.GeneratorArgs.KvPairSources."
        }
        ("ConfigMapGeneratorPlugin", _) => "ConfigMapArgs.GeneratorArgs.",
        ("SecretGeneratorPlugin", "literals" | "files" | "envs" | "env") => {
            "SecretArgs.GeneratorArgs.KvPairSources."
        }
        ("SecretGeneratorPlugin", "type") => "SecretArgs.",
        ("SecretGeneratorPlugin", _) => "SecretArgs.GeneratorArgs.",
        ("IAMPolicyGeneratorPlugin", _) => "IAMPolicyGeneratorArgs.",
        ("Kustomization", "kind" | "apiVersion") => "TypeMeta.",
        ("ConfigMapArgs" | "SecretArgs", "literals" | "files" | "envs" | "env") => {
            "GeneratorArgs.KvPairSources."
        }
        ("ReplacementField", "path") | ("SecretArgs", "type") => "",
        ("ConfigMapArgs" | "SecretArgs", _) => "GeneratorArgs.",
        ("ReplacementField", _) => "Replacement.",
        ("Selector" | "SourceSelector", "group" | "version" | "kind") => "ResId.Gvk.",
        ("Selector" | "SourceSelector", "name" | "namespace") => "ResId.",
        ("FieldSpec" | "NameBackReferences" | "Target", "group" | "version" | "kind") => "Gvk.",
        _ => "",
    }
}

/// What errors of the lenient readings start with.
const UNMARSHALING: &str = "error unmarshaling JSON: while decoding JSON";

impl At {
    fn new(reading: Reading) -> Self {
        Self {
            structure: "",
            path: String::new(),
            reading,
            converts: reading != Reading::Strict,
        }
    }

    /// For the kustomization file.
    pub(crate) fn root() -> Self {
        Self::new(Reading::Strict)
    }

    /// Reads a configuration file.
    pub(crate) fn typed<T>(
        value: &Value,
        read: impl FnOnce(&Value, &Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        read(value, &Self::new(Reading::Typed)).map_err(|error| error.context(UNMARSHALING))
    }

    /// Reads the configuration of a plugin.
    pub(crate) fn lenient<T>(
        value: &Value,
        read: impl FnOnce(&Value, &Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        read(value, &Self::new(Reading::Lenient)).map_err(|error| error.context(UNMARSHALING))
    }

    /// Reads JSON of which some fields matter.
    pub(crate) fn json<T>(
        value: &Value,
        read: impl FnOnce(&Value, &Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let at = Self::new(Reading::Lenient);
        read(
            value,
            &Self {
                converts: false,
                ..at
            },
        )
    }

    /// Reads the configuration of a plugin that the original does not turn into JSON first.
    pub(crate) fn direct<T>(
        value: &Value,
        read: impl FnOnce(&Value, &Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        read(value, &Self::new(Reading::Direct)).map_err(|error| error.context(UNMARSHALING))
    }

    /// The error of a value that is not of the Go type wanted.
    pub(crate) fn mismatch(&self, value: &Value, wanted: &str) -> Error {
        let is = match value {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let place = if self.path.is_empty() {
            String::from("Go value")
        } else {
            format!("Go struct field {}.{}", self.structure, self.path)
        };
        Error::invalid(format!(
            "json: cannot unmarshal {is} into {place} of type {wanted}"
        ))
    }

    pub(crate) fn string(&self, value: &Value) -> Result<String, Error> {
        match value {
            Value::Null => Ok(String::new()),
            Value::String(text) => Ok(text.clone()),
            Value::Bool(value) if self.converts => Ok(value.to_string()),
            Value::Number(_) if self.converts => Ok(windlass_yaml::go_json(value)),
            other => Err(self.mismatch(other, "string")),
        }
    }

    /// A string of a type that has a name in Go.
    pub(crate) fn named_string(&self, value: &Value, name: &str) -> Result<String, Error> {
        match value {
            Value::Null | Value::String(_) => self.string(value),
            Value::Bool(_) | Value::Number(_) if self.converts => self.string(value),
            other => Err(self.mismatch(other, name)),
        }
    }

    /// A list of strings of a type that has a name in Go.
    pub(crate) fn named_strings(&self, value: &Value, name: &str) -> Result<Vec<String>, Error> {
        self.list(value, &format!("[]{name}"), |item, at| {
            at.named_string(item, name)
        })
    }

    pub(crate) fn object(&self, value: &Value) -> Result<Map<String, Value>, Error> {
        match value {
            Value::Null => Ok(Map::new()),
            Value::Object(map) => Ok(map.clone()),
            other => Err(self.mismatch(other, "map[string]interface {}")),
        }
    }

    pub(crate) fn boolean(&self, value: &Value) -> Result<bool, Error> {
        match value {
            Value::Null => Ok(false),
            Value::Bool(value) => Ok(*value),
            other => Err(self.mismatch(other, "bool")),
        }
    }

    /// An integer of Go type `wanted`.
    pub(crate) fn integer(&self, value: &Value, wanted: &str) -> Result<i64, Error> {
        match value {
            Value::Null => Ok(0),
            Value::Number(number) => number.as_i64().ok_or_else(|| {
                Error::invalid(format!(
                    "json: cannot unmarshal number {number} into Go struct field {}.{} of type \
                     {wanted}",
                    self.structure, self.path
                ))
            }),
            other => Err(self.mismatch(other, wanted)),
        }
    }

    pub(crate) fn strings(&self, value: &Value) -> Result<Vec<String>, Error> {
        self.list(value, "[]string", |item, at| at.string(item))
    }

    pub(crate) fn string_map(&self, value: &Value) -> Result<Vec<(String, String)>, Error> {
        match value {
            Value::Null => Ok(Vec::new()),
            Value::Object(map) => map
                .iter()
                .map(|(key, value)| Ok((key.clone(), self.string(value)?)))
                .collect(),
            other => Err(self.mismatch(other, "map[string]string")),
        }
    }

    pub(crate) fn list<T>(
        &self,
        value: &Value,
        wanted: &str,
        mut item: impl FnMut(&Value, &Self) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        match value {
            Value::Null => Ok(Vec::new()),
            Value::Array(items) => items.iter().map(|value| item(value, self)).collect(),
            other => Err(self.mismatch(other, wanted)),
        }
    }

    /// Calls `field` with the proper name and value of every field that is not null; a name not
    /// among `known` is an error.
    pub(crate) fn fields(
        &self,
        value: &Value,
        structure: &'static str,
        known: &[&'static str],
        mut field: impl FnMut(&'static str, &Value, &Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let map: &Map<String, Value> = match value {
            Value::Null => return Ok(()),
            Value::Object(map) => map,
            other => {
                let package = match structure {
                    "NameBackReferences" | "TransformerConfig" => "builtinconfig",
                    "OpenAPIDefinition" => "accumulator",
                    "Target" if self.structure == "ValueAddTransformerPlugin" => "builtins",
                    _ => "types",
                };
                return Err(self.mismatch(other, &format!("{package}.{structure}")));
            }
        };
        for (key, value) in map {
            let name = known
                .iter()
                .find(|name| *name == key)
                .or_else(|| known.iter().find(|name| name.eq_ignore_ascii_case(key)));
            let Some(name) = name else {
                if matches!(self.reading, Reading::Lenient | Reading::Direct) {
                    continue;
                }
                return Err(Error::invalid(format!("json: unknown field {key:?}")));
            };
            let embedded = embedded(structure, name);
            let path = if self.path.is_empty() {
                format!("{embedded}{name}")
            } else {
                format!("{}.{embedded}{name}", self.path)
            };
            if !value.is_null() {
                let at = Self {
                    structure,
                    path,
                    reading: self.reading,
                    converts: self.converts
                        && (embedded.is_empty() || self.reading == Reading::Direct),
                };
                field(name, value, &at)?;
            }
        }
        Ok(())
    }
}
