//! Charts that kustomizations name: rendered in process, where the original runs `helm`.

use windlass_helm::values::Sources;
use windlass_helm::{Renderer, template_name};
use windlass_kustomize::{Chart, ChartRenderer, ValuesFile};

use super::chart_source::load;
use super::rendering::{Parts, Release, kube_version, said};
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
            capabilities: said(
                kube_version,
                if chart.api_versions.is_empty() {
                    &self.api_versions
                } else {
                    &chart.api_versions
                },
            ),
            lookup: None,
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
        let renderer = Renderer::new(load(directory)?);
        Ok(parts.text(&release.render(&renderer, &values)?))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use windlass_kustomize::{BuildOptions, FileSystem, build};

    use super::*;
    use crate::local_files::LocalFiles;

    const TEMPLATE: &str = "apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
data:
  values: {{ .Values | toJson | quote }}
  kube: {{ .Capabilities.KubeVersion.Version | quote }}
---
apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-test
  annotations: {helm.sh/hook: test}
";

    #[test]
    fn charts_come_from_the_disk() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        for (file, text) in [
            (
                "kustomization.yaml",
                "namespace: team\nnamePrefix: p-\nhelmCharts:\n- name: demo\n  releaseName: rel\n  \
                 skipTests: true\n  valuesInline: {a: {b: null, d: 1.5}, l: [z]}\n",
            ),
            (
                "charts/demo/Chart.yaml",
                "apiVersion: v2\nname: demo\nversion: 0.1.0\n",
            ),
            (
                "charts/demo/values.yaml",
                "a: {b: 1, c: 2}\nl: [x, y]\nn: 1000000\n",
            ),
            ("charts/demo/templates/a.yaml", TEMPLATE),
        ] {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let charts = LocalCharts {
            kube_version: Some("1.30.0".into()),
            api_versions: Vec::new(),
        };
        let options = BuildOptions {
            files: FileSystem::Disk(""),
            charts: Some(&charts),
            ..BuildOptions::default()
        };
        // As the original prints it with `--enable-helm --helm-kube-version 1.30.0`.
        assert_eq!(
            build(&LocalFiles, &root.to_string_lossy(), &options)
                .unwrap()
                .to_yaml(),
            "apiVersion: v1
data:
  kube: v1.30.0
  values: '{\"a\":{\"b\":1,\"c\":2,\"d\":1.5},\"false\":1000000,\"l\":[\"z\"],\"n\":1000000}'
kind: ConfigMap
metadata:
  name: p-rel
  namespace: team
"
        );
    }
}
