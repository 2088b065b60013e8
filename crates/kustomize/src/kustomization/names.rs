//! The names of all fields, by structure. They are decoded by these, and what Flux drops from a
//! file is what is not among them.

pub(crate) const KUSTOMIZATION: &[&str] = &[
    "kind",
    "apiVersion",
    "metadata",
    "resources",
    "bases",
    "components",
    "crds",
    "openapi",
    "configurations",
    "namespace",
    "namePrefix",
    "nameSuffix",
    "labels",
    "commonLabels",
    "commonAnnotations",
    "patchesStrategicMerge",
    "patchesJson6902",
    "patches",
    "images",
    "imageTags",
    "replicas",
    "replacements",
    "vars",
    "configMapGenerator",
    "secretGenerator",
    "generatorOptions",
    "generators",
    "transformers",
    "validators",
    "helmGlobals",
    "helmCharts",
    "helmChartInflationGenerator",
    "sortOptions",
    "buildMetadata",
];
pub(crate) const PATCH: &[&str] = &["path", "patch", "target", "options"];
pub(crate) const SELECTOR: &[&str] = &[
    "group",
    "version",
    "kind",
    "name",
    "namespace",
    "annotationSelector",
    "labelSelector",
];
pub(crate) const IMAGE: &[&str] = &["name", "newName", "tagSuffix", "newTag", "digest"];
pub(crate) const REPLICA: &[&str] = &["name", "count"];
pub(crate) const LABEL: &[&str] = &["pairs", "includeSelectors", "includeTemplates", "fields"];
pub(crate) const CONFIG_MAP: &[&str] = &[
    "name",
    "namespace",
    "behavior",
    "literals",
    "files",
    "envs",
    "env",
    "options",
];
pub(crate) const SECRET: &[&str] = &[
    "name",
    "namespace",
    "behavior",
    "literals",
    "files",
    "envs",
    "env",
    "options",
    "type",
];
pub(crate) const GENERATOR_OPTIONS: &[&str] = &[
    "labels",
    "annotations",
    "disableNameSuffixHash",
    "immutable",
];
pub(crate) const SORT_OPTIONS: &[&str] = &["order", "legacySortOptions"];
pub(crate) const LEGACY_SORT_OPTIONS: &[&str] = &["orderFirst", "orderLast"];
pub(crate) const METADATA: &[&str] = &["name", "namespace", "labels", "annotations"];
pub(crate) const REPLACEMENT: &[&str] = &["source", "targets", "sourceValue", "path"];
pub(crate) const REPLACEMENT_SOURCE: &[&str] = &[
    "group",
    "version",
    "kind",
    "name",
    "namespace",
    "fieldPath",
    "options",
];
pub(crate) const REPLACEMENT_TARGET: &[&str] = &["select", "reject", "fieldPaths", "options"];
pub(crate) const FIELD_OPTIONS: &[&str] = &["delimiter", "index", "encoding", "create"];
pub(crate) const VAR: &[&str] = &["name", "objref", "fieldref"];
pub(crate) const OBJECT_REFERENCE: &[&str] = &[
    "apiVersion",
    "group",
    "version",
    "kind",
    "name",
    "namespace",
];
pub(crate) const CHART_GLOBALS: &[&str] = &["chartHome", "configHome"];
pub(crate) const CHART: &[&str] = &[
    "name",
    "version",
    "repo",
    "releaseName",
    "namespace",
    "additionalValuesFiles",
    "valuesFile",
    "valuesInline",
    "valuesMerge",
    "includeCRDs",
    "skipHooks",
    "apiVersions",
    "kubeVersion",
    "nameTemplate",
    "skipTests",
    "debug",
    "devel",
];
pub(crate) const OLD_CHART: &[&str] = &[
    "chartName",
    "chartVersion",
    "chartRepoUrl",
    "chartHome",
    "chartRepoName",
    "helmBin",
    "helmHome",
    "values",
    "valuesLocal",
    "valuesMerge",
    "releaseName",
    "releaseNamespace",
    "extraArgs",
];
