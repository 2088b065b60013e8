//! Finding, decoding and checking a kustomization file.

use windlass_yaml::Value;

use super::charts::{Chart, ChartGlobals};
use super::replacement::ReplacementEntry;
use super::{
    GeneratorArgs, GeneratorOptions, Image, Kustomization, Label, Patch, Replica, SortOptions, Var,
    names,
};
use crate::decode::At;
use crate::loader::Loader;
use crate::{Error, ErrorKind};

/// The names a kustomization file may have.
pub(crate) const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

const VERSION: &str = "kustomize.config.k8s.io/v1beta1";
const COMPONENT_VERSION: &str = "kustomize.config.k8s.io/v1alpha1";

/// The name and text of the kustomization file in the loader's directory.
fn find(loader: &Loader<'_>) -> Result<(&'static str, String), Error> {
    let mut found = None;
    for name in NAMES {
        let Some(bytes) = loader.own_file(name) else {
            continue;
        };
        if found.is_some() {
            return Err(Error::invalid(format!(
                "Found multiple kustomization files under: {}\n",
                loader.shown_root()
            )));
        }
        found = Some((name, String::from_utf8_lossy(&bytes).into_owned()));
    }
    found.ok_or_else(|| {
        Error::new(
            ErrorKind::NotFound,
            format!(
                "unable to find one of 'kustomization.yaml', 'kustomization.yml' or \
                 'Kustomization' in directory '{}'",
                loader.shown_root()
            ),
        )
    })
}

/// The kustomization of the loader's directory and the name of its file.
pub(crate) fn load(loader: &Loader<'_>) -> Result<(Kustomization, &'static str), Error> {
    let (name, text) = find(loader)?;
    read(loader, &text)
        .map(|kustomization| (kustomization, name))
        .map_err(|error| error.in_file(&loader.located(name)))
}

fn read(loader: &Loader<'_>, text: &str) -> Result<Kustomization, Error> {
    let value = windlass_yaml::to_value(text).map_err(|error| {
        Error::invalid(format!("invalid Kustomization: {error}")).with_line(error.line())
    })?;
    let (mut kustomization, faults) =
        decode(&value).map_err(|error| error.context("invalid Kustomization"))?;
    warn(loader, &value);
    kustomization.bring_up_to_date();
    if is_without_content(&value) {
        return Err(Error::invalid("kustomization.yaml is empty"));
    }
    if !faults.is_empty() {
        return Err(Error::invalid(format!(
            "Failed to read kustomization file under {}:\n{}",
            loader.shown_root(),
            faults.join("\n")
        )));
    }
    Ok(kustomization)
}

/// Whether nothing but type information is given. An empty list counts as something, except for
/// fields of old, which are moved to others.
fn is_without_content(value: &Value) -> bool {
    const OLD: [&str; 3] = ["bases", "imageTags", "helmChartInflationGenerator"];
    const TYPE: [&str; 2] = ["kind", "apiVersion"];
    let among = |names: &[&str], key: &str| names.iter().any(|n| n.eq_ignore_ascii_case(key));
    match value {
        Value::Object(map) => map.iter().all(|(key, value)| match value {
            _ if among(&TYPE, key) => true,
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty() && among(&OLD, key),
            _ => false,
        }),
        _ => true,
    }
}

fn decode(value: &Value) -> Result<(Kustomization, Vec<String>), Error> {
    let mut k = Kustomization::default();
    let (mut kind, mut version) = (String::new(), String::new());
    let mut old_globals = ChartGlobals::default();
    At::root().fields(
        value,
        "Kustomization",
        names::KUSTOMIZATION,
        |name, value, at| {
            match name {
                "kind" => kind = at.string(value)?,
                "apiVersion" => version = at.string(value)?,
                "resources" => k.resources = at.strings(value)?,
                "bases" => k.bases = at.strings(value)?,
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
                "patchesStrategicMerge" => {
                    k.patches_strategic_merge =
                        at.named_strings(value, "types.PatchStrategicMerge")?;
                }
                "patchesJson6902" => {
                    k.patches_json6902 = at.list(value, "[]types.Patch", Patch::decode)?;
                }
                "patches" => k.patches = at.list(value, "[]types.Patch", Patch::decode)?,
                "images" => k.images = at.list(value, "[]types.Image", Image::decode)?,
                "imageTags" => k.image_tags = at.list(value, "[]types.Image", Image::decode)?,
                "replicas" => k.replicas = at.list(value, "[]types.Replica", Replica::decode)?,
                "replacements" => {
                    let of_type = "[]types.ReplacementField";
                    k.replacements = at.list(value, of_type, ReplacementEntry::decode)?;
                }
                "vars" => k.vars = at.list(value, "[]types.Var", Var::decode)?,
                "configMapGenerator" => {
                    k.config_maps = at.list(value, "[]types.ConfigMapArgs", |item, at| {
                        GeneratorArgs::decode(item, at, "ConfigMap")
                    })?;
                }
                "secretGenerator" => {
                    k.secrets = at.list(value, "[]types.SecretArgs", |item, at| {
                        GeneratorArgs::decode(item, at, "Secret")
                    })?;
                }
                "generatorOptions" => {
                    k.generator_options = Some(GeneratorOptions::decode(value, at)?);
                }
                "generators" => k.generators = at.strings(value)?,
                "transformers" => k.transformers = at.strings(value)?,
                "validators" => k.validators = at.strings(value)?,
                "helmCharts" => k.charts = at.list(value, "[]types.HelmChart", Chart::decode)?,
                "helmGlobals" => k.chart_globals = Some(ChartGlobals::decode(value, at)?),
                "helmChartInflationGenerator" => {
                    k.old_charts = at.list(value, "[]types.HelmChartArgs", |item, at| {
                        Chart::decode_old(item, at, &mut old_globals)
                    })?;
                }
                "sortOptions" => k.sort_options = Some(SortOptions::decode(value, at)?),
                "buildMetadata" => k.build_metadata = at.strings(value)?,
                // `metadata` has no effect.
                _ => metadata(value, at)?,
            }
            Ok(())
        },
    )?;
    k.old_chart_globals = old_globals;
    k.is_component = kind == "Component";
    Ok((k, faults(&kind, &version)))
}

/// Only its types are looked at.
fn metadata(value: &Value, at: &At) -> Result<(), Error> {
    at.fields(value, "ObjectMeta", names::METADATA, |name, value, at| {
        match name {
            "name" | "namespace" => drop(at.string(value)?),
            _ => drop(at.string_map(value)?),
        }
        Ok(())
    })
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

impl Kustomization {
    /// Moves what stands in fields of old to the fields that took their place.
    fn bring_up_to_date(&mut self) {
        self.resources.append(&mut self.bases);
        self.images.append(&mut self.image_tags);
        for args in self.config_maps.iter_mut().chain(&mut self.secrets) {
            if !args.env.is_empty() {
                args.envs.push(std::mem::take(&mut args.env));
            }
        }
        self.charts.append(&mut self.old_charts);
        if self.chart_globals.is_none() {
            self.chart_globals = Some(std::mem::take(&mut self.old_chart_globals));
        }
    }
}

/// Tells of fields of old, whatever they hold.
fn warn(loader: &Loader<'_>, value: &Value) {
    const TABLE: [(&str, &str, &str); 6] = [
        ("bases", "resources", ""),
        ("commonLabels", "labels", ""),
        ("imageTags", "images", ""),
        ("patchesJson6902", "patches", ""),
        ("patchesStrategicMerge", "patches", ""),
        ("vars", "replacements", "[EXPERIMENTAL] "),
    ];
    let given = |name: &str| {
        let fields = value.as_object().into_iter().flatten();
        fields
            .filter(|(_, value)| !value.is_null())
            .any(|(key, _)| key.eq_ignore_ascii_case(name))
    };
    for (old, new, mark) in TABLE.into_iter().filter(|(old, ..)| given(old)) {
        loader.context.warn(format!(
            "# Warning: '{old}' is deprecated. Please use '{new}' instead. {mark}Run 'kustomize \
             edit fix' to update your Kustomization automatically."
        ));
    }
}
