//! `secretGenerator` and the plugin `SecretGenerator`.

use windlass_yaml::Value;

use super::{Generator, object};
use crate::Error;
use crate::kustomization::GeneratorArgs;
use crate::loader::Loader;
use crate::manifest::Manifest;
use crate::node::{Mapping, Node};

/// Makes a secret.
pub(crate) struct SecretGenerator(pub(crate) GeneratorArgs);

impl SecretGenerator {
    pub(crate) fn of_plugin(config: &Value) -> Result<Self, Error> {
        GeneratorArgs::of_plugin(config, "Secret").map(Self)
    }
}

impl Generator for SecretGenerator {
    fn generate(&self, loader: &Loader<'_>) -> Result<Vec<Manifest>, Error> {
        let args = &self.0;
        let mut made = object::base("Secret", args)?;
        let given = &args.secret_type;
        let of_type = if given.is_empty() { "Opaque" } else { given };
        made.push("type", Node::string(of_type));
        // The map is there even without content.
        let mut data = Mapping::default();
        for (key, bytes) in object::data(loader, args)? {
            data.set(&key, object::value(object::encoded(&bytes)));
        }
        made.push("data", Node::Mapping(data));
        Ok(vec![object::finish(made, args)?])
    }
}
