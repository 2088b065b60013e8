//! What Helm reads of a manifest.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value as Json;

use crate::chart::json_kind;
use crate::hidden::Names;
use crate::yaml_decode::json_document;

/// The part of a manifest that tells what it is.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.annotations`.
    pub annotations: BTreeMap<String, String>,
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            api_version,
            kind,
            name,
            annotations,
        } = self;
        f.debug_struct("Head")
            .field("api_version", api_version)
            .field("kind", kind)
            .field("name", name)
            .field("annotations", &Names(annotations.keys()))
            .finish()
    }
}

impl Head {
    /// Reads it from a document.
    ///
    /// # Errors
    /// The text of the Go library for what is no YAML, or not of the expected shape.
    pub fn parse(document: &str) -> Result<Self, String> {
        let json = json_document(document.as_bytes())?;
        let mut head = Self::default();
        head.decode(&json).map_err(|problem| {
            format!(
                "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {problem}"
            )
        })?;
        Ok(head)
    }

    fn decode(&mut self, json: &Json) -> Result<(), String> {
        let members = match json {
            Json::Null => return Ok(()),
            Json::Object(members) => members,
            other => {
                return Err(format!(
                    "{} into Go value of type util.SimpleHead",
                    json_kind(other)
                ));
            }
        };
        // Go names the first fault, but fills in the rest.
        let mut fault = None;
        for (key, value) in members {
            match &*key.to_ascii_lowercase() {
                "apiversion" => text(value, "apiVersion", &mut self.api_version, &mut fault),
                "kind" => text(value, "kind", &mut self.kind, &mut fault),
                "metadata" => self.metadata(value, &mut fault),
                _ => {}
            }
        }
        fault.map_or(Ok(()), Err)
    }

    fn metadata(&mut self, json: &Json, fault: &mut Option<String>) {
        const TYPE: &str = "struct { Name string \"json:\\\"name\\\"\"; Annotations map[string]string \"json:\\\"annotations\\\"\" }";
        match json {
            Json::Null => {}
            Json::Object(members) => {
                for (key, value) in members {
                    match &*key.to_ascii_lowercase() {
                        "name" => text(value, "metadata.name", &mut self.name, fault),
                        "annotations" => self.annotations(value, fault),
                        _ => {}
                    }
                }
            }
            other => mismatch(other, "metadata", TYPE, fault),
        }
    }

    fn annotations(&mut self, json: &Json, fault: &mut Option<String>) {
        match json {
            Json::Null => {}
            Json::Object(members) => {
                for (key, value) in members {
                    let mut annotation = String::new();
                    text(value, "metadata.annotations", &mut annotation, fault);
                    self.annotations.insert(key.clone(), annotation);
                }
            }
            // Go leaves the name of the struct out where a whole map does not fit.
            other => {
                fault.get_or_insert_with(|| {
                    format!(
                        "{} into Go struct field .metadata.annotations of type map[string]string",
                        json_kind(other)
                    )
                });
            }
        }
    }
}

fn text(json: &Json, field: &str, into: &mut String, fault: &mut Option<String>) {
    match json {
        Json::Null => {}
        Json::String(text) => into.clone_from(text),
        // The YAML library turns scalars into the text that is wanted.
        Json::Bool(_) | Json::Number(_) => *into = crate::chart::scalar_text(json),
        other => mismatch(other, field, "string", fault),
    }
}

fn mismatch(json: &Json, field: &str, ty: &str, fault: &mut Option<String>) {
    fault.get_or_insert_with(|| {
        format!(
            "{} into Go struct field SimpleHead.{field} of type {ty}",
            json_kind(json)
        )
    });
}
