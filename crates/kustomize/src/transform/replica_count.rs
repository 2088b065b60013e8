//! `replicas` and the plugin `ReplicaCountTransformer`.

use windlass_yaml::Value;

use super::Transformer;
use crate::Error;
use crate::decode::At;
use crate::fieldspec::{Create, FieldSpec};
use crate::kustomization::Replica;
use crate::node::Tag;
use crate::resmap::ResMap;
use crate::schema::Schemas;

/// Sets replica counts.
#[derive(Default)]
pub(crate) struct ReplicaCountTransformer {
    pub(crate) replica: Replica,
    pub(crate) specs: Vec<FieldSpec>,
}

impl ReplicaCountTransformer {
    pub(crate) fn of_plugin(config: &Value) -> Result<Self, Error> {
        let mut made = Self::default();
        At::lenient(config, |value, at| {
            let known = ["replica", "fieldSpecs"];
            let structure = "ReplicaCountTransformerPlugin";
            at.fields(value, structure, &known, |name, value, at| {
                match name {
                    "replica" => made.replica = Replica::decode(value, at)?,
                    _ => made.specs = FieldSpec::decode_list(value, at)?,
                }
                Ok(())
            })
        })?;
        Ok(made)
    }
}

impl Transformer for ReplicaCountTransformer {
    fn transform(&self, resources: &mut ResMap, _: &Schemas) -> Result<(), Error> {
        let name = &self.replica.name;
        let count = self.replica.count.to_string();
        let mut found = false;
        for spec in &self.specs {
            let selected = resources.find_any(name, |id| {
                id.name == name && id.gvk.is_selected_by(&spec.gvk)
            });
            found |= !selected.is_empty();
            for at in selected {
                resources.modify(at, |manifest| {
                    spec.apply(manifest, Create::Scalar(Tag::Int), &mut |node| {
                        node.set_scalar(&count, Tag::Int)
                    })
                })?;
            }
        }
        if found {
            return Ok(());
        }
        let kinds: Vec<String> = self.specs.iter().map(|spec| spec.gvk.to_string()).collect();
        Err(Error::invalid(format!(
            "resource with name {name} does not match a config with the following GVK [{}]",
            kinds.join(" ")
        )))
    }
}
