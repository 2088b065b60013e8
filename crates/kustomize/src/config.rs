//! The transformer configuration: which fields carry names, labels, images and so on.

mod crds;
mod defaults;

use std::sync::{Arc, LazyLock};

use windlass_yaml::{Value, go_sort};

use crate::Error;
use crate::decode::At;
use crate::fieldspec::{FieldSpec, merge_one};
use crate::id::Gvk;
use crate::loader::Loader;
use crate::time_limit;

/// Fields that hold the names of objects of one type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NameReference {
    pub(crate) target: Gvk,
    pub(crate) referrers: Vec<FieldSpec>,
}

/// All field specifications in force at one level of a build.
#[derive(Debug, Clone, Default)]
pub(crate) struct TransformerConfig {
    pub(crate) name_prefix: Vec<FieldSpec>,
    pub(crate) name_suffix: Vec<FieldSpec>,
    pub(crate) namespace: Vec<FieldSpec>,
    pub(crate) common_labels: Vec<FieldSpec>,
    pub(crate) labels: Vec<FieldSpec>,
    pub(crate) template_labels: Vec<FieldSpec>,
    pub(crate) common_annotations: Vec<FieldSpec>,
    pub(crate) images: Vec<FieldSpec>,
    pub(crate) replicas: Vec<FieldSpec>,
    pub(crate) var_references: Vec<FieldSpec>,
    pub(crate) name_references: Vec<NameReference>,
}

impl TransformerConfig {
    /// kustomize's own configuration. To make and sort its hundreds of small parts would be a good
    /// part of a build of a few objects, so a process does it once.
    pub(crate) fn builtin() -> &'static Arc<Self> {
        static BUILTIN: LazyLock<Arc<TransformerConfig>> = LazyLock::new(|| {
            let mut config = defaults::config();
            config.sort();
            Arc::new(config)
        });
        &BUILTIN
    }

    /// Reads files named under `configurations` and adds them to kustomize's own.
    pub(crate) fn load(loader: &Loader<'_>, paths: &[String]) -> Result<Self, Error> {
        let mut own = Self::default();
        for path in paths {
            let text = loader.text(path)?;
            let mut read = || {
                let value = windlass_yaml::to_value(&text).map_err(|error| {
                    let text = format!("error converting YAML to JSON: {error}");
                    Error::invalid(text).with_line(error.line())
                })?;
                own.merge(&At::typed(&value, Self::decode)?)
            };
            read().map_err(|error: Error| error.in_file(&loader.located(path)))?;
        }
        let mut config = Self::clone(Self::builtin());
        config.merge(&own)?;
        // As it is merged again, from the narrow to the wide, wide ones give way to narrow ones.
        let mut merged = Self::default();
        merged.merge(&config)?;
        Ok(merged)
    }

    /// What the definitions named under `crds` say.
    pub(crate) fn of_crds(loader: &Loader<'_>, paths: &[String]) -> Result<Self, Error> {
        let mut config = Self::default();
        for path in paths {
            let text = loader.text(path)?;
            let added = crds::read(&text).map_err(|error| {
                error
                    .context(format_args!(
                        "unable to parse open API definition from '{path}'"
                    ))
                    .in_file(&loader.located(path))
            })?;
            config.merge(&added)?;
        }
        Ok(config)
    }

    fn decode(value: &Value, at: &At) -> Result<Self, Error> {
        let mut config = Self::default();
        let known = [
            "namePrefix",
            "nameSuffix",
            "namespace",
            "commonLabels",
            "labels",
            "templateLabels",
            "commonAnnotations",
            "nameReference",
            "varReference",
            "images",
            "replicas",
        ];
        at.fields(value, "TransformerConfig", &known, |name, value, at| {
            if name == "nameReference" {
                config.name_references =
                    at.list(value, "builtinconfig.nbrSlice", decode_reference)?;
                return Ok(());
            }
            *config.section(name) = at.list(value, "types.FsSlice", FieldSpec::decode)?;
            Ok(())
        })?;
        config.sort();
        Ok(config)
    }

    fn sort(&mut self) {
        for specs in [
            &mut self.name_prefix,
            &mut self.name_suffix,
            &mut self.namespace,
            &mut self.common_labels,
            &mut self.labels,
            &mut self.template_labels,
            &mut self.common_annotations,
            &mut self.images,
            &mut self.replicas,
            &mut self.var_references,
        ] {
            go_sort(specs, |a, b| a.gvk.order(&b.gvk).is_lt());
        }
        go_sort(&mut self.name_references, |a, b| {
            a.target.order(&b.target).is_lt()
        });
    }

    fn section(&mut self, name: &str) -> &mut Vec<FieldSpec> {
        match name {
            "namePrefix" => &mut self.name_prefix,
            "nameSuffix" => &mut self.name_suffix,
            "namespace" => &mut self.namespace,
            "commonLabels" => &mut self.common_labels,
            "labels" => &mut self.labels,
            "templateLabels" => &mut self.template_labels,
            "commonAnnotations" => &mut self.common_annotations,
            "images" => &mut self.images,
            "replicas" => &mut self.replicas,
            _ => &mut self.var_references,
        }
    }

    /// Adds everything `other` holds.
    ///
    /// # Errors
    /// When both hold a field, but disagree on whether it is made when missing.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<(), Error> {
        let pairs = [
            ("NamePrefix", &mut self.name_prefix, &other.name_prefix),
            ("NameSuffix", &mut self.name_suffix, &other.name_suffix),
            ("NameSpace", &mut self.namespace, &other.namespace),
            (
                "CommonAnnotations",
                &mut self.common_annotations,
                &other.common_annotations,
            ),
            (
                "CommonLabels",
                &mut self.common_labels,
                &other.common_labels,
            ),
            ("Labels", &mut self.labels, &other.labels),
            (
                "TemplateLabels",
                &mut self.template_labels,
                &other.template_labels,
            ),
            (
                "VarReference",
                &mut self.var_references,
                &other.var_references,
            ),
        ];
        merge_sections(pairs)?;
        for reference in &other.name_references {
            self.add_reference(reference)
                .map_err(|error| error.context("failed to merge NameReference fieldSpec"))?;
        }
        merge_sections([
            ("Images", &mut self.images, &other.images),
            ("Replicas", &mut self.replicas, &other.replicas),
        ])?;
        self.sort();
        Ok(())
    }

    fn add_reference(&mut self, reference: &NameReference) -> Result<(), Error> {
        time_limit::check()?;
        let known = self
            .name_references
            .iter_mut()
            .find(|own| own.target == reference.target);
        match known {
            Some(own) => {
                for spec in &reference.referrers {
                    merge_one(&mut own.referrers, spec.clone())?;
                }
            }
            None => self.name_references.push(reference.clone()),
        }
        Ok(())
    }
}

type Section<'a> = (&'static str, &'a mut Vec<FieldSpec>, &'a Vec<FieldSpec>);

fn merge_sections<const N: usize>(sections: [Section<'_>; N]) -> Result<(), Error> {
    for (name, own, others) in sections {
        for spec in others {
            merge_one(own, spec.clone())
                .map_err(|error| error.context(format_args!("failed to merge {name} fieldSpec")))?;
        }
    }
    Ok(())
}

fn decode_reference(value: &Value, at: &At) -> Result<NameReference, Error> {
    let (mut target, mut referrers) = (Gvk::default(), Vec::new());
    let known = ["group", "version", "kind", "fieldSpecs"];
    at.fields(value, "NameBackReferences", &known, |name, value, at| {
        match name {
            "group" => target.group = at.string(value)?,
            "version" => target.version = at.string(value)?,
            "kind" => target.kind = at.string(value)?,
            _ => referrers = at.list(value, "types.FsSlice", FieldSpec::decode)?,
        }
        Ok(())
    })?;
    Ok(NameReference { target, referrers })
}
