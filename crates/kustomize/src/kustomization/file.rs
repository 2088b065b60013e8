//! Finding, decoding and checking a kustomization file.

use windlass_yaml::Value;

use super::{
    GeneratorArgs, GeneratorOptions, Image, Kustomization, Label, Patch, Replica, SortOptions,
};
use crate::decode::At;
use crate::loader::Loader;
use crate::{Error, ErrorKind};

/// The names a kustomization file may have.
pub(crate) const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

const VERSION: &str = "kustomize.config.k8s.io/v1beta1";
const COMPONENT_VERSION: &str = "kustomize.config.k8s.io/v1alpha1";

/// The name of the kustomization file in the loader's directory.
fn find(loader: &Loader<'_>) -> Result<&'static str, Error> {
    let mut found = None;
    for name in NAMES {
        let path = loader.resolve(name)?;
        loader.context.note(&path);
        if loader.context.tree.get(&path).is_some() && found.replace(name).is_some() {
            return Err(Error::invalid(format!(
                "Found multiple kustomization files under: {}\n",
                loader.context.shown(&loader.root)
            )));
        }
    }
    found.ok_or_else(|| {
        Error::new(
            ErrorKind::NotFound,
            format!(
                "unable to find one of 'kustomization.yaml', 'kustomization.yml' or \
                 'Kustomization' in directory '{}'",
                loader.context.shown(&loader.root)
            ),
        )
    })
}

/// The kustomization of the loader's directory and the name of its file.
pub(crate) fn load(loader: &Loader<'_>) -> Result<(Kustomization, &'static str), Error> {
    let name = find(loader)?;
    let text = loader.text(name)?;
    let value = windlass_yaml::to_value(&text)
        .map_err(|error| Error::invalid(format!("invalid Kustomization: {error}")))?;
    let (kustomization, faults) =
        decode(loader, &value).map_err(|error| error.context("invalid Kustomization"))?;
    if is_without_content(&value) {
        return Err(Error::invalid("kustomization.yaml is empty"));
    }
    if !faults.is_empty() {
        return Err(Error::invalid(format!(
            "Failed to read kustomization file under {}:\n{}",
            loader.context.shown(&loader.root),
            faults.join("\n")
        )));
    }
    Ok((kustomization, name))
}

/// Whether nothing but type information is given.
fn is_without_content(value: &Value) -> bool {
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    };
    match value {
        Value::Object(map) => map.iter().all(|(key, value)| {
            key.eq_ignore_ascii_case("kind")
                || key.eq_ignore_ascii_case("apiVersion")
                || empty(value)
        }),
        _ => true,
    }
}

/// The fields of a kustomization.
pub(crate) const FIELDS: [&str; 34] = [
    "kind",
    "apiVersion",
    "metadata",
    "resources",
    "bases",
    "components",
    "crds",
    "openapi",
    "configurations",
    "namespace",
    "namePrefix",
    "nameSuffix",
    "labels",
    "commonLabels",
    "commonAnnotations",
    "patchesStrategicMerge",
    "patchesJson6902",
    "patches",
    "images",
    "imageTags",
    "replicas",
    "replacements",
    "vars",
    "configMapGenerator",
    "secretGenerator",
    "generatorOptions",
    "generators",
    "transformers",
    "validators",
    "helmGlobals",
    "helmCharts",
    "helmChartInflationGenerator",
    "sortOptions",
    "buildMetadata",
];

fn decode(loader: &Loader<'_>, value: &Value) -> Result<(Kustomization, Vec<String>), Error> {
    let mut k = Kustomization::default();
    let (mut kind, mut version) = (String::new(), String::new());
    let (mut bases, mut image_tags) = (Vec::new(), Vec::new());
    At::root().fields(value, "Kustomization", &FIELDS, |name, value, at| {
        match name {
            "kind" => kind = at.string(value)?,
            "apiVersion" => version = at.string(value)?,
            "resources" => k.resources = at.strings(value)?,
            "bases" => bases = at.strings(value)?,
            "components" => k.components = at.strings(value)?,
            "crds" => k.crds = at.strings(value)?,
            "openapi" => k.openapi = at.string_map(value)?,
            "configurations" => k.configurations = at.strings(value)?,
            "namespace" => k.namespace = at.string(value)?,
            "namePrefix" => k.name_prefix = at.string(value)?,
            "nameSuffix" => k.name_suffix = at.string(value)?,
            "labels" => k.labels = at.list(value, "[]types.Label", Label::decode)?,
            "commonLabels" => k.common_labels = at.string_map(value)?,
            "commonAnnotations" => k.common_annotations = at.string_map(value)?,
            "patchesStrategicMerge" => k.patches_strategic_merge = at.strings(value)?,
            "patchesJson6902" => {
                k.patches_json6902 = at.list(value, "[]types.Patch", Patch::decode)?;
            }
            "patches" => k.patches = at.list(value, "[]types.Patch", Patch::decode)?,
            "images" => k.images = at.list(value, "[]types.Image", Image::decode)?,
            "imageTags" => image_tags = at.list(value, "[]types.Image", Image::decode)?,
            "replicas" => k.replicas = at.list(value, "[]types.Replica", Replica::decode)?,
            "replacements" => {
                k.replacements =
                    at.list(
                        value,
                        "[]types.ReplacementField",
                        |item, _| Ok(item.clone()),
                    )?;
            }
            "vars" => k.vars = at.list(value, "[]types.Var", |item, _| Ok(item.clone()))?,
            "configMapGenerator" => {
                k.config_maps = at.list(value, "[]types.ConfigMapArgs", |item, at| {
                    GeneratorArgs::decode(item, at, false)
                })?;
            }
            "secretGenerator" => {
                k.secrets = at.list(value, "[]types.SecretArgs", |item, at| {
                    GeneratorArgs::decode(item, at, true)
                })?;
            }
            "generatorOptions" => k.generator_options = GeneratorOptions::decode(value, at)?,
            "generators" => k.generators = at.strings(value)?,
            "transformers" => k.transformers = at.strings(value)?,
            "validators" => k.validators = at.strings(value)?,
            "helmCharts" | "helmChartInflationGenerator" => {
                k.helm_charts
                    .extend(at.list(value, "[]types.HelmChart", |item, _| Ok(item.clone()))?);
            }
            "sortOptions" => k.sort_options = Some(SortOptions::decode(value, at)?),
            "buildMetadata" => k.build_metadata = at.strings(value)?,
            // metadata and helmGlobals have no effect on their own.
            _ => {}
        }
        Ok(())
    })?;
    warn(loader, &k, !bases.is_empty(), !image_tags.is_empty());
    k.images.append(&mut image_tags);
    k.resources.append(&mut bases);
    k.is_component = kind == "Component";
    Ok((k, faults(&kind, &version)))
}

fn faults(kind: &str, version: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let wanted = if kind == "Component" {
        COMPONENT_VERSION
    } else {
        VERSION
    };
    if !matches!(kind, "" | "Kustomization" | "Component") {
        faults.push("kind should be Kustomization or Component".to_owned());
    }
    if !version.is_empty() && version != wanted {
        let kind = if kind.is_empty() {
            "Kustomization"
        } else {
            kind
        };
        faults.push(format!("apiVersion for {kind} should be {wanted}"));
    }
    faults
}

fn warn(loader: &Loader<'_>, k: &Kustomization, bases: bool, image_tags: bool) {
    let table = [
        (bases, "bases", "resources", ""),
        (image_tags, "imageTags", "images", ""),
        (!k.common_labels.is_empty(), "commonLabels", "labels", ""),
        (
            !k.patches_json6902.is_empty(),
            "patchesJson6902",
            "patches",
            "",
        ),
        (
            !k.patches_strategic_merge.is_empty(),
            "patchesStrategicMerge",
            "patches",
            "",
        ),
        (
            !k.vars.is_empty(),
            "vars",
            "replacements",
            "[EXPERIMENTAL] ",
        ),
    ];
    for (_, old, new, mark) in table.into_iter().filter(|row| row.0) {
        loader.context.warnings.borrow_mut().push(format!(
            "# Warning: '{old}' is deprecated. Please use '{new}' instead. {mark}Run 'kustomize \
             edit fix' to update your Kustomization automatically."
        ));
    }
}
