//! A whole build: accumulation, then what is done once, at the root.

mod accumulate;
mod generators;
mod plugins;
mod transformers;

use std::rc::Rc;

use windlass_archive::Tree;

use crate::config::TransformerConfig;
use crate::loader::{Context, Loader};
use crate::manifest::Manifest;
use crate::node::Valueless;
use crate::origin::{ORIGIN, Origin, TRANSFORMATIONS};
use crate::resmap::ResMap;
use crate::schema::{Builtins, Definitions, Schemas};
use crate::time_limit;
use crate::transform::Transformer as _;
use crate::transform::hash::HashTransformer;
use crate::transform::label::LabelTransformer;
use crate::{
    Build, BuildOptions, Error, Files, Resource, kustomization, load, namereference, order,
};

use kustomization::Kustomization;

/// The version of kustomize whose behaviour this is.
const VERSION: &str = "v5.8.1";

/// The annotation of resources that only serve the build.
const LOCAL: &str = "config.kubernetes.io/local-config";

pub(crate) fn run(
    files: &dyn Files,
    path: &str,
    options: &BuildOptions<'_>,
) -> Result<Build, Error> {
    let context = Context::new(files, options);
    let resources = resources(&context, &Loader::new(&context, path)?)?;
    Ok(finished(context, resources))
}

pub(crate) fn run_repository(name: &str, options: &BuildOptions<'_>) -> Result<Build, Error> {
    let nothing = Tree::default();
    let context = Context::new(&nothing, options);
    let resources = resources(&context, &Loader::of_repository(&context, name)?)?;
    Ok(finished(context, resources))
}

fn finished(context: Context<'_>, resources: Vec<Resource>) -> Build {
    let (warnings, files_read) = context.into_parts();
    Build {
        resources,
        warnings,
        files_read,
    }
}

fn resources(context: &Context<'_>, loader: &Loader<'_>) -> Result<Vec<Resource>, Error> {
    let (kustomization, file) = kustomization::load(loader)?;
    set_schemas(loader, &kustomization, true)?;
    let wanted = &kustomization.build_metadata;
    let wants = |option: &str| wanted.iter().any(|wanted| wanted == option);
    let target = accumulate::Target {
        loader,
        kustomization: &kustomization,
        file,
        origin: (!wanted.is_empty()).then(Origin::default),
        chart_namespace: "",
    };
    let accumulated = target.accumulate(accumulate::Accumulator::default())?;
    let config = accumulated.config.as_deref();
    let config = config.unwrap_or(TransformerConfig::builtin());
    let mut resources = accumulated.resources;
    let schemas = context.schemas();
    HashTransformer.transform(&mut resources, &schemas)?;
    time_limit::check_now()?;
    namereference::update(&mut resources, &config.name_references)?;
    accumulated
        .vars
        .resolve(context, &mut resources, &config.var_references)?;
    drop_local(&mut resources)?;
    resources.check_unique()?;
    let mut manifests = resources.into_items();
    order::sort(context, &mut manifests, kustomization.sort_options.as_ref())?;
    let mut resources = ResMap::of(manifests);
    if wants("managedByLabel") {
        LabelTransformer::managed_by(&format!("kustomize-{VERSION}"))
            .transform(&mut resources, &schemas)?;
    }
    let keep = |key: &str| match key {
        ORIGIN => wants("originAnnotations"),
        TRANSFORMATIONS => wants("transformerAnnotations"),
        _ => true,
    };
    let manifests = resources.into_items().into_iter();
    manifests.map(|manifest| finish(manifest, keep)).collect()
}

/// Decides on the schemas, unless that has been done: the first kustomization that has a say counts
/// for the whole build.
fn set_schemas(loader: &Loader<'_>, k: &Kustomization, root: bool) -> Result<(), Error> {
    let get = |key: &str| {
        let mut fields = k.openapi.iter();
        fields.find(|(name, _)| name == key).map(|(_, value)| value)
    };
    let at = |error: Error| error.in_file(&loader.located(get("path").map_or("", String::as_str)));
    let text = get("path").map(|path| loader.text(path)).transpose()?;
    let context = loader.context;
    if context.schemas.borrow().is_some() && !root {
        return Ok(());
    }
    let schemas = match (get("version").map(String::as_str), text) {
        (Some(_), Some(_)) => {
            return Err(Error::invalid(
                "builtin version and custom schema provided, cannot use both",
            ));
        }
        (None | Some(""), None) => return Ok(()),
        (Some("v1.21.2"), None) => context.builtin.clone(),
        (Some(_), None) => {
            return Err(Error::invalid(
                "the specified OpenAPI version is not built in",
            ));
        }
        (None, Some(text)) => {
            let document = windlass_yaml::to_value(&text).map_err(|error| {
                at(Error::invalid(format!("invalid schema file: {error}")).with_line(error.line()))
            })?;
            let builtins = match &context.builtin {
                // They have been read before, so that the document adds to them.
                Schemas::Builtin(looked_up) if looked_up.get() => Builtins::Last,
                // They are read after it.
                _ if context.unknown_types.get() => Builtins::First,
                _ => Builtins::None,
            };
            Schemas::Custom(Rc::new(Definitions::new(document, builtins)))
        }
    };
    *context.schemas.borrow_mut() = Some(schemas);
    Ok(())
}

/// Drops resources that only serve the build; the others must be resources still.
fn drop_local(resources: &mut ResMap) -> Result<(), Error> {
    for manifest in resources.items().iter().filter(|m| !m.is_empty()) {
        if load::check(&manifest.node).is_err() {
            load::check(&manifest.with_records().node)?;
        }
    }
    resources.items_mut().retain(|manifest| {
        let local = manifest.text_of("annotations", LOCAL);
        !manifest.is_empty() && local.is_none_or(|value| value == "false")
    });
    Ok(())
}

/// The object in the end.
fn finish(mut manifest: Manifest, keep: impl Fn(&str) -> bool) -> Result<Resource, Error> {
    manifest.finish_annotations(keep);
    let object = manifest.node.into_value().map_err(Valueless::shown)?;
    Ok(Resource { object })
}
