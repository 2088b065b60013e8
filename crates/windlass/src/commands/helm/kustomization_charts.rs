//! Charts that kustomizations name: rendered in process, where the original runs `helm`.

use windlass_helm::template_name;
use windlass_helm::values::Sources;
use windlass_kustomize::{Chart, ChartRenderer, ValuesFile};

use super::chart_source::load;
use super::rendering::{Parts, Release, kube_version};
use super::template::generated_name;

/// Renders charts from this machine's disk.
pub(crate) struct LocalCharts {
    /// For charts whose entry names no version of Kubernetes.
    pub(crate) kube_version: Option<String>,
    /// For charts whose entry names no API versions.
    pub(crate) api_versions: Vec<String>,
}

impl ChartRenderer for LocalCharts {
    fn render(
        &self,
        chart: &Chart,
        directory: &str,
        values: &[ValuesFile],
    ) -> Result<String, String> {
        self.text(chart, &format!("/{directory}"), values)
            .map_err(|error| format!("unable to render chart '{}': {error}", chart.name))
    }
}

impl LocalCharts {
    fn text(
        &self,
        chart: &Chart,
        directory: &str,
        values: &[ValuesFile],
    ) -> anyhow::Result<String> {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let name = match (given(&chart.release_name), given(&chart.name_template)) {
            (Some(_), Some(_)) => {
                anyhow::bail!("cannot set --name-template and also specify a name")
            }
            (Some(name), None) => name,
            (None, Some(template)) => {
                template_name(&template).map_err(|problem| anyhow::anyhow!("{problem}"))?
            }
            (None, None) => generated_name(directory),
        };
        let version = given(&chart.kube_version).or_else(|| self.kube_version.clone());
        let kube_version = kube_version(version.as_deref())?;
        let release = Release {
            name: &name,
            namespace: if chart.namespace.is_empty() {
                "default"
            } else {
                &chart.namespace
            },
            kube_version,
            api_versions: if chart.api_versions.is_empty() {
                &self.api_versions
            } else {
                &chart.api_versions
            },
            is_upgrade: false,
            skip_schema_validation: false,
        };
        let sources = Sources {
            files: values
                .iter()
                .map(|file| (file.name.clone(), file.text.clone()))
                .collect(),
            ..Sources::default()
        };
        let values = sources.merge(&mut |name| Err(format!("no file {name}")))?;
        let parts = Parts {
            crds: chart.include_crds,
            hooks: !chart.skip_hooks,
            tests: !chart.skip_tests,
        };
        let chart = load(directory)?;
        Ok(parts.text(&release.render(chart, &values)?))
    }
}
