//! `namePrefix` and the plugin `PrefixTransformer`.

use windlass_yaml::Value;

use super::Transformer;
use super::affix::Affix;
use crate::Error;
use crate::fieldspec::FieldSpec;
use crate::resmap::ResMap;
use crate::schema::Schemas;

/// Adds a text to one end of names.
pub(crate) struct PrefixTransformer(Affix);

impl PrefixTransformer {
    pub(crate) fn new(text: &str, specs: &[FieldSpec]) -> Self {
        Self(Affix {
            text: text.to_owned(),
            specs: specs.to_vec(),
        })
    }

    pub(crate) fn of_plugin(config: &Value) -> Result<Self, Error> {
        Affix::of_plugin(config, "prefix").map(Self)
    }
}

impl Transformer for PrefixTransformer {
    fn transform(&self, resources: &mut ResMap, _: &Schemas) -> Result<(), Error> {
        let text = &self.0.text;
        self.0.apply(
            resources,
            |old| format!("{text}{old}"),
            |manifest| &mut manifest.prefixes,
        )
    }
}
