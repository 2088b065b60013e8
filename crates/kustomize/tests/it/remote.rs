//! Remote files, repositories and charts come from what the caller provides, and are refused
//! without it.

use windlass_archive::Tree;
use windlass_kustomize::{
    BuildOptions, Chart, ChartRenderer, Error, ErrorKind, RemoteError, RemoteLoader, RepoSpec,
    Repository, RepositoryError, ValuesFile, build,
};

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n";

fn tree(files: &[(&str, &str)]) -> Tree {
    super::tree(files.iter().map(|(path, text)| (*path, text.as_bytes())))
}

struct Internet;

impl RemoteLoader for Internet {
    fn file(&self, url: &str) -> Result<Vec<u8>, RemoteError> {
        match url {
            "https://example.com/a.yaml" => Ok(CONFIG.into()),
            _ => Err(RemoteError::Status(404, "Not Found".into())),
        }
    }

    fn repository(&self, spec: &RepoSpec) -> Result<Repository, RepositoryError> {
        assert_eq!(spec.url, "https://example.com/org/repo");
        assert_eq!(spec.reference.as_deref(), Some("v1"));
        Ok(tree(&[
            (
                "dir/kustomization.yaml",
                "resources: [../base]\nnamePrefix: r-\n",
            ),
            ("base/kustomization.yaml", "resources: [a.yaml]\n"),
            ("base/a.yaml", CONFIG),
            ("out/kustomization.yaml", "resources: [../../x]\n"),
        ])
        .into())
    }
}

fn built(kustomization: &str) -> Result<String, Error> {
    let options = BuildOptions {
        remote: Some(&Internet),
        ..BuildOptions::default()
    };
    build(
        &tree(&[("kustomization.yaml", kustomization)]),
        "",
        &options,
    )
    .map(|build| build.to_yaml())
}

#[test]
fn files_and_repositories_are_loaded() {
    assert_eq!(
        built("resources: ['https://example.com/a.yaml']").expect("builds"),
        CONFIG
    );
    let metadata = "resources: ['https://example.com/org/repo//dir?ref=v1']\n\
                    buildMetadata: [originAnnotations]\n";
    assert_eq!(
        built(metadata).expect("builds"),
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  annotations:\n    \
         config.kubernetes.io/origin: |\n      path: base/a.yaml\n      repo: \
         https://example.com/org/repo\n      ref: v1\n  name: r-a\n"
    );
}

#[test]
fn failures_are_told_in_the_words_of_the_original() {
    let error = built("resources: ['https://example.com/b.yaml']").expect_err("not found");
    assert_eq!(
        error.to_string(),
        "accumulating resources: accumulating resources from 'https://example.com/b.yaml': HTTP \
         Error: status code 404 (Not Found)"
    );
    let error = built("resources: ['https://example.com/org/repo//out?ref=v1']")
        .expect_err("leads out of the repository");
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
}

#[test]
fn without_a_loader_nothing_remote_is_loaded() {
    for path in ["https://example.com/a.yaml", "git@example.com:org/repo"] {
        let kustomization = format!("resources: ['{path}']");
        let tree = tree(&[("kustomization.yaml", &kustomization)]);
        let error = build(&tree, "", &BuildOptions::default()).expect_err("refused");
        assert!(error.to_string().contains("is not allowed"), "{error}");
    }
}

struct Renderer;

impl ChartRenderer for Renderer {
    fn render(
        &self,
        chart: &Chart,
        directory: &str,
        values: &[ValuesFile],
    ) -> Result<String, String> {
        assert_eq!(directory, "charts/c");
        assert_eq!(chart.namespace, "ns");
        let values: Vec<_> = values
            .iter()
            .map(|file| {
                String::from_utf8_lossy(&file.text)
                    .replace('\n', ",")
                    .replace('\'', "''")
            })
            .collect();
        Ok(format!(
            "{}data:\n  values: '{}'\n",
            CONFIG.replace("name: a", &format!("name: {}", chart.release_name)),
            values.join(" ")
        ))
    }
}

#[test]
fn charts_are_rendered_by_the_caller() {
    let built = |more: &str, options: &BuildOptions<'_>| {
        let kustomization = format!(
            "namespace: ns\nnamePrefix: p-\nhelmCharts:\n- name: c\n  releaseName: rel\n{more}"
        );
        let tree = tree(&[
            ("kustomization.yaml", kustomization.as_str()),
            ("charts/c/values.yaml", "a: {b: '1', c: 2}\n"),
            ("v.yaml", "x: 1\n"),
        ]);
        build(&tree, "", options).map(|build| build.to_yaml())
    };
    let options = BuildOptions {
        charts: Some(&Renderer),
        ..BuildOptions::default()
    };
    for (more, values) in [
        ("", "a: {b: ''1'', c: 2},"),
        ("  valuesFile: v.yaml\n", "x: 1,"),
        (
            "  additionalValuesFiles: [v.yaml]\n",
            "a: {b: ''1'', c: 2}, x: 1,",
        ),
        (
            "  valuesInline: {a: {b: 3}, d: 4}\n",
            "a:,  b: 3,  c: 2,d: 4,",
        ),
        (
            "  valuesInline: {a: {b: 3}, d: 4}\n  valuesMerge: merge\n",
            "a:,  b: \"1\",  c: 2,d: 4,",
        ),
        (
            "  valuesInline: {a: {b: 3}}\n  valuesMerge: replace\n",
            "a:,  b: 3,",
        ),
    ] {
        // What charts make is not moved to another namespace.
        assert_eq!(
            built(more, &options).expect("builds"),
            format!(
                "apiVersion: v1\ndata:\n  values: '{values}'\nkind: ConfigMap\nmetadata:\n  \
                 name: p-rel\n"
            )
        );
    }
    for (more, options, wanted) in [
        ("", BuildOptions::default(), "must specify --enable-helm"),
        (
            "  version: 1.0.0\n  repo: https://charts.example.com\n",
            options,
            "chart 'c' of 'https://charts.example.com' is not at '/charts/c-1.0.0/c', and charts \
             are not pulled",
        ),
        (
            "helmGlobals: {chartHome: elsewhere}\n",
            options,
            "no repo specified for pull, no chart found at ''",
        ),
    ] {
        let error = built(more, &options).expect_err("refused");
        assert!(error.to_string().ends_with(wanted), "{error}");
    }
}
