//! Builds of many resources.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use windlass_kustomize::{BuildOptions, ErrorKind, Limits, build};

/// 4,050 resources in 1,350 files, every deployment referring to a generated config map, with a
/// patch, a namespace, a prefix and labels on top.
fn files() -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut names = Vec::new();
    for n in 0..1350 {
        let path = format!("base/{n}.yaml");
        let text = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d{n}}}\nspec:\n  template:\n    \
             spec:\n      serviceAccountName: s{n}\n      containers:\n      - name: c\n        image: \
             i:1\n        envFrom:\n        - configMapRef: {{name: shared}}\n---\napiVersion: \
             v1\nkind: Service\nmetadata: {{name: d{n}}}\n---\napiVersion: v1\nkind: \
             ServiceAccount\nmetadata: {{name: s{n}}}\n"
        );
        files.push((path, text));
        names.push(format!("- {n}.yaml\n"));
    }
    let base = format!(
        "resources:\n{}configMapGenerator:\n- name: shared\n  literals: [a=b]\n",
        names.concat()
    );
    files.push(("base/kustomization.yaml".into(), base));
    let top = "resources: [../base]\nnamespace: prod\nnamePrefix: p-\nlabels:\n- pairs: {a: b}\n  \
               includeSelectors: true\nimages:\n- {name: i, newTag: '2'}\npatches:\n- target: {kind: \
               Deployment}\n  patch: |\n    apiVersion: apps/v1\n    kind: Deployment\n    \
               metadata: {name: x}\n    spec: {replicas: 2}\n";
    files.push(("top/kustomization.yaml".into(), top.into()));
    files
}

#[test]
fn thousands_of_resources_take_seconds_at_most() {
    let files = files();
    let tree = super::tree(files.iter().map(|(p, t)| (p.as_str(), t.as_bytes())));
    let start = Instant::now();
    let result = build(&tree, "top", &BuildOptions::default()).expect("builds");
    let taken = start.elapsed();
    assert_eq!(result.resources.len(), 3 * 1350 + 1);
    let text = result.to_yaml();
    assert!(text.contains("serviceAccountName: p-s1349\n"));
    assert_eq!(text.matches("name: p-shared-").count(), 1351);
    println!("{} resources in {taken:?}", result.resources.len());
    // Quadratic behaviour would take minutes even where this is slow.
    assert!(taken < Duration::from_mins(1), "{taken:?}");
    assert!(result.files_read.contains("base/7.yaml"));
    assert!(result.files_read.contains("top/Kustomization"));
}

#[test]
fn limits_and_cancellation_end_a_build() {
    let files = files();
    let tree = super::tree(files.iter().map(|(p, t)| (p.as_str(), t.as_bytes())));
    let limits = Limits {
        max_resources: 100,
        ..Limits::default()
    };
    let options = BuildOptions {
        limits,
        ..BuildOptions::default()
    };
    assert_eq!(
        build(&tree, "top", &options).expect_err("limit").kind(),
        ErrorKind::Limit
    );
    let cancelled = Arc::new(AtomicBool::new(true));
    let options = BuildOptions {
        cancel: Some(&cancelled),
        ..BuildOptions::default()
    };
    assert_eq!(
        build(&tree, "top", &options).expect_err("cancelled").kind(),
        ErrorKind::Cancelled
    );
}
