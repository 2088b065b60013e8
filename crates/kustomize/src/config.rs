//! The transformer configuration: which fields carry names, labels, images and so on.

mod defaults;

use windlass_yaml::Value;

use crate::Error;
use crate::decode::At;
use crate::fieldspec::{FieldSpec, merge_one};
use crate::id::Gvk;

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
    /// kustomize's own configuration.
    pub(crate) fn builtin() -> Self {
        defaults::config()
    }

    /// Reads a file named under `configurations`.
    pub(crate) fn decode(value: &Value) -> Result<Self, Error> {
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
        At::root().fields(value, "TransformerConfig", &known, |name, value, at| {
            if name == "nameReference" {
                config.name_references =
                    at.list(value, "[]NameBackReferences", decode_reference)?;
                return Ok(());
            }
            let specs = at.list(value, "types.FsSlice", FieldSpec::decode)?;
            *config.section(name) = specs;
            Ok(())
        })?;
        Ok(config)
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
            (&mut self.name_prefix, &other.name_prefix),
            (&mut self.name_suffix, &other.name_suffix),
            (&mut self.namespace, &other.namespace),
            (&mut self.common_labels, &other.common_labels),
            (&mut self.labels, &other.labels),
            (&mut self.template_labels, &other.template_labels),
            (&mut self.common_annotations, &other.common_annotations),
            (&mut self.images, &other.images),
            (&mut self.replicas, &other.replicas),
            (&mut self.var_references, &other.var_references),
        ];
        for (own, others) in pairs {
            for spec in others {
                merge_one(own, spec.clone())?;
            }
        }
        for reference in &other.name_references {
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
        }
        Ok(())
    }
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
