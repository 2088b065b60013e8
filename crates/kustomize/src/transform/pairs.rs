//! Adding pairs to maps: labels and annotations.

use crate::Error;
use crate::fieldspec::{Create, FieldSpec};
use crate::node::{Mapping, Node, Scalar, write_alike};
use crate::resmap::ResMap;

/// Adds `pairs` to the maps `specs` name; the values are strings whatever they look like.
pub(super) fn add(
    resources: &mut ResMap,
    pairs: &[(String, String)],
    specs: &[FieldSpec],
) -> Result<(), Error> {
    for manifest in resources.contents_mut() {
        let gvk = manifest.gvk();
        let selected: Vec<&FieldSpec> = specs
            .iter()
            .filter(|spec| gvk.is_selected_by(&spec.gvk))
            .collect();
        for (key, text) in pairs {
            let mut scalar = Scalar {
                alias: manifest.new_alias(),
                ..Scalar::string(text.as_str())
            };
            let mut styles = Vec::new();
            for spec in &selected {
                spec.apply_selected(manifest, Create::Map, &mut |node| match node {
                    // To the original a field without a name is the node itself.
                    Node::Mapping(_) if key.is_empty() => Err(node.wrong_kind("ScalarNode")),
                    Node::Mapping(mapping) => {
                        if set(mapping, key, &mut scalar) {
                            styles.push(scalar.style);
                        }
                        Ok(())
                    }
                    node if node.is_null() => Ok(()),
                    node => Err(node.wrong_kind("MappingNode")),
                })?;
            }
            if styles.iter().any(|style| *style != scalar.style) {
                write_alike(&mut manifest.node, &scalar);
            }
            manifest.follow();
        }
    }
    Ok(())
}

/// Sets a pair; true if it is new. What is added is one and the same scalar everywhere, and it
/// takes over the style of whatever it is copied to (kyaml's `FieldSetter`).
fn set(mapping: &mut Mapping, key: &str, scalar: &mut Scalar) -> bool {
    scalar.quote_if_ambiguous();
    match mapping.get_mut(key) {
        Some(Node::Scalar(old)) => {
            scalar.style = old.style;
            scalar.tagged = old.tagged;
            old.become_like(scalar.clone());
            false
        }
        Some(other) => {
            *other = Node::Scalar(Scalar {
                alias: 0,
                ..scalar.clone()
            });
            false
        }
        None => {
            mapping.push(key, Node::Scalar(scalar.clone()));
            true
        }
    }
}
