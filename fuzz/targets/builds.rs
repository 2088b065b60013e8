//! Whole builds of a small tree, as the controller runs them and as the command line does.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use windlass_fuzz::{files, tree};
use windlass_kustomize::flux::{self, Overrides};
use windlass_kustomize::{BuildOptions, FileSystem, Limits, LoadRestrictor, Reorder, build};

/// The controller's, scaled to what an input may cost.
const LIMITS: fn() -> Limits = || Limits {
    max_resources: 1_000,
    max_depth: 64,
    max_visits: 200,
    max_bytes: 8 << 20,
    max_added: 4 << 20,
    ..Limits::default()
};

fuzz_target!(|data: &[u8]| -> Corpus {
    let files = files(data);
    if files.is_empty() {
        return Corpus::Reject;
    }
    let tree = tree(files.iter().map(|(path, bytes)| (path.as_str(), *bytes)));
    // The directory named first is the one to build.
    let path = files[0].0.rsplit_once('/').map_or("", |(dir, _)| dir);

    let files = FileSystem::Confined("/root");
    if let Ok(prepared) = flux::prepare(&tree, path, &Overrides::default(), files) {
        let options = BuildOptions {
            files,
            load_restrictor: LoadRestrictor::None,
            limits: LIMITS(),
            ..BuildOptions::default()
        };
        if let Ok(build) = build(&prepared, path, &options) {
            for resource in &build.resources {
                let _ = windlass_yaml::json_to_yaml(&resource.object);
            }
        }
    }

    let options = BuildOptions {
        files: FileSystem::Disk(""),
        reorder: Reorder::Unspecified,
        limits: LIMITS(),
        ..BuildOptions::default()
    };
    if let Ok(build) = build(&tree, path, &options) {
        let _ = build.to_yaml();
    }
    Corpus::Keep
});
