//! A whole build: accumulation, then what is done once, at the root.

mod accumulate;
mod transformers;

use std::cell::OnceCell;

use windlass_archive::Tree;
use windlass_yaml::Value;

use crate::config::TransformerConfig;
use crate::kustomization;
use crate::loader::{Context, Loader};
use crate::origin::{ORIGIN, Origin, TRANSFORMATIONS, list_to_yaml};
use crate::resmap::ResMap;
use crate::resource::scalar_text;
use crate::schema::Schemas;
use crate::{Build, BuildOptions, Error, Resource, generator, namereference, order};

/// The version of kustomize whose behaviour this is.
const VERSION: &str = "v5.8.1";

/// The annotation of resources that only serve the build.
const LOCAL: &str = "config.kubernetes.io/local-config";

/// Which records of `buildMetadata` are wanted. The root decides for all levels.
#[derive(Debug, Clone, Copy, Default)]
struct Metadata {
    origin: bool,
    transformations: bool,
    managed_by: bool,
}

impl Metadata {
    fn new(options: &[String]) -> Self {
        let mut metadata = Self::default();
        for option in options {
            match option.as_str() {
                "originAnnotations" => metadata.origin = true,
                "transformerAnnotations" => metadata.transformations = true,
                "managedByLabel" => metadata.managed_by = true,
                // Others have no effect, as in the original.
                _ => {}
            }
        }
        metadata
    }
}

/// What every level of one build shares.
struct Session {
    builtin: TransformerConfig,
    /// Set by the first kustomization that has an `openapi` field.
    schemas: OnceCell<Schemas>,
    metadata: Metadata,
}

pub(crate) fn run(tree: &Tree, path: &str, options: &BuildOptions<'_>) -> Result<Build, Error> {
    let context = Context::new(tree, options);
    let loader = Loader::new(&context, path)?;
    let (kustomization, file) = kustomization::load(&loader)?;
    let session = Session {
        builtin: TransformerConfig::builtin(),
        schemas: OnceCell::new(),
        metadata: Metadata::new(&kustomization.build_metadata),
    };
    let target = accumulate::Target {
        session: &session,
        loader: &loader,
        kustomization: &kustomization,
        file,
    };
    let accumulated = target.accumulate(accumulate::Accumulator::default())?;
    let config = accumulated.config(&session).clone();
    let mut resources = accumulated.resources;
    add_hashes(&mut resources);
    options.check_cancelled()?;
    namereference::update(&mut resources, &config.name_references)?;
    let mut resources = resources.into_items();
    resources.retain(|resource| {
        resource
            .annotation(LOCAL)
            .is_none_or(|value| value == "false")
    });
    order::sort(
        &mut resources,
        kustomization.sort_options.as_ref(),
        options.reorder,
    )?;
    for resource in &mut resources {
        finish(resource, session.metadata)?;
    }
    let warnings = context.warnings.take();
    Ok(Build {
        resources,
        warnings,
        files_read: context.into_files_read(),
    })
}

fn add_hashes(resources: &mut ResMap) {
    if !resources.items().iter().any(|resource| resource.needs_hash) {
        return;
    }
    for resource in resources
        .items_mut()
        .iter_mut()
        .filter(|resource| resource.needs_hash)
    {
        let name = format!("{}-{}", resource.name(), generator::name_suffix(resource));
        resource.remember_name();
        resource.set_metadata("name", &name);
    }
}

/// Writes the wanted records into the object and leaves no empty annotations.
fn finish(resource: &mut Resource, metadata: Metadata) -> Result<(), Error> {
    if let Some(fault) = &resource.fault {
        return Err(Error::invalid(format!(
            "map[string]interface {{}}(nil): {fault}"
        )));
    }
    let origin = resource
        .origin
        .as_ref()
        .filter(|_| metadata.origin)
        .map(Origin::to_yaml);
    let transformations = (metadata.transformations && !resource.transformations.is_empty())
        .then(|| list_to_yaml(&resource.transformations));
    for (key, text) in [(ORIGIN, origin), (TRANSFORMATIONS, transformations)] {
        if let (Some(text), Some(map)) = (text, resource.metadata_map("annotations")) {
            map.insert(key.to_owned(), Value::String(text));
        }
    }
    if metadata.managed_by
        && let Some(labels) = resource.metadata_map("labels")
    {
        let value = format!("kustomize-{VERSION}");
        labels.insert("app.kubernetes.io/managed-by".to_owned(), value.into());
    }
    if let Some(Value::Object(object)) = resource.object.get_mut("metadata") {
        // Those that patches and generators brought may still be of other types.
        if let Some(Value::Object(annotations)) = object.get_mut("annotations") {
            for value in annotations.values_mut() {
                if matches!(value, Value::Bool(_) | Value::Number(_) | Value::Null) {
                    *value = Value::String(scalar_text(Some(value)));
                }
            }
        }
        let empty = object
            .get("annotations")
            .and_then(Value::as_object)
            .is_some_and(serde_json::Map::is_empty);
        if empty {
            object.remove("annotations");
        }
    }
    Ok(())
}
