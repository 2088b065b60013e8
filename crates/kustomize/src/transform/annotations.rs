//! `commonAnnotations` and the plugin `AnnotationsTransformer`.

use windlass_yaml::Value;

use super::{Transformer, pairs};
use crate::Error;
use crate::decode::At;
use crate::fieldspec::FieldSpec;
use crate::resmap::ResMap;
use crate::schema::Schemas;

/// Adds annotations.
#[derive(Default)]
pub(crate) struct AnnotationsTransformer {
    pub(crate) annotations: Vec<(String, String)>,
    pub(crate) specs: Vec<FieldSpec>,
}

impl AnnotationsTransformer {
    pub(crate) fn of_plugin(config: &Value) -> Result<Self, Error> {
        let mut made = Self::default();
        At::lenient(config, |value, at| {
            let known = ["annotations", "fieldSpecs"];
            let structure = "AnnotationsTransformerPlugin";
            at.fields(value, structure, &known, |name, value, at| {
                match name {
                    "annotations" => made.annotations = at.string_map(value)?,
                    _ => made.specs = FieldSpec::decode_list(value, at)?,
                }
                Ok(())
            })
        })?;
        Ok(made)
    }
}

impl Transformer for AnnotationsTransformer {
    fn transform(&self, resources: &mut ResMap, _: &Schemas) -> Result<(), Error> {
        pairs::add(resources, &self.annotations, &self.specs)
    }
}
