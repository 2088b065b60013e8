//! From the text of a file to resources.

use std::collections::VecDeque;
use std::rc::Rc;

use windlass_yaml::Value;

use crate::Error;
use crate::growth::Growth;
use crate::loader::Loader;
use crate::manifest::Manifest;
use crate::node::{Node, Reader, from_json};
use crate::schema::Scopes;

/// The resources of a stream of documents, lists unwrapped. What aliases add is counted.
///
/// # Errors
/// For text that is not YAML, and for documents without kind or name.
pub(crate) fn manifests(
    text: &str,
    scopes: Option<&Rc<Scopes>>,
    growth: &Growth,
) -> Result<Vec<Manifest>, Error> {
    let documents = unwrap_single(Reader::documents(text, growth)?, text);
    let mut found = Vec::with_capacity(documents.len());
    for node in nodes(documents)? {
        let mut manifest = Manifest::new(node);
        manifest.scopes = scopes.cloned();
        manifest.take_records();
        found.push(manifest);
    }
    Ok(found)
}

/// An error of a file's text, as the original tells it.
pub(crate) fn in_file(error: Error, loader: &Loader<'_>, path: &str) -> Error {
    error
        .map_message(|text| {
            if text.contains("MalformedYAMLError") {
                format!("{text} in File: {path}")
            } else {
                text.to_owned()
            }
        })
        .in_file(&loader.located(path))
}

/// Objects in place of documents: what is empty left out, the rest checked, lists replaced by
/// their items, which go to the end.
fn nodes(documents: Vec<Node>) -> Result<Vec<Node>, Error> {
    let mut found = Vec::with_capacity(documents.len());
    let mut waiting: VecDeque<Node> = keep_good(documents)?.into();
    while let Some(node) = waiting.pop_front() {
        let kind = node.get("kind").map_or("", Node::text);
        if !kind.ends_with("List") {
            found.push(node);
            continue;
        }
        let Some(items) = node.get("items") else {
            found.push(node);
            continue;
        };
        let value = items
            .to_value()
            .map_err(|error| error.context(format_args!("trouble expanding list of {kind}")))?;
        let of_type = match value {
            Value::Null => continue,
            Value::Array(items) => {
                let items = items.iter().filter(|item| !item.is_null()).map(from_json);
                waiting.extend(keep_good(items.collect())?);
                continue;
            }
            Value::String(_) => "string",
            Value::Bool(_) => "bool",
            Value::Number(number) if number.is_f64() => "float64",
            Value::Number(_) => "int",
            Value::Object(_) => "map[string]interface {}",
        };
        return Err(Error::invalid(format!(
            "expected array in {kind}/items, but found {of_type}"
        )));
    }
    Ok(found)
}

/// A list that is alone in its stream is taken apart by the reader, which keeps how its items are
/// written.
fn unwrap_single(mut documents: Vec<Node>, text: &str) -> Vec<Node> {
    let [Node::Mapping(list)] = documents.as_mut_slice() else {
        return documents;
    };
    let is_list = matches!(
        list.get("kind").map(Node::text),
        Some("List" | "ResourceList")
    );
    let wraps = list.contains("items") || list.contains("functionConfig");
    if !is_list || !wraps || text.contains("\n---") {
        return documents;
    }
    match list.remove("items") {
        Some(Node::Sequence(items)) => items.items,
        _ => Vec::new(),
    }
}

fn keep_good(documents: Vec<Node>) -> Result<Vec<Node>, Error> {
    let mut good = documents;
    good.retain(|node| !node.is_blank());
    good.iter().try_for_each(check)?;
    Ok(good)
}

/// Refuses what has no kind or name.
pub(crate) fn check(object: &Node) -> Result<(), Error> {
    let [api_version, kind, metadata] =
        ["apiVersion", "kind", "metadata"].map(|key| present(Some(object), key));
    let [name, namespace, labels, annotations] =
        ["name", "namespace", "labels", "annotations"].map(|key| present(metadata, key));
    let all = [api_version, kind, name, namespace, labels, annotations];
    if all.iter().all(Option::is_none) {
        return Err(Error::invalid("missing Resource metadata"));
    }
    let text = |node: Option<&Node>| node.map_or(String::new(), |n| n.text().to_owned());
    let shown = || {
        format!(
            "{{{{{} {}}} {{{{{} {}}} map[{}] map[{}]}}}}",
            text(api_version),
            text(kind),
            text(name),
            text(namespace),
            pairs(labels),
            pairs(annotations)
        )
    };
    let (kind, name) = (kind.map_or("", Node::text), name.map_or("", Node::text));
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

fn present<'n>(node: Option<&'n Node>, key: &str) -> Option<&'n Node> {
    node?.get(key).filter(|value| !value.is_blank())
}

/// A map as Go prints it.
fn pairs(node: Option<&Node>) -> String {
    let entries = node
        .and_then(Node::as_mapping)
        .map_or(&[][..], |mapping| &mapping.entries);
    let mut pairs: Vec<String> = entries
        .iter()
        .map(|entry| {
            let value = if entry.value.is_null() {
                ""
            } else {
                entry.value.text()
            };
            format!("{}:{value}", entry.key.text)
        })
        .collect();
    pairs.sort();
    pairs.join(" ")
}
