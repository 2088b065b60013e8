//! Vars: fields whose values stand in for `$(NAME)` elsewhere.

mod expand;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::Error;
use crate::fieldspec::{Create, FieldSpec};
use crate::kustomization::Var;
use crate::loader::Context;
use crate::manifest::Manifest;
use crate::node::{Node, Scalar, Tag};
use crate::path;
use crate::resmap::ResMap;

use expand::{Expanded, expand};

/// The vars of what has been accumulated, by name.
#[derive(Debug, Default)]
pub(crate) struct VarSet(BTreeMap<String, Var>);

/// What a var stands for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Replacement {
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    /// A list or map, which cannot be put in.
    Collection,
}

impl VarSet {
    /// Adds the vars of one kustomization, marking the resources they take values from.
    pub(crate) fn add(&mut self, resources: &mut ResMap, vars: &[Var]) -> Result<(), Error> {
        for var in vars {
            let typed = var.typed();
            let found = resources.find_any(typed.object_name(), |id| typed.means(id));
            match *found.as_slice() {
                [] => {}
                [at] => resources.modify(at, |manifest| {
                    manifest.vars.push(Rc::from(var.name.as_str()));
                }),
                _ => {
                    return Err(Error::invalid(format!(
                        "found {} resId matches for var {typed} (unable to disambiguate)",
                        found.len()
                    )));
                }
            }
        }
        vars.iter().try_for_each(|var| self.insert(var.completed()))
    }

    pub(crate) fn merge(&mut self, other: Self) -> Result<(), Error> {
        other.0.into_values().try_for_each(|var| self.insert(var))
    }

    fn insert(&mut self, var: Var) -> Result<(), Error> {
        if self.0.contains_key(&var.name) {
            return Err(Error::invalid(format!(
                "var '{}' already encountered",
                var.name
            )));
        }
        self.0.insert(var.name.clone(), var);
        Ok(())
    }

    /// Puts values in at all places of `specs`.
    pub(crate) fn resolve(
        &self,
        context: &Context<'_>,
        resources: &mut ResMap,
        specs: &[FieldSpec],
    ) -> Result<(), Error> {
        let mut values = BTreeMap::new();
        for (name, var) in &self.0 {
            values.insert(name.as_str(), value(var, resources.items())?);
        }
        if values.is_empty() {
            return Ok(());
        }
        let mut used = BTreeSet::new();
        let replaced = resources.items_mut().iter_mut().try_for_each(|manifest| {
            specs.iter().try_for_each(|spec| {
                spec.apply(manifest, Create::Never, &mut |node| {
                    put(node, &values, &mut used)
                })?;
                manifest.follow();
                Ok(())
            })
        });
        // Of what was reached before a failure, too.
        let unused: Vec<&str> = values
            .keys()
            .copied()
            .filter(|name| !used.contains(*name))
            .collect();
        if !unused.is_empty() {
            context.warn(format!(
                "well-defined vars that were never replaced: {}",
                unused.join(",")
            ));
        }
        replaced
    }
}

fn value(var: &Var, resources: &[Manifest]) -> Result<Replacement, Error> {
    let mut marked = resources.iter();
    let is_marked = |manifest: &&Manifest| manifest.vars.iter().any(|name| **name == *var.name);
    let Some(manifest) = marked.find(is_marked) else {
        return Err(Error::invalid(format!(
            "var '{var}' cannot be mapped to a field in the set of known resources"
        )));
    };
    field(&manifest.node, var.field_path()).ok_or_else(|| {
        Error::invalid(format!(
            "field specified in var '{var}' not found in corresponding resource"
        ))
    })
}

/// The value of a field, typed. Lists may be indexed as in `a[0].b`.
fn field(object: &Node, field: &str) -> Option<Replacement> {
    let mut parts = Vec::new();
    for part in path::split_fields(field) {
        let indexed = part
            .strip_suffix(']')
            .and_then(|rest| rest.rsplit_once('['))
            .filter(|(_, at)| !at.is_empty() && at.bytes().all(|byte| byte.is_ascii_digit()));
        match indexed {
            Some((name, at)) => {
                parts.extend((!name.is_empty()).then(|| name.to_owned()));
                parts.push(at.to_owned());
            }
            None => parts.push(part),
        }
    }
    let Node::Scalar(scalar) = path::lookup(object, &parts).ok()?? else {
        return Some(Replacement::Collection);
    };
    let text = &scalar.text;
    Some(match scalar.tag {
        Tag::Int => Replacement::Int(text.parse().ok()?),
        Tag::Float => Replacement::Float(text.parse().ok()?),
        Tag::Bool => Replacement::Bool(match text.as_str() {
            "true" | "True" | "TRUE" => true,
            "false" | "False" | "FALSE" => false,
            _ => return None,
        }),
        _ => Replacement::Text(text.to_string()),
    })
}

type Values<'v> = BTreeMap<&'v str, Replacement>;

fn put(node: &mut Node, values: &Values<'_>, used: &mut BTreeSet<String>) -> Result<(), Error> {
    match node {
        Node::Scalar(scalar) => {
            if scalar.is_string() {
                replace(scalar, values, used);
            }
            Ok(())
        }
        Node::Mapping(mapping) => {
            for entry in &mut mapping.entries {
                if !entry.key.is_string() {
                    return Err(Error::invalid(format!(
                        "invalid map key: value='{}', tag='{}'",
                        entry.key.text,
                        entry.key.tag.long_name()
                    )));
                }
                if let Node::Scalar(scalar) = &mut entry.value
                    && scalar.is_string()
                {
                    replace(scalar, values, used);
                }
            }
            Ok(())
        }
        Node::Sequence(sequence) => {
            for item in &mut sequence.items {
                match item {
                    Node::Scalar(scalar) if scalar.is_string() => replace(scalar, values, used),
                    _ => return Err(Error::invalid("invalid value type expect a string")),
                }
            }
            Ok(())
        }
    }
}

fn replace(scalar: &mut Scalar, values: &Values<'_>, used: &mut BTreeSet<String>) {
    let expanded = expand(&scalar.text, |name| {
        let value = values.get(name)?;
        if *value == Replacement::Collection {
            return None;
        }
        used.insert(name.to_owned());
        Some(value.clone())
    });
    let (text, tag) = match expanded {
        Expanded::Text(text) | Expanded::Value(Replacement::Text(text)) => (text, Tag::Str),
        Expanded::Value(Replacement::Int(value)) => (value.to_string(), Tag::Int),
        Expanded::Value(Replacement::Float(value)) => (value.to_string(), Tag::Float),
        Expanded::Value(Replacement::Bool(value)) => (value.to_string(), Tag::Bool),
        Expanded::Value(Replacement::Collection) => return,
    };
    scalar.become_like(Scalar::new(text, tag));
}
