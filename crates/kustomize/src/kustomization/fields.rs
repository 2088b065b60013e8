//! The types of a kustomization's fields.

use windlass_yaml::Value;

use super::charts::{Chart, ChartGlobals};
use super::generators::{GeneratorArgs, GeneratorOptions};
use super::names;
use super::replacement::ReplacementEntry;
use super::var::Var;
use crate::Error;
use crate::decode::At;
use crate::fieldspec::FieldSpec;
use crate::id::{GvkRef, Id};

/// A kustomization or component, decoded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kustomization {
    pub(crate) is_component: bool,
    pub(crate) resources: Vec<String>,
    pub(crate) components: Vec<String>,
    pub(crate) crds: Vec<String>,
    pub(crate) openapi: Vec<(String, String)>,
    pub(crate) configurations: Vec<String>,
    pub(crate) namespace: String,
    pub(crate) name_prefix: String,
    pub(crate) name_suffix: String,
    pub(crate) labels: Vec<Label>,
    pub(crate) common_labels: Vec<(String, String)>,
    pub(crate) common_annotations: Vec<(String, String)>,
    pub(crate) patches_strategic_merge: Vec<String>,
    pub(crate) patches_json6902: Vec<Patch>,
    pub(crate) patches: Vec<Patch>,
    pub(crate) images: Vec<Image>,
    pub(crate) replicas: Vec<Replica>,
    pub(crate) replacements: Vec<ReplacementEntry>,
    pub(crate) vars: Vec<Var>,
    pub(crate) config_maps: Vec<GeneratorArgs>,
    pub(crate) secrets: Vec<GeneratorArgs>,
    pub(crate) generator_options: Option<GeneratorOptions>,
    pub(crate) generators: Vec<String>,
    pub(crate) transformers: Vec<String>,
    pub(crate) validators: Vec<String>,
    pub(crate) charts: Vec<Chart>,
    pub(crate) chart_globals: Option<ChartGlobals>,
    // Fields of old: empty once the file has been loaded.
    pub(super) bases: Vec<String>,
    pub(super) image_tags: Vec<Image>,
    pub(super) old_charts: Vec<Chart>,
    pub(super) old_chart_globals: ChartGlobals,
    pub(crate) sort_options: Option<SortOptions>,
    pub(crate) build_metadata: Vec<String>,
}

/// An entry of `labels`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Label {
    pub(crate) pairs: Vec<(String, String)>,
    pub(crate) include_selectors: bool,
    pub(crate) include_templates: bool,
    pub(crate) fields: Vec<FieldSpec>,
}

/// An entry of `patches` or `patchesJson6902`.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(
    clippy::struct_field_names,
    reason = "the names are those of the kustomization file"
)]
pub(crate) struct Patch {
    pub(crate) path: String,
    pub(crate) patch: String,
    pub(crate) target: Option<Selector>,
    pub(crate) options: Option<Vec<(String, bool)>>,
}

/// Selects resources by id and by label and annotation selectors.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(
    clippy::struct_field_names,
    reason = "the names are those of the kustomization file"
)]
pub(crate) struct Selector {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) annotation_selector: String,
    pub(crate) label_selector: String,
}

/// An entry of `images`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Image {
    pub(crate) name: String,
    pub(crate) new_name: String,
    pub(crate) tag_suffix: String,
    pub(crate) new_tag: String,
    pub(crate) digest: String,
}

/// An entry of `replicas`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Replica {
    pub(crate) name: String,
    pub(crate) count: i64,
}

/// `sortOptions`.
#[derive(Debug, Clone, Default)]
pub(crate) struct SortOptions {
    pub(crate) order: String,
    pub(crate) legacy: Option<(Vec<String>, Vec<String>)>,
}

impl Patch {
    pub(crate) fn decode(value: &Value, at: &At) -> Result<Self, Error> {
        Self::decode_as("Patch", value, at)
    }

    /// Reads it as a structure of another name.
    pub(crate) fn decode_as(
        structure: &'static str,
        value: &Value,
        at: &At,
    ) -> Result<Self, Error> {
        let mut patch = Self::default();
        at.fields(value, structure, names::PATCH, |name, value, at| {
            match name {
                "path" => patch.path = at.string(value)?,
                "patch" => patch.patch = at.string(value)?,
                "target" => patch.target = Some(Selector::decode(value, at)?),
                _ => {
                    let known = ["allowNameChange", "allowKindChange"];
                    let options = patch.options.get_or_insert_default();
                    at.fields(value, "PatchArgs", &known, |name, value, at| {
                        options.push((name.to_owned(), at.boolean(value)?));
                        Ok(())
                    })?;
                }
            }
            Ok(())
        })?;
        Ok(patch)
    }

    pub(crate) fn option(&self, name: &str) -> bool {
        let mut options = self.options.iter().flatten();
        options.any(|(option, set)| option == name && *set)
    }
}

impl Selector {
    pub(crate) fn decode(value: &Value, at: &At) -> Result<Self, Error> {
        let mut selector = Self::default();
        at.fields(value, "Selector", names::SELECTOR, |name, value, at| {
            let text = at.string(value)?;
            match name {
                "group" => selector.group = text,
                "version" => selector.version = text,
                "kind" => selector.kind = text,
                "name" => selector.name = text,
                "namespace" => selector.namespace = text,
                "annotationSelector" => selector.annotation_selector = text,
                _ => selector.label_selector = text,
            }
            Ok(())
        })?;
        Ok(selector)
    }

    pub(crate) fn to_value(&self) -> Value {
        let fields = [
            ("annotationSelector", &self.annotation_selector),
            ("group", &self.group),
            ("kind", &self.kind),
            ("labelSelector", &self.label_selector),
            ("name", &self.name),
            ("namespace", &self.namespace),
            ("version", &self.version),
        ];
        let set = fields.into_iter().filter(|(_, value)| !value.is_empty());
        Value::Object(
            set.map(|(key, value)| (key.to_owned(), value.clone().into()))
                .collect(),
        )
    }
}

impl std::fmt::Display for Selector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let id = Id {
            gvk: GvkRef {
                group: &self.group,
                version: &self.version,
                kind: &self.kind,
            },
            name: &self.name,
            namespace: &self.namespace,
            cluster: false,
        };
        write!(
            f,
            "{id}:a={}:l={}",
            self.annotation_selector, self.label_selector
        )
    }
}

impl Image {
    pub(crate) fn decode(value: &Value, at: &At) -> Result<Self, Error> {
        let mut image = Self::default();
        at.fields(value, "Image", names::IMAGE, |name, value, at| {
            let text = at.string(value)?;
            match name {
                "name" => image.name = text,
                "newName" => image.new_name = text,
                "tagSuffix" => image.tag_suffix = text,
                "newTag" => image.new_tag = text,
                _ => image.digest = text,
            }
            Ok(())
        })?;
        Ok(image)
    }
}

impl Replica {
    pub(crate) fn decode(value: &Value, at: &At) -> Result<Self, Error> {
        let mut replica = Self::default();
        at.fields(value, "Replica", names::REPLICA, |name, value, at| {
            match name {
                "name" => replica.name = at.string(value)?,
                _ => replica.count = at.integer(value, "int64")?,
            }
            Ok(())
        })?;
        Ok(replica)
    }
}

impl Label {
    pub(crate) fn decode(value: &Value, at: &At) -> Result<Self, Error> {
        let mut label = Self::default();
        at.fields(value, "Label", names::LABEL, |name, value, at| {
            match name {
                "pairs" => label.pairs = at.string_map(value)?,
                "includeSelectors" => label.include_selectors = at.boolean(value)?,
                "includeTemplates" => label.include_templates = at.boolean(value)?,
                _ => label.fields = at.list(value, "[]types.FieldSpec", FieldSpec::decode)?,
            }
            Ok(())
        })?;
        Ok(label)
    }
}

impl SortOptions {
    pub(crate) fn decode(value: &Value, at: &At) -> Result<Self, Error> {
        let mut options = Self::default();
        at.fields(
            value,
            "SortOptions",
            names::SORT_OPTIONS,
            |name, value, at| {
                if name == "order" {
                    options.order = at.named_string(value, "types.SortOrder")?;
                    return Ok(());
                }
                let mut lists = (Vec::new(), Vec::new());
                let known = names::LEGACY_SORT_OPTIONS;
                at.fields(value, "LegacySortOptions", known, |name, value, at| {
                    let list = at.strings(value)?;
                    if name == "orderFirst" {
                        lists.0 = list;
                    } else {
                        lists.1 = list;
                    }
                    Ok(())
                })?;
                options.legacy = Some(lists);
                Ok(())
            },
        )?;
        Ok(options)
    }
}
