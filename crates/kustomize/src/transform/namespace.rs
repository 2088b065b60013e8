//! `namespace` and the plugin `NamespaceTransformer`.

use std::collections::HashMap;

use windlass_yaml::Value;

use super::Transformer;
use crate::Error;
use crate::decode::At;
use crate::fieldspec::{Create, FieldSpec};
use crate::id::{Gvk, Id};
use crate::manifest::Manifest;
use crate::node::{Node, Tag};
use crate::resmap::ResMap;
use crate::schema::Schemas;

/// Moves resources to a namespace.
#[derive(Default)]
pub(crate) struct NamespaceTransformer {
    namespace: String,
    specs: Vec<FieldSpec>,
    /// Only those that have none.
    unset_only: bool,
    subjects: Subjects,
}

/// Which subjects of bindings go along.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Subjects {
    /// Those named `default`: that account exists in every namespace, so it means this one.
    #[default]
    NamedDefault,
    AllServiceAccounts,
    None,
}

impl NamespaceTransformer {
    pub(crate) fn of_plugin(config: &Value) -> Result<Self, Error> {
        let mut made = Self::default();
        let mut subjects = String::new();
        At::lenient(config, |value, at| {
            let known = [
                "metadata",
                "fieldSpecs",
                "unsetOnly",
                "setRoleBindingSubjects",
            ];
            let structure = "NamespaceTransformerPlugin";
            at.fields(value, structure, &known, |name, value, at| {
                match name {
                    "metadata" => {
                        at.fields(value, "ObjectMeta", &["namespace"], |_, value, at| {
                            made.namespace = at.string(value)?;
                            Ok(())
                        })?;
                    }
                    "fieldSpecs" => made.specs = FieldSpec::decode_list(value, at)?,
                    "unsetOnly" => made.unset_only = at.boolean(value)?,
                    _ => {
                        let of_type = "namespace.RoleBindingSubjectMode";
                        subjects = at.named_string(value, of_type)?;
                    }
                }
                Ok(())
            })
        })
        .map_err(|error| error.context("unmarshalling NamespaceTransformer config"))?;
        made.subjects = match subjects.as_str() {
            "" | "defaultOnly" => Subjects::NamedDefault,
            "allServiceAccounts" => Subjects::AllServiceAccounts,
            "none" => Subjects::None,
            other => {
                return Err(Error::invalid(format!(
                    "invalid value {other:?} for setRoleBindingSubjects: must be one of \
                     \"defaultOnly\", \"none\" or \"allServiceAccounts\""
                )));
            }
        };
        Ok(made)
    }

    pub(crate) fn new(namespace: &str, specs: &[FieldSpec]) -> Self {
        Self {
            namespace: namespace.to_owned(),
            specs: specs.to_vec(),
            ..Self::default()
        }
    }

    fn set(&self, node: &mut Node) -> Result<(), Error> {
        if self.unset_only && !node.is_null() && !node.text().is_empty() {
            return Ok(());
        }
        node.set_scalar(&self.namespace, Tag::Str)
    }

    /// Moves one resource.
    pub(super) fn apply(&self, manifest: &mut Manifest) -> Result<(), Error> {
        let id = manifest.id();
        let (cluster, kind) = (id.cluster, id.gvk.kind.to_owned());
        let in_core = manifest.api_version() == "v1";
        if !cluster {
            let own = FieldSpec::new(Gvk::default(), "metadata/namespace", true);
            own.apply(manifest, Create::Scalar(Tag::None), &mut |n| self.set(n))?;
        }
        let is_binding = |kind: &str| matches!(kind, "RoleBinding" | "ClusterRoleBinding");
        let binds = is_binding(&kind);
        if binds {
            self.subjects(manifest)?;
        }
        for spec in &self.specs {
            // Handled above, whatever the configuration says.
            let handled = spec.path == "metadata/namespace"
                || (spec.path == "metadata/name" && !in_core)
                || (binds && is_binding(&spec.gvk.kind) && spec.path == "subjects/namespace");
            if handled {
                continue;
            }
            let set = &mut |node: &mut Node| self.set(node);
            spec.apply(manifest, Create::Scalar(Tag::Str), set)
                .map_err(|error| {
                    let collection = error
                        .to_string()
                        .contains("wrong node kind: expected ScalarNode but got ");
                    error.context(if collection {
                        "namespace field specs must target scalar nodes"
                    } else {
                        "namespace transformation failed"
                    })
                })?;
        }
        Ok(())
    }

    fn subjects(&self, manifest: &mut Manifest) -> Result<(), Error> {
        let (key, wanted) = match self.subjects {
            Subjects::NamedDefault => ("name", "default"),
            Subjects::AllServiceAccounts => ("kind", "ServiceAccount"),
            Subjects::None => return Ok(()),
        };
        let wrap =
            |error: Error| error.context("setting namespace on (cluster)role binding subjects");
        let Some(subjects) = manifest.node.get_mut("subjects").filter(|s| !s.is_null()) else {
            return Ok(());
        };
        let Node::Sequence(subjects) = subjects else {
            return Err(wrap(subjects.wrong_kind("SequenceNode")));
        };
        for subject in &mut subjects.items {
            if subject.is_null() {
                continue;
            }
            let Some(map) = subject.as_mapping_mut() else {
                let error = subject.wrong_kind("MappingNode").context(format_args!(
                    "looking up {key} on (cluster)role binding subject"
                ));
                return Err(wrap(error));
            };
            if map.get(key).is_some_and(|value| value.text() == wanted) {
                let field = map.entry("namespace", || Node::untyped(""));
                self.set(field).map_err(wrap)?;
            }
        }
        Ok(())
    }
}

impl Transformer for NamespaceTransformer {
    fn transform(&self, resources: &mut ResMap, _: &Schemas) -> Result<(), Error> {
        if self.namespace.is_empty() {
            return Ok(());
        }
        let items = resources.items_mut();
        let mut taken: HashMap<String, usize> = HashMap::with_capacity(items.len());
        for manifest in items.iter() {
            *taken.entry(key(&manifest.id())).or_default() += 1;
        }
        for at in 0..items.len() {
            let manifest = &mut items[at];
            if manifest.is_empty() || manifest.of_chart {
                continue;
            }
            if let Some(count) = taken.get_mut(&key(&manifest.id())) {
                *count -= 1;
            }
            manifest.remember_name();
            self.apply(manifest)?;
            let count = taken.entry(key(&manifest.id())).or_default();
            *count += 1;
            if *count != 1 {
                return Err(conflict(items, at));
            }
        }
        Ok(())
    }
}

fn key(id: &Id<'_>) -> String {
    format!("{}|{}|{}", id.gvk, id.effective_namespace(), id.name)
}

fn conflict(items: &[Manifest], at: usize) -> Error {
    let id = items[at].id();
    let same: Vec<String> = items
        .iter()
        .filter(|item| item.id().equals(&id))
        .map(Manifest::shown)
        .collect();
    Error::invalid(format!(
        "namespace transformation produces ID conflict: [{}]",
        same.join(" ")
    ))
}
