//! Applying the patches a kustomization names.

use windlass_yaml::Value;

use crate::Error;
use crate::kustomization::Patch;
use crate::load;
use crate::loader::{Context, Loader};
use crate::patch::json6902::JsonPatch;
use crate::patch::strategic;
use crate::resmap::ResMap;
use crate::resource::Resource;
use crate::schema::Schemas;
use crate::selector::Matcher;

/// A patch read and understood, with the settings of its entry.
enum Content {
    Strategic(Vec<Resource>),
    Json(JsonPatch),
}

/// Where a patch's text comes from, as error texts name it.
struct Source {
    text: String,
    shown: String,
}

/// An entry of `patches` that has been read and checked.
pub(crate) struct Prepared<'p> {
    entry: &'p Patch,
    content: Content,
    source: Source,
}

/// The wrapping of errors about the settings themselves.
pub(crate) fn configuring(error: Error, plugin: &str, config: &Value) -> Error {
    let text = windlass_yaml::json_to_yaml(config);
    error.context(format_args!(
        "trouble configuring builtin {plugin} with config: `\n{text}`"
    ))
}

/// Reads an entry of `patches`.
pub(crate) fn prepare<'p>(loader: &Loader<'_>, entry: &'p Patch) -> Result<Prepared<'p>, Error> {
    read(loader, entry).map_err(|error| configuring(error, "PatchTransformer", &entry.to_value()))
}

fn read<'p>(loader: &Loader<'_>, entry: &'p Patch) -> Result<Prepared<'p>, Error> {
    let inline = entry.patch.trim();
    let config = || windlass_yaml::json_to_yaml(&entry.to_value());
    let source = match (inline.is_empty(), entry.path.is_empty()) {
        (true, true) => {
            return Err(Error::invalid(format!(
                "must specify one of patch and path in\n{}",
                config()
            )));
        }
        (false, false) => {
            return Err(Error::invalid(format!(
                "patch and path can't be set at the same time\n{}",
                config()
            )));
        }
        (false, true) => Source {
            text: inline.to_owned(),
            shown: format!("[patch: {inline:?}]"),
        },
        (true, false) => {
            let text = loader.text(&entry.path).map_err(|error| {
                error.context(format_args!(
                    "failed to get the patch file from path({})",
                    entry.path
                ))
            })?;
            Source {
                text,
                shown: format!("[path: {:?}]", entry.path),
            }
        }
    };
    let strategic = load::resources(&source.text);
    let json = JsonPatch::parse(&source.text);
    let content = match (strategic, json) {
        (Ok(patches), Ok(json)) if !patches.is_empty() && !json.is_empty() => {
            return Err(Error::invalid(format!(
                "illegally qualifies as both an SM and JSON patch: {}",
                source.shown
            )));
        }
        (Err(_), Err(_)) => {
            return Err(Error::invalid(format!(
                "unable to parse SM or JSON patch from {}",
                source.shown
            )));
        }
        (Ok(mut patches), _) => {
            for patch in &mut patches {
                patch.allow_name_change = entry.option("allowNameChange");
                patch.allow_kind_change = entry.option("allowKindChange");
            }
            Content::Strategic(patches)
        }
        (Err(_), Ok(json)) => Content::Json(json),
    };
    Ok(Prepared {
        entry,
        content,
        source,
    })
}

impl Prepared<'_> {
    pub(crate) fn apply(
        &self,
        context: &Context<'_>,
        resources: &mut ResMap,
        schemas: &Schemas,
    ) -> Result<(), Error> {
        // One patch may go to every resource.
        let made = || context.count_added(self.source.text.len());
        match (&self.content, &self.entry.target) {
            (Content::Strategic(patches), None) => {
                for patch in patches {
                    let id = patch.id();
                    let at = resources.find_one(&id).map_err(|error| {
                        error.context(format_args!(
                            "no resource matches strategic merge patch {:?}",
                            id.to_string()
                        ))
                    })?;
                    resources.modify(at, |target| strategic::apply(target, patch, schemas))?;
                }
            }
            (Content::Strategic(patches), Some(_)) if patches.len() > 1 => {
                return Err(Error::invalid(format!(
                    "Multiple Strategic-Merge Patches in one `patches` entry is not allowed to \
                     set `patches.target` field: {}",
                    self.source.shown
                )));
            }
            (Content::Strategic(patches), Some(target)) => {
                let Some(patch) = patches.first() else {
                    return Ok(());
                };
                let matcher = Matcher::new(target).map_err(|error| {
                    error.context(format_args!(
                        "unable to find patch target {:?} in `resources`",
                        target.to_string()
                    ))
                })?;
                for at in selected(resources, &matcher) {
                    made()?;
                    resources.modify(at, |target| strategic::apply(target, patch, schemas))?;
                }
            }
            (Content::Json(_), None) => {
                return Err(Error::invalid(format!(
                    "must specify a target for JSON patch {}",
                    self.source.shown
                )));
            }
            (Content::Json(patch), Some(target)) => {
                let matcher = Matcher::new(target)?;
                for at in selected(resources, &matcher) {
                    made()?;
                    resources.modify(at, |target| apply_json(context, target, patch))?;
                }
            }
        }
        resources.drop_empty();
        Ok(())
    }
}

fn selected(resources: &ResMap, matcher: &Matcher) -> Vec<usize> {
    let items = resources.items().iter().enumerate();
    items
        .filter(|(_, resource)| matcher.matches(resource))
        .map(|(at, _)| at)
        .collect()
}

fn apply_json(
    context: &Context<'_>,
    target: &mut Resource,
    patch: &JsonPatch,
) -> Result<(), Error> {
    target.remember_name();
    // The original keeps its records in annotations, so that patches may count on the map.
    target.metadata_map("annotations");
    let mut object = target.object.clone();
    patch.apply(&mut object, &|bytes| context.count_added(bytes))?;
    // JSON knows no other nulls than written ones.
    target.blanks.clear();
    load::check(&object)?;
    target.object = object;
    Ok(())
}

/// Reads an entry of `patchesJson6902`.
pub(crate) fn apply_json6902(
    loader: &Loader<'_>,
    entry: &Patch,
    resources: &mut ResMap,
) -> Result<(), Error> {
    let configured = |error: Error| {
        let mut config = entry.to_value();
        // The transformer's own name for the inline patch.
        if let Some(map) = config.as_object_mut()
            && let Some(patch) = map.remove("patch")
        {
            map.insert("jsonOp".to_owned(), patch);
        }
        configuring(error, "PatchJson6902Transformer", &config)
    };
    let target = entry
        .target
        .as_ref()
        .filter(|target| !target.name.is_empty())
        .ok_or_else(|| configured(Error::invalid("must specify the target name")))?;
    let text = match (entry.path.is_empty(), entry.patch.is_empty()) {
        (true, true) => {
            return Err(configured(Error::invalid(
                "empty file path and empty jsonOp",
            )));
        }
        (false, false) => {
            return Err(configured(Error::invalid(
                "must specify a file path or jsonOp, not both",
            )));
        }
        (false, true) => loader.text(&entry.path).map_err(configured)?,
        (true, false) => entry.patch.clone(),
    };
    let patch = JsonPatch::parse(&text).map_err(configured)?;
    let matcher = Matcher::new(target)?;
    for at in selected(resources, &matcher) {
        loader.context.count_added(text.len())?;
        resources.modify(at, |target| apply_json(loader.context, target, &patch))?;
    }
    Ok(())
}

/// Reads and applies `patchesStrategicMerge`: paths, or patches themselves.
pub(crate) fn apply_strategic_merge(
    loader: &Loader<'_>,
    entries: &[String],
    resources: &mut ResMap,
    schemas: &Schemas,
) -> Result<(), Error> {
    for patch in read_strategic_merge(loader, entries).map_err(|error| {
        let config = serde_json::json!({ "paths": entries });
        configuring(error, "PatchStrategicMergeTransformer", &config)
    })? {
        let at = resources.find_one(&patch.id())?;
        resources.modify(at, |target| strategic::apply(target, &patch, schemas))?;
    }
    resources.drop_empty();
    Ok(())
}

fn read_strategic_merge(loader: &Loader<'_>, entries: &[String]) -> Result<Vec<Resource>, Error> {
    let mut patches = Vec::new();
    for entry in entries {
        // What looks like a document cannot be the name of a file.
        if entry.contains('\n') {
            patches.extend(load::resources(entry)?);
            continue;
        }
        match loader.text(entry) {
            Ok(text) => {
                let read = load::resources(&text).map_err(|error| {
                    error.map_message(|text| format!("{text} in File: {entry}"))
                })?;
                patches.extend(read);
            }
            Err(error) if error.is_final() => return Err(error),
            Err(error) => match load::resources(entry) {
                Ok(inline) if !inline.is_empty() => patches.extend(inline),
                _ => return Err(error),
            },
        }
    }
    if patches.is_empty() {
        return Err(Error::invalid(format!(
            "patch appears to be empty; files=[{}], Patch=",
            entries.join(" ")
        )));
    }
    Ok(patches)
}
