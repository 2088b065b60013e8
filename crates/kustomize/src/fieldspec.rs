//! Field specifications: which field of which types of objects a transformer changes.

use windlass_yaml::Value;

use crate::Error;
use crate::decode::At;
use crate::id::Gvk;
use crate::manifest::Manifest;
use crate::node::{Node, Tag};
use crate::path;
use crate::time_limit;

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

impl std::fmt::Display for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        f.write_str(if self.list { "[]" } else { "" })
    }
}

/// What a missing field is made as before it is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Create {
    /// Nothing is made, whatever the specification says.
    Never,
    /// A scalar; a null that stands there gets this type.
    Scalar(Tag),
    Map,
}

/// What is done to a field that was found.
pub(crate) type Set<'s> = &'s mut dyn FnMut(&mut Node) -> Result<(), Error>;

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

    /// Reads the `fieldSpecs` of a transformer's configuration.
    pub(crate) fn decode_list(value: &Value, at: &At) -> Result<Vec<Self>, Error> {
        at.list(value, "[]types.FieldSpec", Self::decode)
    }

    /// Whether `other` adds nothing: it means the same field of these or more objects. So a
    /// user's narrower specification takes the place of a wider built-in one.
    fn covers(&self, other: &Self) -> bool {
        self.path == other.path && self.gvk.as_ref().is_selected_by(&other.gvk)
    }

    /// Calls `set` on the field, in every element of the lists on the way. Nothing happens when the
    /// object is of another type or lacks the field and it is not to be made.
    pub(crate) fn apply(
        &self,
        manifest: &mut Manifest,
        create: Create,
        set: Set<'_>,
    ) -> Result<(), Error> {
        if !manifest.gvk().is_selected_by(&self.gvk) {
            return Ok(());
        }
        self.apply_selected(manifest, create, set)
    }

    /// [`FieldSpec::apply`] on an object known to be of the right type.
    pub(crate) fn apply_selected(
        &self,
        manifest: &mut Manifest,
        create: Create,
        set: Set<'_>,
    ) -> Result<(), Error> {
        let create = if self.create { create } else { Create::Never };
        walk(&mut manifest.node, &self.segments, create, set).map_err(|error| {
            error.context(format_args!(
                "considering field '{}' of object {}",
                self.path,
                manifest.id()
            ))
        })
    }
}

fn walk(node: &mut Node, segments: &[Segment], create: Create, set: Set<'_>) -> Result<(), Error> {
    time_limit::check()?;
    let Some((segment, rest)) = segments.split_first() else {
        return set(node);
    };
    if node.is_null() {
        return Ok(());
    }
    if matches!(node, Node::Mapping(_)) && !segment.name.is_empty() {
        // Numbers, `-`, `*` and brackets are for lists, of which all elements are visited anyway.
        path::check(node, &segment.name)
            .map_err(|error| error.context(format_args!("fieldName: {}", segment.name)))?;
    }
    match node {
        Node::Sequence(sequence) => {
            let visited = sequence
                .items
                .iter_mut()
                .try_for_each(|item| walk(item, segments, create, set));
            visited.map_err(|error| {
                let shown: Vec<String> = segments.iter().map(Segment::to_string).collect();
                error.context(format_args!(
                    "visit traversal on path: [{}]",
                    shown.join(" ")
                ))
            })
        }
        Node::Mapping(mapping) => {
            if segment.name.is_empty() {
                return Err(Error::invalid("cannot set or create an empty field name"));
            }
            let make = if segment.list { Create::Never } else { create };
            let child = match (mapping.contains(&segment.name), make) {
                (false, Create::Never) => return Ok(()),
                _ => mapping.entry(&segment.name, || match (make, rest.is_empty()) {
                    (Create::Scalar(_), true) => Node::untyped(""),
                    _ => Node::mapping(),
                }),
            };
            if let Node::Scalar(scalar) = child
                && scalar.is_null()
            {
                match (make, rest.is_empty()) {
                    (Create::Never, _) if segment.list => *child = Node::sequence(),
                    (Create::Never, _) => {}
                    (Create::Scalar(tag), true) => scalar.tag = tag,
                    _ => *child = Node::mapping(),
                }
            }
            walk(child, rest, create, set)
        }
        Node::Scalar(_) => Err(Error::invalid("expected sequence or mapping node")),
    }
}

/// Splits at slashes; `\/` is a slash within a name.
fn split(path: &str) -> Vec<Segment> {
    let mut names = vec![String::new()];
    let mut chars = path.strip_prefix('/').unwrap_or(path).chars().peekable();
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
    time_limit::check()?;
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
    use serde_json::{Value, json};

    use super::*;
    use crate::node::from_value;

    fn set(object: &Value, path: &str, create: bool) -> Result<Value, Error> {
        let mut manifest = Manifest::new(from_value(object));
        FieldSpec::new(Gvk::default(), path, create).apply(
            &mut manifest,
            Create::Scalar(Tag::Str),
            &mut |node| node.set_scalar("new", Tag::Str),
        )?;
        manifest.node.to_value()
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
            set(&json!({"a": {"b": 1}}), "a/*", false)
                .unwrap_err()
                .to_string()
                .rsplit_once(": ")
                .unwrap()
                .1,
            "wildcard is not supported in PathGetter"
        );
        assert!(
            set(&json!({"a": 1}), "a/b", true)
                .unwrap_err()
                .to_string()
                .ends_with(": expected sequence or mapping node")
        );
    }
}
