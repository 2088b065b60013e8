//! The crates depend downwards only (docs/architecture.md).

use std::collections::BTreeMap;

use cargo_metadata::{DependencyKind, MetadataCommand};
use windlass_e2e::workspace_root;

/// The layers from the base up. A crate may use those of lower layers, and those that stand
/// before it in its own.
const LAYERS: &[&[&str]] = &[
    &[
        "windlass-yaml",
        "windlass-api",
        "windlass-archive",
        "windlass-semver-range",
        "windlass-go-regexp",
    ],
    &["windlass-git", "windlass-artifact"],
    &[
        "windlass-gotemplate",
        "windlass-sprig",
        "windlass-helm",
        "windlass-substitute",
        "windlass-kustomize",
    ],
    &["windlass-runtime", "windlass-health", "windlass-apply"],
    &["source-controller", "kustomize-controller"],
    &["windlass"],
];

/// What only tests, the demo and the bench may use.
const TEST_ONLY: &[&str] = &["windlass-testkit", "windlass-e2e"];

#[test]
fn crates_depend_downwards_only() {
    let metadata = MetadataCommand::new()
        .manifest_path(workspace_root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .unwrap();
    let rank: BTreeMap<&str, usize> = LAYERS
        .iter()
        .flat_map(|layer| layer.iter())
        .enumerate()
        .map(|(rank, name)| (*name, rank))
        .collect();
    let mut wrong = Vec::new();
    for package in &metadata.packages {
        let name = package.name.as_str();
        if TEST_ONLY.contains(&name) {
            continue;
        }
        let Some(own) = rank.get(name) else {
            wrong.push(format!("{name} is in no layer"));
            continue;
        };
        for dependency in &package.dependencies {
            let to = dependency.name.as_str();
            let for_tests = dependency.kind == DependencyKind::Development;
            if TEST_ONLY.contains(&to) && !for_tests {
                wrong.push(format!("{name} uses {to} outside of tests"));
            }
            if rank.get(to).is_some_and(|to| to >= own) {
                wrong.push(format!("{name} uses {to}, which is not below it"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
