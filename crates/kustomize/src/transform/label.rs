//! `labels`, `commonLabels` and the plugin `LabelTransformer`.

use windlass_yaml::Value;

use super::{Transformer, pairs};
use crate::Error;
use crate::config::TransformerConfig;
use crate::decode::At;
use crate::fieldspec::{FieldSpec, merge_one};
use crate::id::Gvk;
use crate::kustomization::Label;
use crate::resmap::ResMap;
use crate::schema::Schemas;

/// Adds labels.
#[derive(Default)]
pub(crate) struct LabelTransformer {
    labels: Vec<(String, String)>,
    specs: Vec<FieldSpec>,
}

impl LabelTransformer {
    /// For an entry of `labels`.
    pub(crate) fn of_entry(label: &Label, config: &TransformerConfig) -> Result<Self, Error> {
        let mut specs = label.fields.clone();
        let mut add = |more: &[FieldSpec], wrap: &str| {
            let mut more = more.iter();
            more.try_for_each(|spec| merge_one(&mut specs, spec.clone()))
                .map_err(|error| error.context(wrap))
        };
        let failed = "failed to merge labels";
        add(&config.labels, failed)?;
        if label.include_selectors {
            add(&config.common_labels, failed)?;
        } else {
            if label.include_templates {
                add(
                    &config.template_labels,
                    "failed to merge template fieldSpec",
                )?;
            }
            let own = FieldSpec::new(Gvk::default(), "metadata/labels", true);
            add(&[own], failed)?;
        }
        Ok(Self {
            labels: label.pairs.clone(),
            specs,
        })
    }

    /// For `commonLabels`.
    pub(crate) fn common(labels: &[(String, String)], config: &TransformerConfig) -> Self {
        Self {
            labels: labels.to_vec(),
            specs: config.common_labels.clone(),
        }
    }

    /// For the label that names the tool.
    pub(crate) fn managed_by(tool: &str) -> Self {
        Self {
            labels: vec![("app.kubernetes.io/managed-by".to_owned(), tool.to_owned())],
            specs: vec![FieldSpec::new(Gvk::default(), "metadata/labels", true)],
        }
    }

    pub(crate) fn of_plugin(config: &Value) -> Result<Self, Error> {
        let mut made = Self::default();
        At::lenient(config, |value, at| {
            let known = ["labels", "fieldSpecs"];
            at.fields(
                value,
                "LabelTransformerPlugin",
                &known,
                |name, value, at| {
                    match name {
                        "labels" => made.labels = at.string_map(value)?,
                        _ => made.specs = FieldSpec::decode_list(value, at)?,
                    }
                    Ok(())
                },
            )
        })?;
        Ok(made)
    }
}

impl Transformer for LabelTransformer {
    fn transform(&self, resources: &mut ResMap, _: &Schemas) -> Result<(), Error> {
        pairs::add(resources, &self.labels, &self.specs)
    }
}
