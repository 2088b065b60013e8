//! The plugin `PrefixSuffixTransformer` of old: both in one.

use windlass_yaml::Value;

use super::Transformer;
use super::prefix::PrefixTransformer;
use super::suffix::SuffixTransformer;
use crate::Error;
use crate::resmap::ResMap;
use crate::schema::Schemas;

/// Adds texts to both ends of names.
pub(crate) struct PrefixSuffixTransformer(PrefixTransformer, SuffixTransformer);

impl PrefixSuffixTransformer {
    pub(crate) fn of_plugin(config: &Value) -> Result<Self, Error> {
        let prefix = PrefixTransformer::of_plugin(config)?;
        Ok(Self(prefix, SuffixTransformer::of_plugin(config)?))
    }
}

impl Transformer for PrefixSuffixTransformer {
    fn transform(&self, resources: &mut ResMap, schemas: &Schemas) -> Result<(), Error> {
        self.0.transform(resources, schemas)?;
        self.1.transform(resources, schemas)
    }
}
