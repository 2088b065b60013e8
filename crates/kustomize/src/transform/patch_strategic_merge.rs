//! `patchesStrategicMerge` and the plugin `PatchStrategicMergeTransformer`.

use serde_json::json;
use windlass_yaml::Value;

use super::Transformer;
use crate::Error;
use crate::decode::At;
use crate::growth::Growth;
use crate::load;
use crate::loader::Loader;
use crate::manifest::Manifest;
use crate::patch::strategic;
use crate::resmap::ResMap;
use crate::schema::Schemas;

/// Merges patches into the resources they name.
pub(crate) struct PatchStrategicMergeTransformer {
    patches: Vec<Manifest>,
    growth: Growth,
}

impl PatchStrategicMergeTransformer {
    /// The settings as the original writes them into error texts.
    pub(crate) fn config(entries: &[String]) -> Value {
        json!({ "paths": entries })
    }

    pub(crate) fn of_plugin(loader: &Loader<'_>, config: &Value) -> Result<Self, Error> {
        let (mut paths, mut inline) = (Vec::new(), String::new());
        At::lenient(config, |value, at| {
            let known = ["paths", "patches"];
            let structure = "PatchStrategicMergeTransformerPlugin";
            at.fields(value, structure, &known, |name, value, at| {
                match name {
                    "paths" => {
                        paths = at.named_strings(value, "types.PatchStrategicMerge")?;
                    }
                    _ => inline = at.string(value)?,
                }
                Ok(())
            })
        })?;
        Self::new(loader, &paths, &inline)
    }

    /// Entries are inline patches or, where they are none, files.
    pub(crate) fn new(
        loader: &Loader<'_>,
        entries: &[String],
        inline: &str,
    ) -> Result<Self, Error> {
        if entries.is_empty() && inline.is_empty() {
            return Err(Error::invalid("empty file path and empty patch content"));
        }
        let mut patches = Vec::new();
        for entry in entries {
            match loader.manifests(entry) {
                Ok(inline) => patches.extend(inline),
                Err(error) if error.is_final() => return Err(error),
                Err(_) => {
                    let text = loader.text(entry)?;
                    let read = loader
                        .manifests(&text)
                        .map_err(|error| load::in_file(error, loader, entry))?;
                    patches.extend(read);
                }
            }
        }
        if !inline.is_empty() {
            patches.extend(loader.manifests(inline)?);
        }
        if patches.is_empty() {
            return Err(Error::invalid(format!(
                "patch appears to be empty; files=[{}], Patch={inline}",
                entries.join(" ")
            )));
        }
        Ok(Self {
            patches,
            growth: loader.context.growth.clone(),
        })
    }
}

impl Transformer for PatchStrategicMergeTransformer {
    fn transform(&self, resources: &mut ResMap, schemas: &Schemas) -> Result<(), Error> {
        for patch in &self.patches {
            let at = resources.find_one(&patch.original_id())?;
            strategic::apply_to_all(resources, &[at], patch, schemas, &self.growth)?;
        }
        Ok(())
    }
}
