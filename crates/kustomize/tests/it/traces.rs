//! Where the way the original works shows in what comes of it, recorded with it.

use std::cell::RefCell;

use windlass_kustomize::{BuildOptions, Reorder, build};

/// Files, and the resources or the error.
type Recorded<'r> = (&'r [(&'r str, &'r str)], Result<&'r str, &'r str>);

fn check((files, wanted): Recorded<'_>) {
    let tree = super::tree(files.iter().map(|(path, text)| (*path, text.as_bytes())));
    let options = BuildOptions {
        reorder: Reorder::Unspecified,
        ..BuildOptions::default()
    };
    let given = build(&tree, "", &options);
    let given = given
        .map(|build| build.to_yaml())
        .map_err(|error| error.to_string());
    let given = given.map_err(|error| error.trim_end().to_owned());
    assert_eq!(given, wanted.map(str::to_owned).map_err(str::to_owned));
}

#[test]
fn equal_names_are_noticed_by_the_next_patch_that_selects() {
    check((
        &[
            (
                "kustomization.yaml",
                "resources: [r.yaml]\npatches:\n- target: {kind: ConfigMap}\n  patch: '[{\"op\": \"replace\", \"path\": \"/metadata/name\", \"value\": \"n\"}]'\n- target: {kind: Secret}\n  patch: |-\n    apiVersion: v1\n    kind: Secret\n    metadata: {name: s}\n",
            ),
            (
                "r.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n",
            ),
        ],
        Err("may not add resource with an already registered id: ConfigMap.v1.[noGrp]/n.[noNs]"),
    ));
}

#[test]
fn a_schema_adds_to_built_in_types_that_have_been_looked_up() {
    check((
        &[
            (
                "kustomization.yaml",
                "resources: [r.yaml]\ncomponents: [c, d]\n",
            ),
            (
                "r.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{name: x, image: i}]}}}\n",
            ),
            (
                "c/kustomization.yaml",
                "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: a, labels: {b: c}}\n",
            ),
            (
                "d/kustomization.yaml",
                "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nopenapi: {path: o.json}\npatches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: a}\n    spec: {template: {spec: {containers: [{name: y}]}}}\n",
            ),
            ("d/o.json", "{\"definitions\": {}}"),
        ],
        Ok(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  labels:\n    b: c\n  name: a\nspec:\n  template:\n    spec:\n      containers:\n      - name: \"y\"\n      - image: i\n        name: x\n",
        ),
    ));
}

#[test]
fn a_replacement_sees_what_it_has_changed_in_its_own_source() {
    check((
        &[
            (
                "kustomization.yaml",
                "resources: [r.yaml]\nreplacements:\n- source: {kind: W, fieldPath: l.0}\n  targets:\n  - select: {kind: W}\n    fieldPaths: ['l.*']\n    options: {delimiter: ':', index: 9}\n",
            ),
            (
                "r.yaml",
                "apiVersion: e/v1\nkind: W\nmetadata: {name: w}\nl: [a, b]\n",
            ),
        ],
        Ok("apiVersion: e/v1\nkind: W\nl:\n- a:a\n- b:a:a\nmetadata:\n  name: w\n"),
    ));
}

#[test]
fn only_pods_of_v1_refer_to_config_maps() {
    check((
        &[
            (
                "kustomization.yaml",
                "namePrefix: p-\nresources: [r.yaml]\n",
            ),
            (
                "r.yaml",
                "apiVersion: v2\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: c, envFrom: [{configMapRef: {name: m}}]}]}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n",
            ),
        ],
        Ok(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: p-m\n---\napiVersion: v2\nkind: Pod\nmetadata:\n  name: p-x\nspec:\n  containers:\n  - envFrom:\n    - configMapRef:\n        name: m\n    name: c\n",
        ),
    ));
}

#[test]
fn a_written_tag_shows_in_errors() {
    check((
        &[
            (
                "kustomization.yaml",
                "resources: [r.yaml]\ncommonLabels: {a: b}\nconfigurations: [c.yaml]\n",
            ),
            (
                "c.yaml",
                "commonLabels:\n- {path: v, kind: W, create: true}\n",
            ),
            (
                "r.yaml",
                "apiVersion: e/v1\nkind: W\nmetadata: {name: w}\nv: !!str 1\n",
            ),
        ],
        Err(
            "considering field 'v' of object W.v1.e/w.[noNs]: wrong node kind: expected MappingNode but got ScalarNode: node contents:\n!!str 1",
        ),
    ));
}

#[test]
fn what_a_patch_may_change_shows_in_conflicts() {
    check((
        &[
            (
                "kustomization.yaml",
                "resources: [r.yaml]\nnamespace: ns\npatches:\n- target: {kind: W}\n  options: {allowNameChange: true}\n  patch: |-\n    apiVersion: e/v1\n    kind: W\n    metadata: {name: same}\n",
            ),
            (
                "r.yaml",
                "apiVersion: e/v1\nkind: W\nmetadata: {name: a, namespace: x}\n---\napiVersion: e/v1\nkind: W\nmetadata: {name: b, namespace: y}\n",
            ),
        ],
        Err(
            "namespace transformation produces ID conflict: [{\"apiVersion\":\"e/v1\",\"kind\":\"W\",\"metadata\":{\"annotations\":{\"internal.config.kubernetes.io/allowNameChange\":\"enabled\",\"internal.config.kubernetes.io/previousKinds\":\"W,W\",\"internal.config.kubernetes.io/previousNames\":\"a,same\",\"internal.config.kubernetes.io/previousNamespaces\":\"x,x\"},\"name\":\"same\",\"namespace\":\"ns\"}} {\"apiVersion\":\"e/v1\",\"kind\":\"W\",\"metadata\":{\"annotations\":{\"internal.config.kubernetes.io/allowNameChange\":\"enabled\",\"internal.config.kubernetes.io/previousKinds\":\"W,W\",\"internal.config.kubernetes.io/previousNames\":\"b,same\",\"internal.config.kubernetes.io/previousNamespaces\":\"y,y\"},\"name\":\"same\",\"namespace\":\"ns\"}}]",
        ),
    ));
}

#[test]
fn records_without_any_name_count_for_nothing() {
    check((
        &[
            (
                "base/kustomization.yaml",
                "resources: [r.yaml]\npatchesJson6902:\n- target: {version: v1, kind: Secret, name: s}\n  patch: '[{\"op\": \"move\", \"from\": \"/metadata/name\", \"path\": \"/old\"}]'\n",
            ),
            (
                "base/r.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n",
            ),
            (
                "kustomization.yaml",
                "resources: [base]\nnamespace: other\nreplacements:\n- source: {kind: ConfigMap, fieldPath: metadata.name}\n  targets:\n  - select: {kind: Secret}\n    fieldPaths: [metadata.name]\n    options: {create: true}\n",
            ),
        ],
        Ok(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: m\n  namespace: other\n---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: m\n  namespace: other\nold: s\n",
        ),
    ));
}

#[test]
fn a_conflict_shows_what_cannot_be_shown_as_why() {
    check((
        &[
            (
                "kustomization.yaml",
                "resources: [a.yaml]\nnamespace: one\npatches:\n- target: {kind: Namespace, name: b}\n  patch: |-\n    - {op: add, path: /metadata/annotations, value: [1, x]}\n",
            ),
            (
                "a.yaml",
                "apiVersion: v1\nkind: Namespace\nmetadata: {name: b}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: web}\n",
            ),
        ],
        Err(
            "namespace transformation produces ID conflict: [<json: unsupported type: map[interface {}]interface {}> {\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"annotations\":{\"internal.config.kubernetes.io/previousKinds\":\"Namespace\",\"internal.config.kubernetes.io/previousNames\":\"web\",\"internal.config.kubernetes.io/previousNamespaces\":\"_non_namespaceable_\"},\"name\":\"one\"}}]",
        ),
    ));
}

#[test]
fn selectors_are_labelled_before_the_resource_itself() {
    check((
        &[
            (
                "kustomization.yaml",
                "resources: [a.yaml]\nlabels: [{pairs: {a: b}, includeSelectors: true}]\npatches:\n- target: {kind: Deployment}\n  patch: |-\n    - {op: add, path: /spec, value: x}\n    - {op: add, path: /metadata/labels, value: x}\n",
            ),
            (
                "a.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {}\n",
            ),
        ],
        Err(
            "considering field 'spec/template/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels' of object Deployment.v1.apps/d.[noNs]: expected sequence or mapping node",
        ),
    ));
}

#[test]
fn a_block_that_begins_with_a_tab_cannot_be_read_back() {
    check((
        &[
            (
                "kustomization.yaml",
                "resources: [a.yaml]\npatches:\n- patch: |-\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: a}\n    data: {k: \"\\ttab\"}\n",
            ),
            (
                "a.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  k: |-\n    x\n",
            ),
        ],
        Err(
            "map[string]interface {}{\"apiVersion\":\"v1\", \"data\":map[string]interface {}{\"k\":\"\\ttab\"}, \"kind\":\"ConfigMap\", \"metadata\":map[string]interface {}{\"name\":\"a\"}}: yaml: line 5: found a tab character where an indentation space is expected",
        ),
    ));
}

#[test]
fn a_quoted_string_stays_quoted_when_it_is_replaced() {
    check((
        &[
            (
                "kustomization.yaml",
                "resources: [a.yaml]\nreplicas: [{name: d, count: 5}]\npatches:\n- target: {kind: Deployment}\n  patch: '[{\"op\": \"replace\", \"path\": \"/spec/replicas\", \"value\": \"trail \"}]'\n",
            ),
            (
                "a.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {replicas: 1}\n",
            ),
        ],
        Ok(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: d\nspec:\n  replicas: \"5\"\n",
        ),
    ));
}

#[test]
fn a_variable_that_nothing_uses_is_told_of_before_a_failure() {
    let tree = super::tree([
        (
            "kustomization.yaml",
            &b"resources: [a.yaml]\nconfigurations: [c.yaml]\nvars:\n- {name: V, objref: {kind: ConfigMap, name: a, apiVersion: v1}}\n- {name: W, objref: {kind: ConfigMap, name: a, apiVersion: v1}}\n"[..],
        ),
        (
            "c.yaml",
            b"varReference:\n- {path: data/x, kind: ConfigMap}\n- {path: data/*, kind: ConfigMap}\n",
        ),
        (
            "a.yaml",
            b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: $(V)}\n",
        ),
    ]);
    let warnings = RefCell::new(Vec::new());
    let options = BuildOptions {
        warn: Some(&|text| warnings.borrow_mut().push(text.to_owned())),
        ..BuildOptions::default()
    };
    let error = build(&tree, "", &options).unwrap_err().to_string();
    assert!(error.ends_with("fieldName: *: wildcard is not supported in PathGetter"));
    let last = warnings.borrow().last().cloned();
    let told = "well-defined vars that were never replaced: W";
    assert_eq!(last.as_deref(), Some(told));
}

#[test]
fn a_directive_is_taken_from_what_is_new() {
    check((
        &[
            (
                "kustomization.yaml",
                "resources: [r.yaml]\npatches: [{path: p.yaml}]\n",
            ),
            (
                "r.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {}\n",
            ),
            (
                "p.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{name: c, $patch: replace}], volumes: [{name: v, $patch: merge}]}}}\n",
            ),
        ],
        Ok(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a\nspec:\n  template:\n    spec:\n      containers:\n      - name: c\n      volumes:\n      - name: v\n",
        ),
    ));
}

#[test]
fn labels_that_are_added_are_written_as_what_they_are_copied_to() {
    check((
        &[
            (
                "kustomization.yaml",
                "resources: [base]\npatches: [{path: p.yaml}]\n",
            ),
            (
                "base/kustomization.yaml",
                "resources: [r.yaml]\ncommonLabels: {app: x}\ncommonAnnotations: {note: 'a: b'}\n",
            ),
            (
                "base/r.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, labels: {app: '1'}}\nspec: {template: {metadata: {}}}\n",
            ),
            (
                "p.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, annotations: {note: 1e21}}\nspec: {selector: {matchLabels: {app: 1_000}}}\n",
            ),
        ],
        Ok(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  annotations:\n    note: \"1e21\"\n  labels:\n    app: x\n  name: a\nspec:\n  selector:\n    matchLabels:\n      app: \"1_000\"\n  template:\n    metadata:\n      annotations:\n        note: \"1e21\"\n      labels:\n        app: \"1_000\"\n",
        ),
    ));
}

#[test]
fn a_type_of_null_is_noticed_where_names_are_looked_up() {
    check((
        &[
            ("kustomization.yaml", "resources: [r.yaml]\n"),
            (
                "r.yaml",
                "apiVersion: null\nkind: Deployment\nmetadata: {name: a}\n",
            ),
        ],
        Err("node-referrerOriginal 'APIVersion' mismatch '' != 'null'"),
    ));
}

#[test]
fn a_field_without_a_name_is_no_field_to_a_patch() {
    check((
        &[
            (
                "kustomization.yaml",
                "resources: [r.yaml]\npatches: [{path: p.yaml}]\n",
            ),
            (
                "r.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {\"\": x}\n",
            ),
            (
                "p.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {b: c}\n",
            ),
        ],
        Err("wrong node kind: expected ScalarNode but got MappingNode: node contents:\n{\"\": x}"),
    ));
}
