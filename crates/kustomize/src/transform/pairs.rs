//! Adding pairs to maps: labels and annotations.

use crate::Error;
use crate::fieldspec::{Create, FieldSpec};
use crate::node::{Node, Scalar};
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
            let alias = manifest.new_alias();
            for spec in &selected {
                spec.apply_selected(manifest, Create::Map, &mut |node| match node {
                    // To the original a field without a name is the node itself.
                    Node::Mapping(_) if key.is_empty() => Err(node.wrong_kind("ScalarNode")),
                    Node::Mapping(mapping) => {
                        // Only what is added stays connected.
                        let scalar = Scalar {
                            alias,
                            ..Scalar::string(text.as_str())
                        };
                        mapping.set(key, scalar);
                        Ok(())
                    }
                    node if node.is_null() => Ok(()),
                    node => Err(node.wrong_kind("MappingNode")),
                })?;
            }
            manifest.follow();
        }
    }
    Ok(())
}
