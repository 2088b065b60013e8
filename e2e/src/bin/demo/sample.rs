//! The sample repository.

/// Files of the first commit.
pub(crate) const FILES: &[(&str, &str)] = &[
    (
        "base/kustomization.yaml",
        include_str!("../../../sample/base/kustomization.yaml"),
    ),
    (
        "base/deployment.yaml",
        include_str!("../../../sample/base/deployment.yaml"),
    ),
    (
        "base/service.yaml",
        include_str!("../../../sample/base/service.yaml"),
    ),
    (
        "overlays/staging/kustomization.yaml",
        include_str!("../../../sample/overlays/staging/kustomization.yaml"),
    ),
    (
        "overlays/production/kustomization.yaml",
        include_str!("../../../sample/overlays/production/kustomization.yaml"),
    ),
];

/// The production overlay with another version of the image.
pub(crate) fn production_with(tag: &str) -> String {
    file("overlays/production/kustomization.yaml").replace("1.0.0", tag)
}

/// The base without its Service.
pub(crate) fn base_without_service() -> String {
    file("base/kustomization.yaml").replace("- service.yaml\n", "")
}

fn file(path: &str) -> &'static str {
    FILES
        .iter()
        .find(|(name, _)| *name == path)
        .map_or("", |(_, text)| text)
}
