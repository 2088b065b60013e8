//! `patchesJson6902` and the plugin `PatchJson6902Transformer`.

use serde_json::json;
use windlass_yaml::Value;

use super::Transformer;
use crate::Error;
use crate::decode::At;
use crate::growth::Growth;
use crate::kustomization::{Patch, Selector};
use crate::loader::Loader;
use crate::patch::json6902::JsonPatch;
use crate::resmap::ResMap;
use crate::schema::Schemas;
use crate::selector::Matcher;

/// Applies a list of operations.
pub(crate) struct PatchJson6902Transformer {
    target: Selector,
    operations: JsonPatch,
    growth: Growth,
}

impl PatchJson6902Transformer {
    /// For an entry of `patchesJson6902`.
    pub(crate) fn of_entry(loader: &Loader<'_>, entry: &Patch) -> Result<Self, Error> {
        Self::new(loader, entry.target.as_ref(), &entry.path, &entry.patch)
    }

    /// The settings of an entry as the original writes them into error texts.
    pub(crate) fn config(entry: &Patch) -> Value {
        let mut map = serde_json::Map::new();
        for (key, text) in [("jsonOp", &entry.patch), ("path", &entry.path)] {
            if !text.is_empty() {
                map.insert(key.into(), json!(text));
            }
        }
        if let Some(target) = &entry.target {
            map.insert("target".into(), target.to_value());
        }
        Value::Object(map)
    }

    pub(crate) fn of_plugin(loader: &Loader<'_>, config: &Value) -> Result<Self, Error> {
        let (mut target, mut path, mut text) = (None, String::new(), String::new());
        At::lenient(config, |value, at| {
            let known = ["target", "path", "jsonOp"];
            let structure = "PatchJson6902TransformerPlugin";
            at.fields(value, structure, &known, |name, value, at| {
                match name {
                    "target" => target = Some(Selector::decode(value, at)?),
                    "path" => path = at.string(value)?,
                    _ => text = at.string(value)?,
                }
                Ok(())
            })
        })?;
        Self::new(loader, target.as_ref(), &path, &text)
    }

    fn new(
        loader: &Loader<'_>,
        target: Option<&Selector>,
        path: &str,
        inline: &str,
    ) -> Result<Self, Error> {
        let target = target.cloned().unwrap_or_default();
        if target.name.is_empty() {
            return Err(Error::invalid("must specify the target name"));
        }
        let text = match (path.is_empty(), inline.is_empty()) {
            (true, true) => return Err(Error::invalid("empty file path and empty jsonOp")),
            (false, false) => {
                return Err(Error::invalid(
                    "must specify a file path or jsonOp, not both",
                ));
            }
            (true, false) => inline.to_owned(),
            (false, true) => {
                let text = loader.text(path)?;
                if text.is_empty() {
                    return Err(Error::invalid(format!(
                        "patch file '{path}' empty seems to be empty"
                    )));
                }
                text
            }
        };
        let operations = JsonPatch::parse(&text)?;
        if operations.is_empty() {
            return Err(Error::invalid(format!(
                "patch appears to be empty; file={path}, JsonOp={text}"
            )));
        }
        Ok(Self {
            target,
            operations,
            growth: loader.context.growth.clone(),
        })
    }
}

impl Transformer for PatchJson6902Transformer {
    fn transform(&self, resources: &mut ResMap, _: &Schemas) -> Result<(), Error> {
        for at in Matcher::new(&self.target, &self.growth)?.select(resources.items())? {
            resources.modify(at, |target| self.operations.apply_to(target, &self.growth))?;
        }
        Ok(())
    }
}
