//! What Flux makes of a kustomization before it is built.

use windlass_archive::Tree;
use windlass_kustomize::flux::{Image, Overrides, Patch, Selector, prepare};
use windlass_kustomize::{BuildOptions, FileSystem, LoadRestrictor, build};

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n";

fn tree(files: &[(&str, &str)]) -> Tree {
    super::tree(files.iter().map(|(path, text)| (*path, text.as_bytes())))
}

fn file(tree: &Tree, path: &str) -> String {
    let file = tree
        .get(path)
        .unwrap_or_else(|| panic!("{path} is missing"));
    String::from_utf8(file.bytes.to_vec()).expect("text")
}

fn built(tree: &Tree, path: &str) -> String {
    let options = BuildOptions {
        load_restrictor: LoadRestrictor::None,
        ..BuildOptions::default()
    };
    build(tree, path, &options).expect("builds").to_yaml()
}

#[test]
fn a_kustomization_is_generated_where_there_is_none() {
    let given = tree(&[
        ("app/b.yml", CONFIG),
        ("app/a/x.yaml", CONFIG),
        ("app/k/kustomization.yml", "resources: [x.yaml]"),
        ("app/k/x.yaml", CONFIG),
        ("app/readme.md", "# text"),
        ("other/c.yaml", "not: [valid"),
    ]);
    let prepared =
        prepare(&given, "./app", &Overrides::default(), FileSystem::Memory).expect("prepared");
    assert_eq!(
        file(&prepared, "app/kustomization.yaml"),
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n\
         - ./a/x.yaml\n- ./b.yml\n- ./k\n"
    );
    assert!(given.get("app/kustomization.yaml").is_none());
}

#[test]
fn an_empty_directory_builds_to_nothing() {
    let prepared = prepare(
        &tree(&[("readme.md", "")]),
        "",
        &Overrides::default(),
        FileSystem::Memory,
    )
    .expect("prepared");
    assert!(file(&prepared, "kustomization.yaml").contains("namespace: _placeholder"));
    assert_eq!(built(&prepared, ""), "");
}

#[test]
fn manifests_that_are_none_are_named() {
    let error = prepare(
        &tree(&[("a.yaml", "a: b\n")]),
        "",
        &Overrides::default(),
        FileSystem::Memory,
    );
    let text = error.expect_err("no kind").to_string();
    assert!(
        text.starts_with("failed to decode Kubernetes YAML from /a.yaml: missing"),
        "{text}"
    );
}

#[test]
fn settings_are_merged_into_the_file() {
    let given = tree(&[
        (
            "kustomization.yaml",
            "namespace: old\nunknown: dropped\nresources: [a.yaml]\n\
             images:\n- {name: x, newName: keep, newTag: '1', digest: d}\n",
        ),
        ("a.yaml", CONFIG),
        (
            "c/kustomization.yaml",
            "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n",
        ),
    ]);
    let overrides = Overrides {
        target_namespace: Some("new".into()),
        name_prefix: Some("p-".into()),
        patches: vec![Patch {
            patch: "- op: add\n  path: /data\n  value: {k: v}\n".into(),
            target: Some(Selector {
                kind: "ConfigMap".into(),
                ..Selector::default()
            }),
        }],
        images: vec![
            Image {
                name: "x".into(),
                new_tag: "2".into(),
                ..Image::default()
            },
            Image {
                name: "z".into(),
                digest: "sha256:1".into(),
                ..Image::default()
            },
        ],
        components: vec!["missing".into()],
        ignore_missing_components: true,
        ..Overrides::default()
    };
    let prepared = prepare(&given, ".", &overrides, FileSystem::Memory).expect("prepared");
    assert_eq!(
        file(&prepared, "kustomization.yaml"),
        "apiVersion: kustomize.config.k8s.io/v1beta1\nimages:\n- name: x\n  newName: keep\n  \
         newTag: \"2\"\n- digest: sha256:1\n  name: z\nkind: Kustomization\nnamePrefix: p-\n\
         namespace: new\npatches:\n- patch: |\n    - op: add\n      path: /data\n      \
         value: {k: v}\n  target:\n    kind: ConfigMap\nresources:\n- a.yaml\n"
    );
    assert_eq!(
        built(&prepared, "."),
        "apiVersion: v1\ndata:\n  k: v\nkind: ConfigMap\nmetadata:\n  name: p-a\n  \
         namespace: new\n"
    );
}

#[test]
fn components_must_be_local() {
    let given = tree(&[("a.yaml", CONFIG)]);
    for path in [
        "/a",
        "https://example.com/a",
        "git@host:a",
        "github.com/a/b",
        "file:///a",
    ] {
        let overrides = Overrides {
            components: vec![path.into()],
            ..Overrides::default()
        };
        assert_eq!(
            prepare(&given, "", &overrides, FileSystem::Memory)
                .expect_err("refused")
                .to_string(),
            format!("component path '{path}' must be local and relative")
        );
    }
}

#[test]
fn a_file_without_resources_still_builds() {
    let given = tree(&[("kustomization.yaml", "")]);
    let prepared =
        prepare(&given, "", &Overrides::default(), FileSystem::Memory).expect("prepared");
    assert_eq!(built(&prepared, ""), "");
}
