//! `helmCharts` and the plugin `HelmChartInflationGenerator`: rendering is the caller's.

use windlass_yaml::Value;

use super::Generator;
use crate::decode::At;
use crate::kustomization::Chart;
use crate::loader::Loader;
use crate::manifest::Manifest;
use crate::{Error, ErrorKind};

/// Renders charts for a build.
pub trait ChartRenderer {
    /// The manifests of a chart as a YAML stream. `read` gives files relative to the kustomization,
    /// under the build's restrictions.
    ///
    /// # Errors
    /// The text to report.
    fn render(
        &self,
        chart: &Chart,
        read: &dyn Fn(&str) -> Result<Vec<u8>, Error>,
    ) -> Result<String, String>;
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

impl Generator for HelmChartInflationGenerator {
    fn generate(&self, loader: &Loader<'_>) -> Result<Vec<Manifest>, Error> {
        let Some(renderer) = loader.context.options.charts else {
            return Ok(Vec::new());
        };
        let read = |path: &str| loader.bytes(path).map(Into::into);
        let text = renderer
            .render(&self.0, &read)
            .map_err(|text| Error::new(ErrorKind::Remote, text))?;
        let mut manifests = loader.manifests(&text).map_err(|error| {
            error.map_message(|text| format!("could not parse bytes into resource map: {text}\n"))
        })?;
        for manifest in &mut manifests {
            manifest.of_chart = true;
        }
        Ok(manifests)
    }
}
