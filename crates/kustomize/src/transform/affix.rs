//! What prefixes and suffixes of names have in common.

use std::rc::Rc;

use windlass_yaml::Value;

use crate::Error;
use crate::decode::At;
use crate::fieldspec::{Create, FieldSpec};
use crate::id::GvkRef;
use crate::manifest::Manifest;
use crate::node::{Node, Tag};
use crate::resmap::ResMap;

/// A text added to names, and the fields that hold them.
pub(super) struct Affix {
    pub(super) text: String,
    pub(super) specs: Vec<FieldSpec>,
}

impl Affix {
    /// Reads the configuration of a plugin, `field` being the name of its text.
    pub(super) fn of_plugin(config: &Value, field: &'static str) -> Result<Self, Error> {
        let (mut text, mut specs) = (String::new(), None);
        At::direct(config, |value, at| {
            let known = [field, "fieldSpecs"];
            at.fields(
                value,
                "PrefixTransformerPlugin",
                &known,
                |name, value, at| {
                    if name == field {
                        text = at.string(value)?;
                    } else {
                        specs = Some(FieldSpec::decode_list(value, at)?);
                    }
                    Ok(())
                },
            )
        })?;
        let Some(specs) = specs else {
            return Err(Error::invalid("fieldSpecs is not expected to be nil"));
        };
        Ok(Self { text, specs })
    }

    /// Changes the names of all resources that may be renamed: `join` makes the new name of the
    /// old, `list` is where the text is remembered.
    pub(super) fn apply(
        &self,
        resources: &mut ResMap,
        join: impl Fn(&str) -> String,
        list: impl Fn(&mut Manifest) -> &mut Vec<Rc<str>>,
    ) -> Result<(), Error> {
        let shared: Rc<str> = Rc::from(self.text.as_str());
        for manifest in resources.items_mut() {
            let original = manifest.original_id().gvk.to_owned();
            if keeps_its_name(&original.as_ref()) {
                continue;
            }
            for spec in &self.specs {
                if !original.as_ref().is_selected_by(&spec.gvk) {
                    continue;
                }
                if spec.path == "metadata/name" && !self.text.is_empty() {
                    list(manifest).push(Rc::clone(&shared));
                    manifest.remember_name();
                }
                spec.apply(manifest, Create::Scalar(Tag::Str), &mut |node| {
                    let name = join(node.text());
                    Node::set_scalar(node, &name, Tag::None)
                })?;
            }
        }
        Ok(())
    }
}

/// Types whose names mean something outside the build.
fn keeps_its_name(gvk: &GvkRef<'_>) -> bool {
    match gvk.kind {
        "CustomResourceDefinition" | "Namespace" => true,
        "APIService" => gvk.group == "apiregistration.k8s.io",
        _ => false,
    }
}
