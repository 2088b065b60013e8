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
}

/// The ways in which the original reads settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// The kustomization file: fields it does not know are errors, and types must fit.
    Strict,
    /// Configuration files: scalars become strings where strings are wanted.
    Typed,
    /// Plugin configurations: fields that are not known are passed over as well.
    Lenient,
}

/// What errors of the lenient readings start with.
const UNMARSHALING: &str = "error unmarshaling JSON: while decoding JSON";

impl At {
    fn new(reading: Reading) -> Self {
        Self {
            structure: "",
            path: String::new(),
            reading,
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

    fn mismatch(&self, value: &Value, wanted: &str) -> Error {
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
            Value::Bool(value) if self.reading != Reading::Strict => Ok(value.to_string()),
            Value::Number(_) if self.reading != Reading::Strict => {
                Ok(windlass_yaml::go_json(value))
            }
            other => Err(self.mismatch(other, "string")),
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
            other => return Err(self.mismatch(other, &format!("types.{structure}"))),
        };
        for (key, value) in map {
            let name = known
                .iter()
                .find(|name| *name == key)
                .or_else(|| known.iter().find(|name| name.eq_ignore_ascii_case(key)));
            let Some(name) = name else {
                if self.reading == Reading::Lenient {
                    continue;
                }
                return Err(Error::invalid(format!("json: unknown field {key:?}")));
            };
            let path = if self.path.is_empty() {
                (*name).to_owned()
            } else {
                format!("{}.{name}", self.path)
            };
            if !value.is_null() {
                let at = Self {
                    structure,
                    path,
                    reading: self.reading,
                };
                field(name, value, &at)?;
            }
        }
        Ok(())
    }
}
