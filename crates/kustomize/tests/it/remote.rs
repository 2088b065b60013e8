//! Remote files, repositories and charts come from what the caller provides, and are refused
//! without it.

use windlass_archive::Tree;
use windlass_kustomize::{
    BuildOptions, Chart, ChartRenderer, Error, ErrorKind, RemoteError, RemoteLoader, RepoSpec,
    build,
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

    fn repository(&self, spec: &RepoSpec) -> Result<Tree, String> {
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
        ]))
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
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
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
        read: &dyn Fn(&str) -> Result<Vec<u8>, Error>,
    ) -> Result<String, String> {
        let values = read(&chart.values_file).map_err(|error| error.to_string())?;
        assert_eq!(values, b"x: 1\n");
        assert_eq!(chart.namespace, "ns");
        Ok(CONFIG.replace("name: a", &format!("name: {}", chart.release_name)))
    }
}

#[test]
fn charts_are_rendered_by_the_caller() {
    let kustomization = "namespace: ns\nnamePrefix: p-\nhelmCharts:\n- name: c\n  \
                         releaseName: rel\n  valuesFile: v.yaml\n";
    let tree = tree(&[("kustomization.yaml", kustomization), ("v.yaml", "x: 1\n")]);
    let options = BuildOptions {
        charts: Some(&Renderer),
        ..BuildOptions::default()
    };
    // What charts make is not moved to another namespace.
    assert_eq!(
        build(&tree, "", &options).expect("builds").to_yaml(),
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: p-rel\n"
    );
    let error = build(&tree, "", &BuildOptions::default()).expect_err("refused");
    assert!(
        error.to_string().ends_with("must specify --enable-helm"),
        "{error}"
    );
}
