//! `helmCharts` and the plugin `HelmChartInflationGenerator`: rendering is the caller's.

use windlass_yaml::Value;

use super::Generator;
use crate::decode::At;
use crate::kustomization::Chart;
use crate::loader::Loader;
use crate::manifest::Manifest;
use crate::node::{Node, Reader, from_value};
use crate::patch::strategic;
use crate::schema::Schemas;
use crate::{Error, ErrorKind};

/// Renders charts for a build.
pub trait ChartRenderer {
    /// The manifests of the chart in `directory`, a path of the build's files, as a YAML stream.
    ///
    /// # Errors
    /// The text to report.
    fn render(
        &self,
        chart: &Chart,
        directory: &str,
        values: &[ValuesFile],
    ) -> Result<String, String>;
}

/// Values for a chart; later files win.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValuesFile {
    /// What error texts call it.
    pub name: String,
    /// YAML.
    pub text: Vec<u8>,
}

/// Renders a chart.
pub(crate) struct HelmChartInflationGenerator(Chart);

impl HelmChartInflationGenerator {
    /// Checks an entry of `helmCharts`.
    pub(crate) fn new(loader: &Loader<'_>, mut chart: Chart) -> Result<Self, Error> {
        const WAYS: [&str; 3] = ["merge", "override", "replace"];
        if loader.context.options.charts.is_none() {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "must specify --enable-helm",
            ));
        }
        if chart.name.is_empty() {
            return Err(Error::invalid("chart name cannot be empty"));
        }
        for file in &chart.additional_values_files {
            loader
                .bytes(file)
                .map_err(|error| error.context("could not load additionalValuesFile"))?;
        }
        if chart.values_merge.is_empty() {
            "override".clone_into(&mut chart.values_merge);
        }
        if !WAYS.contains(&chart.values_merge.as_str()) {
            return Err(Error::invalid(format!(
                "valuesMerge must be one of [{}]",
                WAYS.join(" ")
            )));
        }
        if chart.chart_home.is_empty() {
            "charts".clone_into(&mut chart.chart_home);
        }
        Ok(Self(chart))
    }

    pub(crate) fn of_plugin(loader: &Loader<'_>, config: &Value) -> Result<Self, Error> {
        let mut chart = At::lenient(config, Chart::decode)?;
        let home = config.get("chartHome").and_then(Value::as_str);
        home.unwrap_or_default().clone_into(&mut chart.chart_home);
        Self::new(loader, chart)
    }
}

impl HelmChartInflationGenerator {
    /// Where the chart's directory is, relative to the kustomization unless it is absolute.
    fn directory(&self) -> String {
        let chart = &self.0;
        let home = chart.chart_home.trim_end_matches('/');
        let name = &chart.name;
        if chart.version.is_empty() || chart.repo.is_empty() {
            format!("{home}/{name}")
        } else {
            format!("{home}/{name}-{}/{name}", chart.version)
        }
    }

    /// The chart's directory as a path of the files.
    fn local(&self, loader: &Loader<'_>) -> Result<String, Error> {
        let chart = &self.0;
        let missing = |text: String| Error::new(ErrorKind::Unsupported, text);
        let directory = self.directory();
        if loader.is_cloned() {
            return Err(missing(format!(
                "chart '{}' belongs to a remote base, where charts are not rendered",
                chart.name
            )));
        }
        let path = loader.resolve(&directory)?;
        if loader.has_directory(&path) {
            return Ok(path);
        }
        if chart.repo.is_empty() {
            let found = loader.has_file(&path).then(|| loader.shown(&path));
            return Err(missing(format!(
                "no repo specified for pull, no chart found at '{}'",
                found.unwrap_or_default()
            )));
        }
        Err(missing(format!(
            "chart '{}' of '{}' is not at '{}', and charts are not pulled",
            chart.name,
            chart.repo,
            loader.shown(&path)
        )))
    }

    /// The chart's own values or those of `valuesFile`, with `valuesInline` merged in.
    fn values(&self, loader: &Loader<'_>) -> Result<Vec<u8>, Error> {
        let chart = &self.0;
        let file = if chart.values_file.is_empty() {
            format!("{}/values.yaml", self.directory())
        } else {
            chart.values_file.clone()
        };
        let inline = Value::Object(chart.values_inline.clone());
        if chart.values_inline.is_empty() {
            return loader.bytes(&file).map(Into::into);
        }
        let values = if chart.values_merge == "replace" {
            inline
        } else {
            let text = loader.text(&file)?;
            let own = Reader::first(&text)
                .map_err(|error| error.context("could not parse values file into rnode"))?
                .unwrap_or_else(Node::mapping);
            let inline = from_value(&inline);
            let (target, patch) = match chart.values_merge.as_str() {
                "merge" => (inline, own),
                _ => (own, inline),
            };
            let merged = strategic::merge(Some(target), Some(&patch), None, &Schemas::default())
                .map_err(|error| error.context("could not merge values"))?;
            let merged = merged.unwrap_or_else(Node::mapping);
            merged
                .into_typed_value()
                .map_err(|error| error.context("could not parse merged values into map"))?
        };
        Ok(windlass_yaml::json_to_yaml(&values).into_bytes())
    }
}

impl Generator for HelmChartInflationGenerator {
    fn generate(&self, loader: &Loader<'_>) -> Result<Vec<Manifest>, Error> {
        let Some(renderer) = loader.context.options.charts else {
            return Ok(Vec::new());
        };
        let directory = self.local(loader)?;
        let mut values = vec![ValuesFile {
            name: format!("{}-kustomize-values.yaml", self.0.name),
            text: self.values(loader)?,
        }];
        for file in &self.0.additional_values_files {
            let text = loader.bytes(file)?.into();
            let name = loader.shown(&loader.resolve(file)?);
            values.push(ValuesFile { name, text });
        }
        let text = renderer
            .render(&self.0, &directory, &values)
            .map_err(|text| Error::new(ErrorKind::Invalid, text))?;
        let mut manifests = loader.manifests(&text).map_err(|error| {
            error.map_message(|text| format!("could not parse bytes into resource map: {text}\n"))
        })?;
        for manifest in &mut manifests {
            manifest.of_chart = true;
        }
        Ok(manifests)
    }
}
