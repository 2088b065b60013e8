//! Field specifications: which field of which types of objects a transformer changes.

use std::fmt::Display;

use windlass_yaml::Value;

use crate::Error;
use crate::decode::At;
use crate::id::Gvk;
use crate::resource::Resource;

/// One field, in objects selected by `gvk` (empty parts match anything).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldSpec {
    pub(crate) gvk: Gvk,
    pub(crate) path: String,
    /// Whether missing maps on the way, and the field, are made.
    pub(crate) create: bool,
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Segment {
    name: String,
    /// Written with `[]`: known to be a list, so it is never made.
    list: bool,
}

/// What a missing field is made as before it is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Create {
    Scalar,
    Map,
}

impl FieldSpec {
    pub(crate) fn new(gvk: Gvk, path: &str, create: bool) -> Self {
        Self {
            gvk,
            path: path.to_owned(),
            create,
            segments: split(path),
        }
    }

    pub(crate) fn decode(value: &Value, at: &At) -> Result<Self, Error> {
        let (mut gvk, mut path, mut create) = (Gvk::default(), String::new(), false);
        let known = ["group", "version", "kind", "path", "create"];
        at.fields(value, "FieldSpec", &known, |name, value, at| {
            match name {
                "group" => gvk.group = at.string(value)?,
                "version" => gvk.version = at.string(value)?,
                "kind" => gvk.kind = at.string(value)?,
                "path" => path = at.string(value)?,
                _ => create = at.boolean(value)?,
            }
            Ok(())
        })?;
        Ok(Self::new(gvk, &path, create))
    }

    /// The same field, never made when missing.
    pub(crate) fn without_create(&self) -> Self {
        Self {
            create: false,
            ..self.clone()
        }
    }

    /// Whether `other` adds nothing: it means the same field of these or more objects. So a
    /// user's narrower specification takes the place of a wider built-in one.
    fn covers(&self, other: &Self) -> bool {
        self.path == other.path && self.gvk.is_selected_by(&other.gvk)
    }

    /// Calls `set` on the field, in every element of the lists on the way. Nothing happens when the
    /// object is of another type or lacks the field and it is not to be made.
    pub(crate) fn apply(
        &self,
        resource: &mut Resource,
        create: Create,
        set: &mut dyn FnMut(&mut Value) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if !resource.gvk().is_selected_by(&self.gvk) {
            return Ok(());
        }
        let mut object = std::mem::take(&mut resource.object);
        let result = self.visit(&mut object, create, set);
        resource.object = object;
        result.map_err(|error| self.error(&resource.id(), error))
    }

    /// [`FieldSpec::apply`] on an object known to be of the right type.
    pub(crate) fn visit(
        &self,
        object: &mut Value,
        create: Create,
        set: &mut dyn FnMut(&mut Value) -> Result<(), Error>,
    ) -> Result<(), Error> {
        walk(object, &self.segments, self.create.then_some(create), set)
    }

    pub(crate) fn error(&self, id: &dyn Display, error: Error) -> Error {
        error.context(format_args!(
            "considering field '{}' of object {id}",
            self.path
        ))
    }
}

fn walk(
    node: &mut Value,
    path: &[Segment],
    create: Option<Create>,
    set: &mut dyn FnMut(&mut Value) -> Result<(), Error>,
) -> Result<(), Error> {
    let Some((segment, rest)) = path.split_first() else {
        return set(node);
    };
    match node {
        Value::Array(items) => items
            .iter_mut()
            .try_for_each(|item| walk(item, path, create, set)),
        Value::Null if create.is_none() => Ok(()),
        Value::Null => {
            *node = Value::Object(serde_json::Map::new());
            walk(node, path, create, set)
        }
        Value::Object(map) => {
            let make = create.filter(|_| !segment.list);
            let child = match (map.get_mut(&segment.name), make) {
                (Some(child), _) => child,
                (None, None) => return Ok(()),
                (None, Some(_)) => map.entry(segment.name.clone()).or_insert(Value::Null),
            };
            let wants_map = !rest.is_empty() || make == Some(Create::Map);
            if child.is_null() && make.is_some() && wants_map {
                *child = Value::Object(serde_json::Map::new());
            }
            if child.is_null() && make.is_none() {
                return Ok(());
            }
            walk(child, rest, create, set)
        }
        _ => Err(Error::invalid("expected sequence or mapping node")),
    }
}

/// Splits at slashes; `\/` is a slash within a name.
fn split(path: &str) -> Vec<Segment> {
    let mut names = vec![String::new()];
    let mut chars = path.trim_matches('/').chars().peekable();
    while let Some(c) = chars.next() {
        match (c, names.last_mut()) {
            ('\\', Some(name)) if chars.next_if_eq(&'/').is_some() => name.push('/'),
            ('/', _) => names.push(String::new()),
            (c, Some(name)) => name.push(c),
            (_, None) => {}
        }
    }
    names
        .into_iter()
        .filter(|name| !name.is_empty())
        .map(|name| match name.strip_suffix("[]") {
            Some(list) => Segment {
                name: list.to_owned(),
                list: true,
            },
            None => Segment { name, list: false },
        })
        .collect()
}

/// Adds `new` to `specs` unless it is there; the same field with another `create` is a conflict.
pub(crate) fn merge_one(specs: &mut Vec<FieldSpec>, new: FieldSpec) -> Result<(), Error> {
    match specs.iter().find(|spec| spec.covers(&new)) {
        Some(known) if known.create != new.create => Err(Error::invalid("conflicting fieldspecs")),
        Some(_) => Ok(()),
        None => {
            specs.push(new);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(object: &Value, path: &str, create: bool) -> Result<Value, Error> {
        let mut object = object.clone();
        FieldSpec::new(Gvk::default(), path, create).visit(
            &mut object,
            Create::Scalar,
            &mut |value| {
                *value = json!("new");
                Ok(())
            },
        )?;
        Ok(object)
    }

    #[test]
    fn missing_fields_are_made_only_on_request_and_never_through_lists() {
        assert_eq!(set(&json!({}), "a/b", false), Ok(json!({})));
        assert_eq!(set(&json!({}), "a/b", true), Ok(json!({"a": {"b": "new"}})));
        assert_eq!(
            set(&json!({"a": null}), "a/b", true),
            Ok(json!({"a": {"b": "new"}}))
        );
        assert_eq!(
            set(&json!({"a": null}), "a/b", false),
            Ok(json!({"a": null}))
        );
        assert_eq!(set(&json!({}), "a[]/b", true), Ok(json!({})));
        assert_eq!(
            set(&json!({"a": [{"b": 1}, {}]}), "a/b", true),
            Ok(json!({"a": [{"b": "new"}, {"b": "new"}]}))
        );
        assert_eq!(
            set(&json!({"x/y": 1}), "x\\/y", false),
            Ok(json!({"x/y": "new"}))
        );
        assert_eq!(
            set(&json!({"a": 1}), "a/b", true).unwrap_err().to_string(),
            "expected sequence or mapping node"
        );
    }
}
