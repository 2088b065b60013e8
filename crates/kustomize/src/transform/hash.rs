//! Hashes at the end of generated names, and the plugin `HashTransformer`.

use super::Transformer;
use crate::Error;
use crate::generate::hash::name_suffix;
use crate::resmap::ResMap;
use crate::schema::Schemas;

/// Adds hashes of content to names.
pub(crate) struct HashTransformer;

impl Transformer for HashTransformer {
    fn transform(&self, resources: &mut ResMap, _: &Schemas) -> Result<(), Error> {
        let wanted: Vec<usize> = resources
            .items()
            .iter()
            .enumerate()
            .filter(|(_, manifest)| manifest.needs_hash)
            .map(|(at, _)| at)
            .collect();
        for at in wanted {
            resources.modify(at, |manifest| {
                let name = format!("{}-{}", manifest.name(), name_suffix(manifest)?);
                manifest.remember_name();
                manifest.set_name(&name);
                Ok::<(), Error>(())
            })?;
        }
        Ok(())
    }
}
