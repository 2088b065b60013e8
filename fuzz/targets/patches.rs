//! Strategic merge and JSON patches: a file `r` of resources, and a file `p` that patches them.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use windlass_fuzz::{files, tree};
use windlass_kustomize::{BuildOptions, Limits, LoadRestrictor, build};

/// To the resources the patch itself names, to those of a selector, and by the fields that are
/// deprecated.
const KUSTOMIZATIONS: [&str; 4] = [
    "resources: [r]\npatches:\n- path: p\n",
    "resources: [r]\npatches:\n- path: p\n  target: {kind: .*}\n  options: {allowNameChange: true, allowKindChange: true}\n",
    "resources: [r]\npatchesStrategicMerge: [p]\n",
    "resources: [r]\npatchesJson6902:\n- path: p\n  target: {version: v1, kind: ConfigMap, name: a}\n",
];

fuzz_target!(|data: &[u8]| -> Corpus {
    let files = files(data);
    let get = |wanted: &str| files.iter().find(|(name, _)| name == wanted);
    let (Some((_, resources)), Some((_, patch))) = (get("r"), get("p")) else {
        return Corpus::Reject;
    };
    let options = BuildOptions {
        load_restrictor: LoadRestrictor::None,
        limits: Limits {
            max_resources: 1_000,
            max_bytes: 4 << 20,
            max_added: 4 << 20,
            ..Limits::default()
        },
        ..BuildOptions::default()
    };
    for kustomization in KUSTOMIZATIONS {
        let tree = tree([
            ("kustomization.yaml", kustomization.as_bytes()),
            ("r", resources),
            ("p", patch),
        ]);
        if let Ok(build) = build(&tree, "", &options) {
            let _ = build.to_yaml();
        }
    }
    Corpus::Keep
});
