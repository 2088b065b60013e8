//! The recorded builds, when they are at hand.

use std::path::PathBuf;

use regex::Regex;
use serde_json::Value;
use windlass_kustomize::{BuildOptions, LoadRestrictor, Reorder, build};

/// Recordings that are not compared, with the reason.
const SKIPPED: [(&str, &str); 0] = [];

fn recordings() -> Option<Vec<Value>> {
    let directory = std::env::var_os("WINDLASS_CONFORMANCE").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
        PathBuf::from,
    );
    let path = directory.join("kustomize/cases.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no recordings at {}", path.display());
        return None;
    };
    Some(serde_json::from_str(&text).expect("the recordings are JSON"))
}

/// What the case gives, or how it differs from the recording.
fn run(case: &Value) -> Result<(), String> {
    let text = |key: &str| case[key].as_str().unwrap_or_default();
    let files = case["files"].as_object().expect("files");
    let tree = super::tree(
        files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str().unwrap_or("").as_bytes())),
    );
    let options = BuildOptions {
        load_restrictor: match text("loadRestrictions") {
            "none" => LoadRestrictor::None,
            _ => LoadRestrictor::RootOnly,
        },
        reorder: match text("reorder") {
            "none" => Reorder::None,
            "legacy" => Reorder::Legacy,
            _ => Reorder::Unspecified,
        },
        ..BuildOptions::default()
    };
    let result = build(&tree, text("path"), &options);
    let pointers = Regex::new("0x[0-9a-f]+").expect("pattern");
    match (result, case.get("yaml"), case.get("error")) {
        (Ok(build), Some(yaml), None) => {
            let given = build.to_yaml();
            if given == yaml.as_str().unwrap_or_default() {
                return Ok(());
            }
            Err(format!(
                "--- wanted\n{}\n--- given\n{given}",
                yaml.as_str().unwrap_or_default()
            ))
        }
        (Err(error), None, Some(wanted)) => {
            let given = pointers.replace_all(&error.to_string(), "0x").into_owned();
            let wanted = pointers.replace_all(wanted.as_str().unwrap_or_default(), "0x");
            if given == wanted {
                return Ok(());
            }
            Err(format!(
                "--- wanted error\n{wanted}\n--- given error\n{given}"
            ))
        }
        (Ok(build), ..) => Err(format!(
            "--- wanted an error\n--- given\n{}",
            build.to_yaml()
        )),
        (Err(error), ..) => Err(format!("--- wanted a result\n--- given error\n{error}")),
    }
}

#[test]
fn recorded_builds_give_the_recorded_bytes() {
    let Some(cases) = recordings() else { return };
    let only = std::env::var("WINDLASS_CASE").ok();
    let wanted = |name: &str| {
        only.as_ref()
            .is_none_or(|only| name.contains(only.as_str()))
    };
    let (mut passed, mut skipped, mut failed) = (0, 0, Vec::new());
    for case in &cases {
        let name = case["name"].as_str().expect("name");
        if !wanted(name) {
            continue;
        }
        if let Some((_, reason)) = SKIPPED.iter().find(|(skipped, _)| *skipped == name) {
            println!("skipped {name}: {reason}");
            skipped += 1;
            continue;
        }
        match run(case) {
            Ok(()) => passed += 1,
            Err(difference) => {
                println!("{name}\n{difference}");
                failed.push(name);
            }
        }
    }
    println!(
        "kustomize/cases.json: ran {}, passed {passed}, failed {}, skipped {skipped}",
        passed + failed.len(),
        failed.len()
    );
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
