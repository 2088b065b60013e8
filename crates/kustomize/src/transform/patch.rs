//! `patches` and the plugin `PatchTransformer`: patches of either kind.

use serde_json::json;
use windlass_yaml::Value;

use super::Transformer;
use crate::Error;
use crate::decode::At;
use crate::growth::Growth;
use crate::kustomization::{Patch, Selector};
use crate::loader::Loader;
use crate::manifest::Manifest;
use crate::patch::json6902::JsonPatch;
use crate::patch::strategic;
use crate::resmap::ResMap;
use crate::schema::Schemas;
use crate::selector::Matcher;
use windlass_yaml::go_quoted as quoted;

/// Applies a patch, read and understood.
pub(crate) struct PatchTransformer {
    content: Content,
    target: Option<Selector>,
    /// Where the text comes from, as error texts name it.
    source: String,
    growth: Growth,
}

enum Content {
    Strategic(Vec<Manifest>),
    Json(JsonPatch),
}

impl PatchTransformer {
    /// For an entry of `patches`.
    pub(crate) fn of_entry(loader: &Loader<'_>, entry: &Patch) -> Result<Self, Error> {
        Self::new(loader, entry, &entry.to_value())
    }

    pub(crate) fn of_plugin(loader: &Loader<'_>, config: &Value) -> Result<Self, Error> {
        let patch = At::lenient(config, |value, at| {
            Patch::decode_as("PatchTransformerPlugin", value, at)
        })?;
        Self::new(loader, &patch, config)
    }

    fn new(loader: &Loader<'_>, entry: &Patch, config: &Value) -> Result<Self, Error> {
        let inline = entry.patch.trim();
        let shown = || windlass_yaml::json_to_yaml(config);
        let (text, source) = match (inline.is_empty(), entry.path.is_empty()) {
            (true, true) => {
                return Err(Error::invalid(format!(
                    "must specify one of patch and path in\n{}",
                    shown()
                )));
            }
            (false, false) => {
                return Err(Error::invalid(format!(
                    "patch and path can't be set at the same time\n{}",
                    shown()
                )));
            }
            (false, true) => (inline.to_owned(), format!("[patch: {}]", quoted(inline))),
            (true, false) => {
                let text = loader.text(&entry.path).map_err(|error| {
                    error.context(format_args!(
                        "failed to get the patch file from path({})",
                        entry.path
                    ))
                })?;
                (text, format!("[path: {}]", quoted(&entry.path)))
            }
        };
        let in_file = |error: Error| {
            if entry.path.is_empty() {
                error
            } else {
                error.in_file(&loader.located(&entry.path))
            }
        };
        let strategic = loader.manifests(&text);
        let json = JsonPatch::parse(&text);
        let content = match (strategic, json) {
            (Ok(patches), Ok(json)) if !patches.is_empty() && !json.is_empty() => {
                return Err(in_file(Error::invalid(format!(
                    "illegally qualifies as both an SM and JSON patch: {source}"
                ))));
            }
            (Err(error), Err(_)) if error.is_final() => return Err(error),
            (Err(error), Err(_)) => {
                let text = format!("unable to parse SM or JSON patch from {source}");
                return Err(in_file(error.map_message(|_| text)));
            }
            (Ok(mut patches), _) => {
                for patch in &mut patches {
                    patch.allow_name_change |= entry.option("allowNameChange");
                    patch.allow_kind_change |= entry.option("allowKindChange");
                    if patch.allow_name_change || patch.allow_kind_change {
                        // The original notes that in the annotations, which makes them strings.
                        patch.normalise("annotations");
                    }
                }
                Content::Strategic(patches)
            }
            (Err(_), Ok(json)) => Content::Json(json),
        };
        Ok(Self {
            content,
            target: entry.target.clone(),
            source,
            growth: loader.context.growth.clone(),
        })
    }

    fn merge(
        &self,
        patches: &[Manifest],
        resources: &mut ResMap,
        schemas: &Schemas,
    ) -> Result<(), Error> {
        let Some(target) = &self.target else {
            for patch in patches {
                let id = patch.original_id();
                let at = resources.find_one(&id).map_err(|error| {
                    error.context(format_args!(
                        "no resource matches strategic merge patch {}",
                        quoted(&id.to_string())
                    ))
                })?;
                resources.modify(at, |target| {
                    strategic::apply(target, patch, schemas, &self.growth)
                })?;
            }
            return Ok(());
        };
        if patches.len() > 1 {
            return Err(Error::invalid(format!(
                "Multiple Strategic-Merge Patches in one `patches` entry is not allowed to set \
                 `patches.target` field: {}",
                self.source
            )));
        }
        let Some(patch) = patches.first() else {
            return Ok(());
        };
        let selected = Matcher::new(target, &self.growth)
            .and_then(|matcher| matcher.select(resources.items()))
            .map_err(|error| {
                error.context(format_args!(
                    "unable to find patch target {} in `resources`",
                    quoted(&target.to_string())
                ))
            })?;
        strategic::apply_to_all(resources, &selected, patch, schemas, &self.growth)
    }
}

impl Transformer for PatchTransformer {
    fn transform(&self, resources: &mut ResMap, schemas: &Schemas) -> Result<(), Error> {
        match &self.content {
            Content::Strategic(patches) => self.merge(patches, resources, schemas),
            Content::Json(patch) if patch.is_empty() => Ok(()),
            Content::Json(patch) => {
                let Some(target) = &self.target else {
                    return Err(Error::invalid(format!(
                        "must specify a target for JSON patch {}",
                        self.source
                    )));
                };
                for at in Matcher::new(target, &self.growth)?.select(resources.items())? {
                    resources.modify(at, |target| {
                        target.remember_name();
                        patch.apply_to(target, &self.growth)
                    })?;
                }
                Ok(())
            }
        }
    }
}

impl Patch {
    /// The entry as the original writes it into error texts.
    pub(crate) fn to_value(&self) -> Value {
        let mut map = serde_json::Map::new();
        if let Some(options) = &self.options {
            let set = options.iter().filter(|(_, set)| *set);
            let set = set.map(|(name, _)| (name.clone(), json!(true)));
            map.insert("options".into(), Value::Object(set.collect()));
        }
        for (key, text) in [("patch", &self.patch), ("path", &self.path)] {
            if !text.is_empty() {
                map.insert(key.into(), json!(text));
            }
        }
        if let Some(target) = &self.target {
            map.insert("target".into(), target.to_value());
        }
        Value::Object(map)
    }
}
