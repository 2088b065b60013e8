//! Random trees compared with the original: with the program where it is on the `PATH`, and with a
//! recorded sample everywhere.
//!
//! `WINDLASS_SEED` and `WINDLASS_TREES` say where to start and how many trees to try.

use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;
use serde_json::Value;
use windlass_kustomize::{BuildOptions, FileSystem, Reorder, build};

use super::random::tree::{Case, case};

/// The sample: trees with what kustomize 5.8.1 made of them.
const SAMPLE: &str = include_str!("../testdata/random.json");

fn number(name: &str, otherwise: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Addresses differ from run to run.
fn normalised(text: &str) -> String {
    let pointers = Regex::new("0x[0-9a-f]+").expect("pattern");
    pointers.replace_all(text, "0x").into_owned()
}

fn ours(case: &Case, options: &BuildOptions<'_>) -> Result<String, String> {
    let files = case.files.iter();
    let tree = super::tree(files.map(|(path, text)| (path.as_str(), text.as_bytes())));
    build(&tree, &case.path, options)
        .map(|build| build.to_yaml())
        .map_err(|error| normalised(&error.to_string()))
}

#[test]
fn a_recorded_sample_gives_the_recorded_results() {
    let sample: Vec<Value> = serde_json::from_str(SAMPLE).expect("JSON");
    let mut different = Vec::new();
    for (at, recorded) in sample.iter().enumerate() {
        let files = recorded["files"].as_object().expect("files").iter();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let case = Case {
            files: files.map(|(path, t)| (path.clone(), text(t))).collect(),
            path: text(&recorded["path"]),
        };
        let wanted = match recorded["error"].as_str() {
            Some(error) => Err(normalised(error)),
            None => Ok(text(&recorded["yaml"])),
        };
        let given = ours(&case, &BuildOptions::default());
        if given != wanted {
            println!("--- tree {at}\nwanted {wanted:?}\ngiven {given:?}");
            different.push(at);
        }
    }
    assert!(sample.len() >= 100, "only {} trees", sample.len());
    assert!(different.is_empty(), "trees {different:?} differ");
}

#[test]
fn random_trees_give_what_the_original_gives() {
    let Some(program) = on_path("kustomize") else {
        println!("skipped: kustomize is not on the PATH");
        return;
    };
    let (first, count) = (number("WINDLASS_SEED", 1), number("WINDLASS_TREES", 20));
    for seed in first..first + count {
        let tree = case(seed);
        if differs(&program, &tree).is_none() {
            continue;
        }
        let small = shrunk(&program, tree);
        let (theirs, ours) = differs(&program, &small).expect("it differed");
        for (path, text) in &small.files {
            println!("### {path}\n{text}");
        }
        panic!(
            "seed {seed}, {}:\n--- theirs\n{theirs}\n--- ours\n{ours}",
            small.path
        );
    }
    println!("{count} trees from seed {first} on are the same");
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(program))
        .find(|file| file.is_file())
}

/// How often the original is asked again where chance decides what it says.
const RUNS: usize = 60;

/// Whether this is an error about a reference. The original looks at resources in the order of a Go
/// map: of two that are faulty it names any.
fn is_of_references(result: &Result<String, String>) -> bool {
    result
        .as_ref()
        .is_err_and(|error| error.contains("updating name reference in "))
}

/// What the original makes of a directory; nothing if it crashed, on which nobody relies.
fn original(program: &Path, directory: &Path) -> Option<Result<String, String>> {
    let output = Command::new(program).arg("build").arg(directory).output();
    let output = output.expect("kustomize runs");
    if output.status.success() {
        return Some(Ok(String::from_utf8_lossy(&output.stdout).into_owned()));
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let error = stderr.split_once("Error: ").map_or("", |(_, error)| error);
    let crashed = stderr.contains("\ngoroutine ");
    (!crashed).then(|| Err(normalised(error.trim_end())))
}

/// Both results, if they differ.
fn differs(program: &Path, case: &Case) -> Option<(String, String)> {
    let dir = tempfile::tempdir().expect("a directory");
    let root = dir.path().canonicalize().expect("a directory");
    for (path, text) in &case.files {
        let file = root.join(path);
        std::fs::create_dir_all(file.parent().expect("a parent")).expect("a directory");
        std::fs::write(file, text).expect("written");
    }
    let built = root.join(&case.path);
    let mut theirs = original(program, &built)?;
    let root = root.to_string_lossy();
    let options = BuildOptions {
        files: FileSystem::Disk(&root),
        reorder: Reorder::Unspecified,
        ..BuildOptions::default()
    };
    let ours = ours(case, &options).map_err(|error| error.trim_end().to_owned());
    for _ in 0..RUNS {
        if theirs == ours || !is_of_references(&theirs) || !is_of_references(&ours) {
            break;
        }
        theirs = original(program, &built)?;
    }
    let text = |result: &Result<String, String>| match result {
        Ok(yaml) => yaml.clone(),
        Err(error) => format!("Error: {error}"),
    };
    (theirs != ours).then(|| (text(&theirs), text(&ours)))
}

/// The smallest tree found that still differs.
fn shrunk(program: &Path, mut case: Case) -> Case {
    for _ in 0..200 {
        let smaller = candidates(&case)
            .into_iter()
            .find(|smaller| differs(program, smaller).is_some());
        match smaller {
            Some(smaller) => case = smaller,
            None => break,
        }
    }
    case
}

/// The tree without one file, one document, or one field or entry of a kustomization.
fn candidates(case: &Case) -> Vec<Case> {
    let mut all = Vec::new();
    let mut add = |path: &str, text: Option<String>| {
        let mut smaller = case.clone();
        match text {
            Some(text) => drop(smaller.files.insert(path.to_owned(), text)),
            None => drop(smaller.files.remove(path)),
        }
        all.push(smaller);
    };
    for (path, text) in &case.files {
        if path.ends_with("kustomization.yaml") {
            let Ok(Value::Object(fields)) = windlass_yaml::to_value(text) else {
                continue;
            };
            for (key, value) in &fields {
                let mut rest = fields.clone();
                rest.remove(key);
                add(
                    path,
                    Some(windlass_yaml::json_to_yaml(&rest.clone().into())),
                );
                let Some(items) = value.as_array().filter(|items| items.len() > 1) else {
                    continue;
                };
                for at in 0..items.len() {
                    let mut fewer = items.clone();
                    fewer.remove(at);
                    rest.insert(key.clone(), fewer.into());
                    add(
                        path,
                        Some(windlass_yaml::json_to_yaml(&rest.clone().into())),
                    );
                }
            }
            continue;
        }
        add(path, None);
        let documents: Vec<&str> = text.split("---\n").collect();
        if documents.len() > 1 {
            for at in 0..documents.len() {
                let mut fewer = documents.clone();
                fewer.remove(at);
                add(path, Some(fewer.join("---\n")));
            }
        }
    }
    all
}
