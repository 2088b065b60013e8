//! Strategic merge: maps are merged, lists with merge keys are merged element by element, all
//! else is replaced; null removes.

use super::directive::{self, Directive};
use super::elements;
use crate::Error;
use crate::growth::{Growth, size_of_node};
use crate::manifest::Manifest;
use crate::node::{Entry, Mapping, Node, Scalar, Sequence, Style, Tag};
use crate::resmap::ResMap;
use crate::schema::{ListMerge, Schema, Schemas};
use crate::time_limit;

/// Applies `patch` to `target`, whose identity stays unless the patch may change it. The target is
/// empty afterwards if the patch deletes it.
pub(crate) fn apply(
    target: &mut Manifest,
    patch: &Manifest,
    schemas: &Schemas,
    growth: &Growth,
) -> Result<(), Error> {
    growth.add(size_of_node(&patch.node))?;
    let [kind, name, namespace] =
        [target.kind(), target.name(), target.namespace()].map(str::to_owned);
    if patch.allow_name_change || patch.allow_kind_change {
        target.remember_name();
    }
    if !directive::keeps_target(&patch.node) {
        let object = std::mem::replace(&mut target.node, Node::mapping());
        let merged = merge(Some(object), Some(&patch.node), None, schemas)?;
        target.node = merged.unwrap_or_else(null);
    }
    if target.is_empty() {
        return Ok(());
    }
    target.follow();
    if directive::drops_annotations(&patch.node) {
        target.forget_records();
    }
    if directive::brings_annotations(&patch.node) {
        // They are among the patch's annotations in the original, and merged like those.
        target.allow_name_change |= patch.allow_name_change;
        target.allow_kind_change |= patch.allow_kind_change;
    }
    if !patch.allow_kind_change {
        target.set_field("kind", &kind);
    }
    if !patch.allow_name_change {
        target.set_name(&name);
    }
    target.set_namespace(&namespace);
    Ok(())
}

/// Applies `patch` to several resources as the original does for patches that are selected for
/// them: with labels and annotations as strings, and with the type of each target.
pub(crate) fn apply_to_all(
    resources: &mut ResMap,
    selected: &[usize],
    patch: &Manifest,
    schemas: &Schemas,
    growth: &Growth,
) -> Result<(), Error> {
    let mut patch = patch.clone();
    patch.normalise("labels");
    patch.normalise("annotations");
    let name = patch.name().to_owned();
    patch.set_name(&name);
    let namespace = patch.namespace().to_owned();
    patch.set_namespace(&namespace);
    // They are found by their ids.
    for at in resources.with_same_ids(selected) {
        let api_version = resources.items()[at].api_version().to_owned();
        patch.set_field("apiVersion", &api_version);
        resources.modify(at, |target| apply(target, &patch, schemas, growth))?;
    }
    resources.drop_empty();
    // Patches before this one may have given several the same name.
    resources.check_unique()
}

fn null() -> Node {
    Node::Scalar(Scalar::new("null", Tag::Null))
}

fn present(node: Option<&Node>) -> Option<&Node> {
    node.filter(|node| !node.is_null())
}

/// Merges `patch` into `target`. None is the absent value, in the arguments and in the result; a
/// null in the result is one that stays.
pub(crate) fn merge(
    mut target: Option<Node>,
    patch: Option<&Node>,
    schema: Option<Schema<'_>>,
    schemas: &Schemas,
) -> Result<Option<Node>, Error> {
    time_limit::check()?;
    let Some(decisive) = present(target.as_ref()).or(present(patch)) else {
        // A null that is written out stays, one that is left blank goes.
        return Ok(match patch {
            Some(_) => None,
            None => target.filter(|target| !target.text().is_empty()),
        });
    };
    let expected = decisive.kind_name();
    if let Some(patch) = present(patch).filter(|patch| patch.kind_name() != expected) {
        return Err(patch.wrong_kind(expected));
    }
    let schema = schema.or_else(|| {
        let of = |node: Option<&Node>| node.and_then(|node| schemas.of_object(node));
        of(target.as_ref()).or_else(|| of(patch))
    });
    let is_mapping = matches!(decisive, Node::Mapping(_));
    let is_sequence = matches!(decisive, Node::Sequence(_));
    take_style_if_empty(&mut target, patch);
    if is_mapping {
        return merge_maps(target, patch, schema, schemas);
    }
    if is_sequence {
        let by = schema.map_or(ListMerge::Replace, Schema::list_merge);
        if by != ListMerge::Replace {
            return merge_lists(target, patch, schema, &by, schemas);
        }
    }
    Ok(match patch {
        Some(patch) => Some(patch.clone()),
        None => target,
    }
    .filter(|node| !node.is_null()))
}

/// An empty collection takes over how the patch writes it.
fn take_style_if_empty(target: &mut Option<Node>, patch: Option<&Node>) {
    let Some(patch) = patch else { return };
    let is_flow = match patch {
        Node::Mapping(mapping) => mapping.flow,
        Node::Sequence(sequence) => sequence.flow,
        Node::Scalar(_) => false,
    };
    match target {
        Some(Node::Mapping(mapping)) if mapping.entries.is_empty() => mapping.flow = is_flow,
        Some(Node::Sequence(sequence)) if sequence.items.is_empty() => sequence.flow = is_flow,
        _ => {}
    }
}

fn merge_maps(
    target: Option<Node>,
    patch: Option<&Node>,
    schema: Option<Schema<'_>>,
    schemas: &Schemas,
) -> Result<Option<Node>, Error> {
    let patch_map = patch.and_then(Node::as_mapping);
    let target = match target {
        Some(Node::Mapping(target)) => Some(target),
        _ => None,
    };
    let (Some(target), true) = (target, patch.is_none_or(|patch| !patch.is_null())) else {
        // Something new, unless the patch is a null that removes what there is.
        let Some(new) = patch_map else {
            return Ok(None);
        };
        return match Directive::of_map(new) {
            Ok(Some(Directive::Delete)) => Ok(None),
            Ok(Some(_)) => with_itself(&directive::without(new), schema, schemas),
            Ok(None) | Err(_) => with_itself(new, schema, schemas),
        };
    };
    let Some(patch_map) = patch_map else {
        return settle(target, schema, schemas).map(Some);
    };
    match Directive::of_map(patch_map)? {
        None => merge_fields(target, patch_map, schema, schemas).map(Some),
        Some(Directive::Delete) => Ok(None),
        Some(Directive::Replace) => with_itself(&directive::without(patch_map), schema, schemas),
        Some(Directive::Merge) => {
            merge_fields(target, &directive::without(patch_map), schema, schemas).map(Some)
        }
    }
}

/// What a patch brings anew is merged with itself, which removes its nulls and obeys its
/// directives.
fn with_itself(
    new: &Mapping,
    schema: Option<Schema<'_>>,
    schemas: &Schemas,
) -> Result<Option<Node>, Error> {
    merge_fields(directive::carried_out(new), new, schema, schemas).map(Some)
}

/// A map that the patch does not mention loses its blank values.
fn settle(
    mut target: Mapping,
    schema: Option<Schema<'_>>,
    schemas: &Schemas,
) -> Result<Node, Error> {
    refuse_unnamed(&target, &target)?;
    let mut entries = Vec::with_capacity(target.entries.len());
    for Entry { key, value } in target.entries {
        let field = schema.and_then(|schema| schema.field(&key.text));
        // Scalars stay as they are, which is what most are.
        let value = match value {
            Node::Scalar(mut scalar) if !scalar.is_null() => {
                scalar.quote_if_ambiguous();
                Some(Node::Scalar(scalar))
            }
            value => merge(Some(value), None, field, schemas)?,
        };
        entries.extend(value.map(|value| Entry { key, value }));
    }
    target.entries = entries;
    Ok(Node::Mapping(target))
}

/// To the original a field without a name is the node itself, which is no mapping then.
fn refuse_unnamed(fields: &Mapping, target: &Mapping) -> Result<(), Error> {
    if fields.contains("") {
        Err(Node::Mapping(target.clone()).wrong_kind("ScalarNode"))
    } else {
        Ok(())
    }
}

fn merge_fields(
    mut target: Mapping,
    patch: &Mapping,
    schema: Option<Schema<'_>>,
    schemas: &Schemas,
) -> Result<Node, Error> {
    refuse_unnamed(&target, &target)?;
    refuse_unnamed(patch, &target)?;
    let own = target.entries.iter().map(|entry| &entry.key.text);
    let added = patch.entries.iter().map(|entry| &entry.key.text);
    let mut keys: Vec<_> = own.chain(added).cloned().collect();
    // The first fault in this order is the one that is told.
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let field = schema.and_then(|schema| schema.field(&key));
        let new = patch.entries.iter().find(|entry| entry.key.text == key);
        let at = target
            .entries
            .iter()
            .position(|entry| entry.key.text == key);
        let Some(at) = at else {
            if let Some(new) = new
                && let Some(mut value) = merge(None, Some(&new.value), field, schemas)?
            {
                if let Node::Scalar(scalar) = &mut value {
                    scalar.quote_if_ambiguous();
                }
                let key = Scalar {
                    style: new.key.style,
                    tagged: new.key.tagged,
                    ..Scalar::untyped(key)
                };
                target.entries.push(Entry { key, value });
            }
            continue;
        };
        let slot = &mut target.entries[at].value;
        if let (None, false, Node::Scalar(scalar)) = (new, slot.is_null(), &mut *slot) {
            scalar.quote_if_ambiguous();
            continue;
        }
        let old = std::mem::replace(slot, Node::mapping());
        let style = match new {
            // As it has been given by then.
            Some(new) if old.is_blank() && old.as_scalar().is_none() => written_style(&new.value),
            _ => written_style(&old),
        };
        let alias = old.as_scalar().map_or(0, |scalar| scalar.alias);
        match merge(Some(old), new.map(|entry| &entry.value), field, schemas)? {
            Some(mut value) => {
                set_style(&mut value, style);
                if let Node::Scalar(scalar) = &mut value
                    && scalar.alias != alias
                {
                    scalar.alias = alias;
                    scalar.touch();
                }
                target.entries[at].value = value;
            }
            None => {
                target.entries.remove(at);
            }
        }
    }
    Ok(Node::Mapping(target))
}

/// How a node is written: scalars have a style and perhaps a tag, collections may stand in
/// brackets.
fn written_style(node: &Node) -> (Style, bool) {
    match node {
        Node::Scalar(scalar) => (scalar.style, scalar.tagged),
        Node::Mapping(mapping) => (Style::Plain, mapping.flow),
        Node::Sequence(sequence) => (Style::Plain, sequence.flow),
    }
}

/// The value of a field is written as the one it takes the place of, so that what was a quoted
/// number stays a string.
fn set_style(node: &mut Node, (style, flag): (Style, bool)) {
    match node {
        Node::Scalar(scalar) => (scalar.style, scalar.tagged) = (style, flag),
        Node::Mapping(mapping) => mapping.flow = flag,
        Node::Sequence(sequence) => sequence.flow = flag,
    }
}

fn merge_lists(
    target: Option<Node>,
    patch: Option<&Node>,
    schema: Option<Schema<'_>>,
    by: &ListMerge,
    schemas: &Schemas,
) -> Result<Option<Node>, Error> {
    let patch_list = patch.and_then(Node::as_sequence);
    let target = match target {
        Some(Node::Sequence(target)) => Some(target),
        _ => None,
    };
    let of_elements = schema.and_then(Schema::elements);
    let elements = |target: Sequence, patch: &[Node]| {
        let Sequence {
            flow,
            items,
            around,
        } = target;
        let items = match by {
            ListMerge::ByKeys(keys) => {
                elements::merge_by_keys(items, patch, keys, |old, new| match (old, new) {
                    // What replaces an element does not get into the list.
                    (Some(old), Some(new)) if directive::keeps_target(new) => Ok(Some(old)),
                    (old, new) => merge(old, new, of_elements, schemas),
                })?
            }
            _ => elements::union(items, patch),
        };
        Ok(Some(Node::Sequence(Sequence {
            flow,
            items,
            around,
        })))
    };
    match (target, patch_list) {
        (Some(target), None) if patch.is_none() => elements(target, &[]),
        (_, None) => Ok(None),
        // Directives for the list count only where there is a list already.
        (None, Some(new)) => elements(directive::carried_out_list(new), &new.items),
        (Some(target), Some(patch)) => match Directive::of_list(&patch.items)? {
            None => elements(target, &patch.items),
            Some((Directive::Delete, _)) => Ok(None),
            Some((Directive::Merge, rest)) => elements(target, &rest),
            Some((Directive::Replace, rest)) => {
                let new = Sequence {
                    flow: patch.flow,
                    items: rest.clone(),
                    around: patch.around.clone(),
                };
                elements(new, &rest)
            }
        },
    }
}
