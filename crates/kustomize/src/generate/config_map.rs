//! `configMapGenerator` and the plugin `ConfigMapGenerator`.

use windlass_yaml::Value;

use super::{Generator, object};
use crate::Error;
use crate::kustomization::GeneratorArgs;
use crate::loader::Loader;
use crate::manifest::Manifest;
use crate::node::Node;

/// Makes a config map.
pub(crate) struct ConfigMapGenerator(pub(crate) GeneratorArgs);

impl ConfigMapGenerator {
    pub(crate) fn of_plugin(config: &Value) -> Result<Self, Error> {
        GeneratorArgs::of_plugin(config, "ConfigMap").map(Self)
    }
}

impl Generator for ConfigMapGenerator {
    fn generate(&self, loader: &Loader<'_>) -> Result<Vec<Manifest>, Error> {
        let args = &self.0;
        let mut made = object::base("ConfigMap", args)?;
        for (key, bytes) in object::data(loader, args)? {
            let (section, text) = match String::from_utf8(bytes) {
                Ok(text) => ("data", text),
                Err(error) => ("binaryData", object::encoded(error.as_bytes())),
            };
            if let Node::Mapping(map) = made.entry(section, Node::mapping) {
                map.set(&key, object::value(text));
            }
        }
        Ok(vec![object::finish(made, args)?])
    }
}
