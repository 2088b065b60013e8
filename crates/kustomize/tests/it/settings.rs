//! Settings of the wrong types, with what kustomize 5.8.1 says of them.

use windlass_kustomize::{BuildOptions, build};

#[test]
fn settings_are_refused_in_the_words_of_go() {
    let recorded: &[(&str, &str)] = &[
        (
            "configMapGenerator: [{name: 1}]",
            "invalid Kustomization: json: cannot unmarshal number into Go struct field ConfigMapArgs.configMapGenerator.GeneratorArgs.name of type string",
        ),
        (
            "secretGenerator: [{name: s, options: {labels: {a: 1}}}]",
            "invalid Kustomization: json: cannot unmarshal number into Go struct field GeneratorOptions.secretGenerator.GeneratorArgs.options.labels of type string",
        ),
        (
            "replacements: [{targets: [{select: {kind: true}}]}]",
            "invalid Kustomization: json: cannot unmarshal bool into Go struct field Selector.replacements.Replacement.targets.select.ResId.Gvk.kind of type string",
        ),
        (
            "patchesStrategicMerge: [1]",
            "invalid Kustomization: json: cannot unmarshal number into Go struct field Kustomization.patchesStrategicMerge of type types.PatchStrategicMerge",
        ),
        (
            "sortOptions: {order: [1]}",
            "invalid Kustomization: json: cannot unmarshal array into Go struct field SortOptions.sortOptions.order of type types.SortOrder",
        ),
        (
            "apiVersion: 1",
            "invalid Kustomization: json: cannot unmarshal number into Go struct field Kustomization.TypeMeta.apiVersion of type string",
        ),
        (
            "transformers: ['{apiVersion: builtin, kind: LabelTransformer, metadata: {name: t}, fieldSpecs: [{path: a, group: 1}]}']",
            "plugin LabelTransformer.builtin.[noGrp]/t.[noNs] fails configuration: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal number into Go struct field FieldSpec.fieldSpecs.Gvk.group of type string",
        ),
        (
            "generators: ['{apiVersion: builtin, kind: ConfigMapGenerator, metadata: {name: t}, literals: [1]}']",
            "loading generator plugins: failed to load generator: plugin ConfigMapGenerator.builtin.[noGrp]/t.[noNs] fails configuration: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal number into Go struct field ConfigMapGeneratorPlugin.ConfigMapArgs.GeneratorArgs.KvPairSources.literals of type string",
        ),
        (
            "crds: [c.yaml]",
            "loading CRDs [c.yaml]: unable to parse open API definition from 'c.yaml': error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go value of type accumulator.OpenAPIDefinition",
        ),
        (
            "configurations: [l.yaml]",
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type builtinconfig.TransformerConfig",
        ),
        (
            "commonAnnotations: {'': a}",
            "considering field 'metadata/annotations' of object X.v1.[noGrp]/b.[noNs]: wrong node kind: expected ScalarNode but got MappingNode: node contents:\n{}",
        ),
        (
            "configMapGenerator: [{name: c, options: {labels: {'': a}}}]",
            "wrong node kind: expected ScalarNode but got MappingNode: node contents:\n{}",
        ),
    ];
    for (setting, wanted) in recorded {
        let kustomization = format!("resources: [c.yaml]\n{setting}\n");
        let files = [
            ("c.yaml", "apiVersion: v1\nkind: X\nmetadata: {name: b}\n"),
            ("l.yaml", "[a]\n"),
            ("kustomization.yaml", kustomization.as_str()),
        ];
        let tree = super::tree(files.iter().map(|(path, text)| (*path, text.as_bytes())));
        let error = build(&tree, "", &BuildOptions::default()).expect_err(setting);
        assert_eq!(error.to_string().trim_end(), *wanted, "{setting}");
    }
}
