//! From the text of a file to resources.

use windlass_yaml::{Dialect, Error as YamlError, Kind, Node, Style, Value};

use crate::Error;
use crate::resource::{Place, Resource};

/// Annotations under this prefix are the original's own records; they never reach the output.
const INTERNAL: &str = "internal.config.kubernetes.io/";

/// The resources of a stream of documents, lists unwrapped.
pub(crate) fn resources(text: &str) -> Result<Vec<Resource>, Error> {
    let mut found = Vec::new();
    let mut waiting: std::collections::VecDeque<Resource> = documents(text)?.into();
    while let Some(mut resource) = waiting.pop_front() {
        if !resource.object.is_object() {
            return Err(Error::invalid("missing Resource metadata"));
        }
        let is_list = resource.kind().ends_with("List");
        match resource.object.get_mut("items") {
            Some(Value::Array(items)) if is_list => {
                let items = std::mem::take(items);
                waiting.extend(items.into_iter().map(|item| Resource {
                    fault: resource.fault.clone(),
                    ..Resource::new(item)
                }));
                continue;
            }
            Some(Value::Null) if is_list => continue,
            _ => {}
        }
        check(&resource.object)?;
        forget_records(&mut resource);
        found.push(resource);
    }
    Ok(found)
}

/// Reads a stream. What only the final encoding would find wrong is kept with the resource.
fn documents(text: &str) -> Result<Vec<Resource>, Error> {
    let plain = |error: YamlError| Error::invalid(error.to_string());
    match windlass_yaml::documents(text) {
        Ok(mut values) => {
            if values.iter().any(has_untyped_annotations) {
                annotations_as_written(text, &mut values);
            }
            let mut resources: Vec<Resource> = values.into_iter().map(Resource::new).collect();
            if resources.iter().any(|resource| has_nulls(&resource.object)) {
                note_blanks(text, &mut resources);
            }
            Ok(resources)
        }
        Err(
            error @ (YamlError::Stream { .. } | YamlError::Malformed(_) | YamlError::Limit { .. }),
        ) => Err(plain(error)),
        Err(_) => {
            let mut found = Vec::new();
            for part in split(text) {
                match windlass_yaml::documents(part) {
                    Ok(values) => found.extend(values.into_iter().map(Resource::new)),
                    Err(error) => found.push(faulty(part, &error)?),
                }
            }
            Ok(found)
        }
    }
}

/// The documents of a stream as written, those without a value left out.
fn mappings(text: &str) -> Vec<Node> {
    let mut nodes =
        windlass_yaml::parse(text, &windlass_yaml::Limits::default()).unwrap_or_default();
    nodes.retain(|node| node.kind == Kind::Mapping);
    nodes
}

fn has_nulls(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_nulls),
        Value::Object(map) => map.values().any(has_nulls),
        _ => false,
    }
}

fn note_blanks(text: &str, resources: &mut [Resource]) {
    for (node, resource) in mappings(text).iter().zip(resources) {
        find_blanks(node, &mut Vec::new(), &mut resource.blanks);
    }
}

/// Collects the paths of all map values without text. Aliases are not followed: their targets are
/// found where they are written.
fn find_blanks(node: &Node, path: &mut Vec<Place>, found: &mut Vec<Vec<Place>>) {
    match node.kind {
        Kind::Mapping => {
            for (key, value) in node.pairs() {
                path.push(Place::Key(key.value.clone()));
                let blank = value.kind == Kind::Scalar
                    && value.value.is_empty()
                    && value.style == Style::Plain
                    && value.tag.is_none();
                if blank {
                    found.push(path.clone());
                }
                find_blanks(value, path, found);
                path.pop();
            }
        }
        Kind::Sequence => {
            for (at, item) in node.children.iter().enumerate() {
                path.push(Place::Index(at));
                find_blanks(item, path, found);
                path.pop();
            }
        }
        Kind::Scalar | Kind::Alias => {}
    }
}

fn has_untyped_annotations(object: &Value) -> bool {
    let annotations = object
        .pointer("/metadata/annotations")
        .and_then(Value::as_object);
    annotations
        .into_iter()
        .flatten()
        .any(|(_, value)| !value.is_string())
}

/// Annotations are strings in the end, whatever they look like: those of other types get the text
/// they were written with.
fn annotations_as_written(text: &str, values: &mut [Value]) {
    for (node, value) in mappings(text).iter().zip(values) {
        let written = node
            .get("metadata")
            .and_then(|metadata| metadata.get("annotations"));
        let annotations = value.pointer_mut("/metadata/annotations");
        let (Some(written), Some(Value::Object(annotations))) = (written, annotations) else {
            continue;
        };
        for (key, value) in annotations.iter_mut() {
            let scalar = written.get(key).filter(|n| n.kind == Kind::Scalar);
            if let (Some(scalar), false) = (scalar, value.is_string()) {
                *value = Value::String(scalar.value.clone());
            }
        }
    }
}

/// A document that can be read, but not be written as JSON.
fn faulty(text: &str, error: &YamlError) -> Result<Resource, Error> {
    let node = windlass_yaml::parse(text, &windlass_yaml::Limits::default())
        .map_err(|error| Error::invalid(error.to_string()))?
        .into_iter()
        .next();
    let limits = windlass_yaml::Limits::default();
    let Some(Ok(object)) = node.map(|node| node.to_value(Dialect::V2, &limits)) else {
        return Err(Error::invalid(error.to_string()));
    };
    let rewritten = windlass_yaml::kyaml_roundtrip(text).unwrap_or_default();
    let fault = match windlass_yaml::documents(&rewritten) {
        Err(error) => error.to_string(),
        Ok(_) => error.to_string(),
    };
    Ok(Resource {
        fault: Some(fault),
        ..Resource::new(object)
    })
}

fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
        if line.starts_with("---") && at > start {
            parts.push(&text[start..at]);
            start = at;
        }
        at += line.len();
    }
    parts.push(&text[start..]);
    parts
}

/// Refuses what has no kind or name.
pub(crate) fn check(object: &Value) -> Result<(), Error> {
    let text = |pointer: &str| {
        object
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let (api_version, kind) = (text("/apiVersion"), text("/kind"));
    let has_any = ["apiVersion", "kind", "metadata"]
        .iter()
        .any(|key| object.get(key).is_some());
    if !has_any {
        return Err(Error::invalid("missing Resource metadata"));
    }
    let name = crate::resource::scalar_text(object.pointer("/metadata/name"));
    let namespace = text("/metadata/namespace");
    let shown = || {
        let pairs = |section: &str| {
            let map = object.pointer(section).and_then(Value::as_object);
            let mut pairs: Vec<String> = map
                .into_iter()
                .flatten()
                .map(|(key, value)| format!("{key}:{}", crate::resource::scalar_text(Some(value))))
                .collect();
            pairs.sort();
            pairs.join(" ")
        };
        format!(
            "{{{{{api_version} {kind}}} {{{{{name} {namespace}}} map[{}] map[{}]}}}}",
            pairs("/metadata/labels"),
            pairs("/metadata/annotations")
        )
    };
    if kind.is_empty() {
        return Err(Error::invalid(format!(
            "missing kind in object {}",
            shown()
        )));
    }
    if name.is_empty() && !kind.ends_with("List") {
        return Err(Error::invalid(format!(
            "missing metadata.name in object {}",
            shown()
        )));
    }
    Ok(())
}

/// Drops records of the original from files it wrote.
fn forget_records(resource: &mut Resource) {
    let annotations = resource.object.pointer_mut("/metadata/annotations");
    if let Some(Value::Object(map)) = annotations {
        map.retain(|key, _| !key.starts_with(INTERNAL));
    }
}
