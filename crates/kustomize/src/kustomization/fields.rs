//! The types of a kustomization's fields.

use windlass_yaml::Value;

use crate::Error;
use crate::decode::At;
use crate::fieldspec::FieldSpec;
use crate::id::{Gvk, Id};

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
    pub(crate) replacements: Vec<Value>,
    pub(crate) vars: Vec<Value>,
    pub(crate) config_maps: Vec<GeneratorArgs>,
    pub(crate) secrets: Vec<GeneratorArgs>,
    pub(crate) generator_options: GeneratorOptions,
    pub(crate) generators: Vec<String>,
    pub(crate) transformers: Vec<String>,
    pub(crate) validators: Vec<String>,
    pub(crate) helm_charts: Vec<Value>,
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
    pub(crate) options: Vec<(String, bool)>,
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

/// An entry of `configMapGenerator` or `secretGenerator`.
#[derive(Debug, Clone, Default)]
pub(crate) struct GeneratorArgs {
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) behavior: String,
    pub(crate) literals: Vec<String>,
    pub(crate) files: Vec<String>,
    pub(crate) envs: Vec<String>,
    pub(crate) options: GeneratorOptions,
    /// Secrets only.
    pub(crate) secret_type: String,
}

/// `generatorOptions`, or the `options` of one generator.
#[derive(Debug, Clone, Default)]
pub(crate) struct GeneratorOptions {
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) annotations: Vec<(String, String)>,
    pub(crate) disable_name_suffix_hash: bool,
    pub(crate) immutable: bool,
}

/// `sortOptions`.
#[derive(Debug, Clone, Default)]
pub(crate) struct SortOptions {
    pub(crate) order: String,
    pub(crate) legacy: Option<(Vec<String>, Vec<String>)>,
}

impl Patch {
    pub(crate) fn decode(value: &Value, at: &At) -> Result<Self, Error> {
        let mut patch = Self::default();
        at.fields(
            value,
            "Patch",
            &["path", "patch", "target", "options"],
            |name, value, at| {
                match name {
                    "path" => patch.path = at.string(value)?,
                    "patch" => patch.patch = at.string(value)?,
                    "target" => patch.target = Some(Selector::decode(value, at)?),
                    _ => {
                        let known = ["allowNameChange", "allowKindChange"];
                        at.fields(value, "PatchArgs", &known, |name, value, at| {
                            patch.options.push((name.to_owned(), at.boolean(value)?));
                            Ok(())
                        })?;
                    }
                }
                Ok(())
            },
        )?;
        Ok(patch)
    }

    pub(crate) fn option(&self, name: &str) -> bool {
        self.options
            .iter()
            .any(|(option, set)| option == name && *set)
    }

    /// The entry as the original writes it into error texts.
    pub(crate) fn to_value(&self) -> Value {
        let mut map = serde_json::Map::new();
        if !self.options.is_empty() {
            let options = self
                .options
                .iter()
                .map(|(name, set)| (name.clone(), (*set).into()));
            map.insert("options".into(), Value::Object(options.collect()));
        }
        if !self.patch.is_empty() {
            map.insert("patch".into(), self.patch.clone().into());
        }
        if !self.path.is_empty() {
            map.insert("path".into(), self.path.clone().into());
        }
        if let Some(target) = &self.target {
            map.insert("target".into(), target.to_value());
        }
        Value::Object(map)
    }
}

impl Selector {
    pub(crate) fn decode(value: &Value, at: &At) -> Result<Self, Error> {
        let mut selector = Self::default();
        let known = [
            "group",
            "version",
            "kind",
            "name",
            "namespace",
            "annotationSelector",
            "labelSelector",
            // Accepted by the original's type, without effect.
            "apiVersion",
        ];
        at.fields(value, "Selector", &known, |name, value, at| {
            let text = at.string(value)?;
            match name {
                "group" => selector.group = text,
                "version" => selector.version = text,
                "kind" => selector.kind = text,
                "name" => selector.name = text,
                "namespace" => selector.namespace = text,
                "annotationSelector" => selector.annotation_selector = text,
                "labelSelector" => selector.label_selector = text,
                _ => return Err(Error::invalid(format!("json: unknown field {name:?}"))),
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
            gvk: Gvk::new(&self.group, &self.version, &self.kind),
            name: self.name.clone(),
            namespace: self.namespace.clone(),
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
        let known = ["name", "newName", "tagSuffix", "newTag", "digest"];
        at.fields(value, "Image", &known, |name, value, at| {
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
        at.fields(value, "Replica", &["name", "count"], |name, value, at| {
            match name {
                "name" => replica.name = at.string(value)?,
                _ => replica.count = at.integer(value)?,
            }
            Ok(())
        })?;
        Ok(replica)
    }
}

impl Label {
    pub(crate) fn decode(value: &Value, at: &At) -> Result<Self, Error> {
        let mut label = Self::default();
        let known = ["pairs", "includeSelectors", "includeTemplates", "fields"];
        at.fields(value, "Label", &known, |name, value, at| {
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

impl GeneratorOptions {
    pub(crate) fn decode(value: &Value, at: &At) -> Result<Self, Error> {
        let mut options = Self::default();
        let known = [
            "labels",
            "annotations",
            "disableNameSuffixHash",
            "immutable",
        ];
        at.fields(value, "GeneratorOptions", &known, |name, value, at| {
            match name {
                "labels" => options.labels = at.string_map(value)?,
                "annotations" => options.annotations = at.string_map(value)?,
                "immutable" => options.immutable = at.boolean(value)?,
                _ => options.disable_name_suffix_hash = at.boolean(value)?,
            }
            Ok(())
        })?;
        Ok(options)
    }
}

impl GeneratorArgs {
    pub(crate) fn decode(value: &Value, at: &At, secret: bool) -> Result<Self, Error> {
        let mut args = Self::default();
        let mut env = String::new();
        let known = [
            "name",
            "namespace",
            "behavior",
            "literals",
            "files",
            "envs",
            "env",
            "options",
            "type",
        ];
        // The type is a field of secrets only.
        let known = if secret { &known[..] } else { &known[..8] };
        let structure = if secret {
            "SecretArgs"
        } else {
            "ConfigMapArgs"
        };
        at.fields(value, structure, known, |name, value, at| {
            match name {
                "name" => args.name = at.string(value)?,
                "namespace" => args.namespace = at.string(value)?,
                "behavior" => args.behavior = at.string(value)?,
                "literals" => args.literals = at.strings(value)?,
                "files" => args.files = at.strings(value)?,
                "envs" => args.envs = at.strings(value)?,
                "env" => env = at.string(value)?,
                "options" => args.options = GeneratorOptions::decode(value, at)?,
                _ => args.secret_type = at.string(value)?,
            }
            Ok(())
        })?;
        if !env.is_empty() {
            args.envs.push(env);
        }
        Ok(args)
    }
}

impl SortOptions {
    pub(crate) fn decode(value: &Value, at: &At) -> Result<Self, Error> {
        let mut options = Self::default();
        let known = ["order", "legacySortOptions"];
        at.fields(value, "SortOptions", &known, |name, value, at| {
            if name == "order" {
                options.order = at.string(value)?;
                return Ok(());
            }
            let mut lists = (Vec::new(), Vec::new());
            let known = ["orderFirst", "orderLast"];
            at.fields(value, "LegacySortOptions", &known, |name, value, at| {
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
        })?;
        Ok(options)
    }
}
