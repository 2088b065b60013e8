//! The transformers: what a kustomization does to the resources accumulated so far. Each is made
//! from fields of the kustomization file or from a configuration of its own.

mod affix;
pub(crate) mod annotations;
pub(crate) mod hash;
pub(crate) mod image_tag;
pub(crate) mod label;
pub(crate) mod namespace;
mod pairs;
pub(crate) mod patch;
pub(crate) mod patch_json6902;
pub(crate) mod patch_strategic_merge;
pub(crate) mod prefix;
pub(crate) mod prefix_suffix;
pub(crate) mod replacement;
pub(crate) mod replica_count;
pub(crate) mod suffix;
pub(crate) mod value_add;

use windlass_yaml::Value;

use crate::Error;
use crate::resmap::ResMap;
use crate::schema::Schemas;

/// Changes resources.
pub(crate) trait Transformer {
    /// Changes all resources that are concerned.
    fn transform(&self, resources: &mut ResMap, schemas: &Schemas) -> Result<(), Error>;
}

/// The wrapping of errors about the settings of a built-in generator or transformer.
pub(crate) fn configuring(error: Error, plugin: &str, config: &Value) -> Error {
    let text = windlass_yaml::json_to_yaml(config);
    error.context(format_args!(
        "trouble configuring builtin {plugin} with config: `\n{text}`"
    ))
}
