//! Labels and annotations.

use windlass_yaml::Value;

use crate::Error;
use crate::fieldspec::{Create, FieldSpec};
use crate::patch::strategic::wrong_kind;
use crate::resmap::ResMap;

/// Adds `pairs` to the maps `specs` name; the values are strings whatever they look like.
pub(crate) fn add(
    resources: &mut ResMap,
    pairs: &[(String, String)],
    specs: &[FieldSpec],
) -> Result<(), Error> {
    if pairs.is_empty() {
        return Ok(());
    }
    for resource in resources.items_mut() {
        for spec in specs {
            spec.apply(resource, Create::Map, &mut |value| {
                let Value::Object(map) = value else {
                    return Err(wrong_kind("MappingNode", value));
                };
                for (key, value) in pairs {
                    map.insert(key.clone(), Value::String(value.clone()));
                }
                Ok(())
            })?;
        }
    }
    Ok(())
}
