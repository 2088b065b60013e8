//! The settings of charts.

use serde_json::{Map, json};
use windlass_yaml::Value;

use super::names;
use crate::Error;
use crate::decode::At;

/// An entry of `helmCharts`, with the fields of the kustomization file.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Chart {
    /// The chart's name.
    pub name: String,
    /// Its version; the newest one if empty.
    pub version: String,
    /// The repository it may be pulled from.
    pub repo: String,
    /// The name of the release.
    pub release_name: String,
    /// The namespace of the release.
    pub namespace: String,
    /// Further files of values.
    pub additional_values_files: Vec<String>,
    /// The file of values; the chart's own if empty.
    pub values_file: String,
    /// Values written in the kustomization file.
    pub values_inline: Map<String, Value>,
    /// How both are put together: `override`, `merge` or `replace`.
    pub values_merge: String,
    /// Whether the chart's definitions are part of the result.
    pub include_crds: bool,
    /// Leave hooks out.
    pub skip_hooks: bool,
    /// API versions that count as present.
    pub api_versions: Vec<String>,
    /// The version of Kubernetes.
    pub kube_version: String,
    /// Names the release.
    pub name_template: String,
    /// Leave tests out.
    pub skip_tests: bool,
    /// Where charts are kept, relative to the kustomization.
    pub chart_home: String,
    /// The entry as written, for error texts.
    written: Map<String, Value>,
}

/// `helmGlobals`.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChartGlobals {
    pub(crate) chart_home: String,
    config_home: String,
}

impl ChartGlobals {
    pub(crate) fn decode(value: &Value, at: &At) -> Result<Self, Error> {
        let mut globals = Self::default();
        let known = names::CHART_GLOBALS;
        at.fields(value, "HelmGlobals", known, |name, value, at| {
            match name {
                "chartHome" => globals.chart_home = at.string(value)?,
                _ => globals.config_home = at.string(value)?,
            }
            Ok(())
        })?;
        Ok(globals)
    }
}

impl Chart {
    pub(crate) fn decode(value: &Value, at: &At) -> Result<Self, Error> {
        let mut chart = Self::default();
        at.fields(value, "HelmChart", names::CHART, |name, value, at| {
            match name {
                "name" => chart.name = at.string(value)?,
                "version" => chart.version = at.string(value)?,
                "repo" => chart.repo = at.string(value)?,
                "releaseName" => chart.release_name = at.string(value)?,
                "namespace" => chart.namespace = at.string(value)?,
                "additionalValuesFiles" => chart.additional_values_files = at.strings(value)?,
                "valuesFile" => chart.values_file = at.string(value)?,
                "valuesInline" => chart.values_inline = at.object(value)?,
                "valuesMerge" => chart.values_merge = at.string(value)?,
                "includeCRDs" => chart.include_crds = at.boolean(value)?,
                "skipHooks" => chart.skip_hooks = at.boolean(value)?,
                "apiVersions" => chart.api_versions = at.strings(value)?,
                "kubeVersion" => chart.kube_version = at.string(value)?,
                "nameTemplate" => chart.name_template = at.string(value)?,
                "skipTests" => chart.skip_tests = at.boolean(value)?,
                // Of interest to a program that prints, only.
                _ => drop(at.boolean(value)?),
            }
            chart.write(name, value.clone());
            Ok(())
        })?;
        Ok(chart)
    }

    /// Reads an entry of `helmChartInflationGenerator`, the form of old.
    pub(crate) fn decode_old(
        value: &Value,
        at: &At,
        globals: &mut ChartGlobals,
    ) -> Result<Self, Error> {
        let mut chart = Self::default();
        at.fields(
            value,
            "HelmChartArgs",
            names::OLD_CHART,
            |name, value, at| {
                let new = match name {
                    "extraArgs" => {
                        at.strings(value)?;
                        return Ok(());
                    }
                    "valuesLocal" => {
                        chart.values_inline = at.object(value)?;
                        chart.write("valuesInline", value.clone());
                        return Ok(());
                    }
                    "chartName" => (&mut chart.name, "name"),
                    "chartVersion" => (&mut chart.version, "version"),
                    "chartRepoUrl" => (&mut chart.repo, "repo"),
                    "values" => (&mut chart.values_file, "valuesFile"),
                    "valuesMerge" => (&mut chart.values_merge, "valuesMerge"),
                    "releaseName" => (&mut chart.release_name, "releaseName"),
                    "chartHome" => (&mut globals.chart_home, ""),
                    "helmHome" => (&mut globals.config_home, ""),
                    _ => {
                        at.string(value)?;
                        return Ok(());
                    }
                };
                let (field, new_name) = new;
                *field = at.string(value)?;
                if !new_name.is_empty() {
                    chart.write(new_name, value.clone());
                }
                Ok(())
            },
        )?;
        Ok(chart)
    }

    fn write(&mut self, name: &str, value: Value) {
        let says_nothing = matches!(&value, Value::Bool(false))
            || value.as_str() == Some("")
            || value.as_array().is_some_and(Vec::is_empty)
            || value.as_object().is_some_and(Map::is_empty);
        let value = match value {
            Value::Array(items) => items
                .into_iter()
                .map(|item| if item.is_null() { json!("") } else { item })
                .collect(),
            other => other,
        };
        if !says_nothing {
            self.written.insert(name.to_owned(), value);
        }
    }

    /// The chart under the settings of its kustomization.
    pub(crate) fn under(&self, globals: &ChartGlobals, namespace: &str) -> Self {
        let mut chart = self.clone();
        chart.chart_home.clone_from(&globals.chart_home);
        if chart.namespace.is_empty() && !namespace.is_empty() {
            namespace.clone_into(&mut chart.namespace);
            chart.write("namespace", json!(namespace));
        }
        for (name, value) in [
            ("chartHome", &globals.chart_home),
            ("configHome", &globals.config_home),
        ] {
            chart.write(name, json!(value));
        }
        chart
    }

    /// The entry as the original writes it into error texts.
    pub(crate) fn to_value(&self) -> Value {
        Value::Object(self.written.clone())
    }
}
