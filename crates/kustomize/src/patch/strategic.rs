//! Strategic merge: maps are merged, lists with merge keys are merged element by element, all
//! else is replaced; null removes.

use serde_json::Map;
use windlass_yaml::Value;

use super::elements;
use crate::Error;
use crate::resource::{Place, Resource};
use crate::schema::{ListMerge, Schema, Schemas};

/// The key of a directive in a patch.
const DIRECTIVE: &str = "$patch";

/// Applies `patch` to `target`, whose identity stays unless the patch may change it. The target is
/// empty afterwards if the patch deletes it.
pub(crate) fn apply(
    target: &mut Resource,
    patch: &Resource,
    schemas: &Schemas,
) -> Result<(), Error> {
    if patch.allow_name_change || patch.allow_kind_change {
        target.remember_name();
    }
    let api_version = target.object.get("apiVersion").cloned();
    let kind = target.object.get("kind").cloned();
    let name = target.object.pointer("/metadata/name").cloned();
    let namespace = target.object.pointer("/metadata/namespace").cloned();
    let mut object = std::mem::take(&mut target.object);
    let schema = schemas.of_object(&object);
    for blank in std::mem::take(&mut target.blanks) {
        drop_blank(&mut object, &blank, schema);
    }
    let merged = merge(Some(object), Some(&patch.object), None, schemas)?;
    target.object = merged.unwrap_or_default();
    if target.fault.is_none() {
        target.fault.clone_from(&patch.fault);
    }
    if target.is_empty() {
        return Ok(());
    }
    if let Some(map) = target.object.as_object_mut() {
        // A patch for one type may be applied to another through a selector.
        map.extend(api_version.map(|value| ("apiVersion".to_owned(), value)));
        let kind = kind.filter(|_| !patch.allow_kind_change);
        map.extend(kind.map(|value| ("kind".to_owned(), value)));
    }
    let metadata = target
        .object
        .get_mut("metadata")
        .and_then(Value::as_object_mut);
    if let Some(metadata) = metadata {
        if let (false, Some(name)) = (patch.allow_name_change, name) {
            metadata.insert("name".to_owned(), name);
        }
        match namespace {
            Some(namespace) => metadata.insert("namespace".to_owned(), namespace),
            None => metadata.remove("namespace"),
        };
    }
    Ok(())
}

/// Removes a key without value. Lists that are not merged are left alone.
fn drop_blank(node: &mut Value, path: &[Place], schema: Option<Schema<'_>>) {
    match (path, node) {
        ([Place::Key(key)], Value::Object(map)) if map.get(key).is_some_and(Value::is_null) => {
            map.remove(key);
        }
        ([Place::Key(key), rest @ ..], Value::Object(map)) => {
            if let Some(child) = map.get_mut(key) {
                drop_blank(child, rest, schema.and_then(|schema| schema.field(key)));
            }
        }
        ([Place::Index(at), rest @ ..], Value::Array(list)) => {
            let merged = schema.is_some_and(|schema| schema.list_merge() != ListMerge::Replace);
            if let (true, Some(item)) = (merged, list.get_mut(*at)) {
                drop_blank(item, rest, schema.and_then(Schema::elements));
            }
        }
        _ => {}
    }
}

/// What a map or list of a patch wants done with its counterpart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

impl Directive {
    fn parse(value: &Value) -> Result<Self, Error> {
        match value.as_str().unwrap_or_default() {
            "merge" => Ok(Self::Merge),
            "replace" => Ok(Self::Replace),
            "delete" => Ok(Self::Delete),
            other => Err(Error::invalid(format!("unknown patch strategy '{other}'"))),
        }
    }

    fn of_map(map: &Map<String, Value>) -> Result<Self, Error> {
        map.get(DIRECTIVE).map_or(Ok(Self::Merge), Self::parse)
    }

    /// A list is governed by an element that holds nothing but a directive; the second value is
    /// the list without it.
    fn of_list(list: &[Value]) -> Result<(Self, Vec<Value>), Error> {
        let governing = list
            .iter()
            .position(|item| {
                item.as_object()
                    .is_some_and(|map| map.contains_key(DIRECTIVE))
            })
            .filter(|&at| list[at].as_object().is_some_and(|map| map.len() == 1));
        let Some(at) = governing else {
            return Ok((Self::Merge, list.to_vec()));
        };
        let directive = Self::parse(&list[at][DIRECTIVE])?;
        let mut rest = list.to_vec();
        rest.retain(|item| item.get(DIRECTIVE) != Some(&list[at][DIRECTIVE]));
        Ok((directive, rest))
    }
}

/// Merges `patch` into `target`. None is the absent value, in the arguments and in the result.
pub(super) fn merge(
    target: Option<Value>,
    patch: Option<&Value>,
    schema: Option<Schema<'_>>,
    schemas: &Schemas,
) -> Result<Option<Value>, Error> {
    let present = |value: Option<&Value>| value.filter(|value| !value.is_null()).cloned();
    let decisive = match target.as_ref().filter(|value| !value.is_null()) {
        Some(value) => Some(value),
        None => patch.filter(|value| !value.is_null()),
    };
    let Some(decisive) = decisive else {
        // A null of the target stays unless the patch says null too.
        return Ok(if patch.is_some() { None } else { target });
    };
    if let (Some(value), Some(patch)) = (present(target.as_ref()), present(patch))
        && kind_name(&value) != kind_name(&patch)
    {
        return Err(wrong_kind(kind_name(&value), &patch));
    }
    let schema = schema.or_else(|| {
        let of = |value: Option<&Value>| value.and_then(|value| schemas.of_object(value));
        of(target.as_ref()).or_else(|| of(patch))
    });
    match decisive {
        Value::Object(_) => merge_maps(target, patch, schema, schemas),
        Value::Array(_) => match schema.map_or(ListMerge::Replace, Schema::list_merge) {
            ListMerge::Replace => Ok(patch.cloned().or(target).filter(|value| !value.is_null())),
            by => merge_lists(target, patch, schema, &by, schemas),
        },
        _ => Ok(patch.cloned().or(target).filter(|value| !value.is_null())),
    }
}

fn merge_maps(
    target: Option<Value>,
    patch: Option<&Value>,
    schema: Option<Schema<'_>>,
    schemas: &Schemas,
) -> Result<Option<Value>, Error> {
    if matches!(
        (&target, patch),
        (Some(Value::Object(_)), Some(Value::Null))
    ) {
        return Ok(None);
    }
    let no_changes = Map::new();
    let patch_map = patch.and_then(Value::as_object);
    let directive = patch_map.map_or(Ok(Directive::Merge), Directive::of_map)?;
    if directive == Directive::Delete {
        return Ok(None);
    }
    let mut merged = match target {
        Some(Value::Object(map)) if directive == Directive::Merge => map,
        // What the patch brings anew is merged with itself, which removes its nulls and
        // obeys its directives.
        _ => patch_map.cloned().unwrap_or_default(),
    };
    merged
        .remove(DIRECTIVE)
        .filter(|_| patch_map.is_some_and(|map| map.contains_key(DIRECTIVE)));
    let patch_map = patch_map.unwrap_or(&no_changes);
    let added: Vec<&String> = patch_map
        .keys()
        .filter(|key| key.as_str() != DIRECTIVE && !merged.contains_key(*key))
        .collect();
    let own: Vec<String> = merged.keys().cloned().collect();
    for key in own.iter().chain(added) {
        let field = schema.and_then(|schema| schema.field(key));
        let old = merged.get_mut(key).map(Value::take);
        match merge(old, patch_map.get(key), field, schemas)? {
            Some(value) => merged.insert(key.clone(), value),
            None => merged.remove(key),
        };
    }
    Ok(Some(Value::Object(merged)))
}

fn merge_lists(
    target: Option<Value>,
    patch: Option<&Value>,
    schema: Option<Schema<'_>>,
    by: &ListMerge,
    schemas: &Schemas,
) -> Result<Option<Value>, Error> {
    let patch_list = match (&target, patch) {
        (Some(Value::Array(_)), Some(Value::Null)) => return Ok(None),
        (_, Some(Value::Array(list))) => Some(list),
        _ => None,
    };
    let target_list = match target {
        Some(Value::Array(list)) => Some(list),
        _ => None,
    };
    let (target, patch) = match (target_list, patch_list) {
        (Some(target), None) => (target, Vec::new()),
        (target, Some(patch)) => {
            // Directives for the list count only where there is a list already.
            let Some(target) = target else {
                return merge_elements(patch.clone(), patch, by, schema, schemas);
            };
            match Directive::of_list(patch)? {
                (Directive::Delete, _) => return Ok(None),
                (Directive::Replace, rest) => (rest.clone(), rest),
                (Directive::Merge, rest) => (target, rest),
            }
        }
        (None, None) => return Ok(None),
    };
    merge_elements(target, &patch, by, schema, schemas)
}

fn merge_elements(
    target: Vec<Value>,
    patch: &[Value],
    by: &ListMerge,
    schema: Option<Schema<'_>>,
    schemas: &Schemas,
) -> Result<Option<Value>, Error> {
    let of_elements = schema.and_then(Schema::elements);
    let merged = match by {
        ListMerge::ByKeys(keys) => elements::merge_by_keys(target, patch, keys, |old, new| {
            merge(old, new, of_elements, schemas)
        })?,
        _ => elements::union(target, patch),
    };
    Ok(Some(Value::Array(merged)))
}

fn kind_name(value: &Value) -> &'static str {
    match value {
        Value::Object(_) => "MappingNode",
        Value::Array(_) => "SequenceNode",
        _ => "ScalarNode",
    }
}

/// The error of a node that is not of the kind it must be.
pub(crate) fn wrong_kind(expected: &str, found: &Value) -> Error {
    Error::invalid(format!(
        "wrong node kind: expected {expected} but got {}: node contents:\n{}",
        kind_name(found),
        windlass_yaml::json_to_yaml(found)
    ))
}
