//! The recorded builds, when they are at hand.

use std::collections::BTreeSet;
use std::path::PathBuf;

use regex::Regex;
use serde_json::Value;
use windlass_kustomize::{BuildOptions, LoadRestrictor, Reorder, build};

/// Recorded builds that do not pass yet: name, then the reason.
const PENDING: &str = include_str!("../testdata/pending.txt");

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
            _ => Reorder::Legacy,
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
    let pending: BTreeSet<&str> = PENDING
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let (mut passed, mut failed, mut surprising) = (0, Vec::new(), Vec::new());
    for case in &cases {
        let name = case["name"].as_str().expect("name");
        if only
            .as_ref()
            .is_some_and(|only| !name.contains(only.as_str()))
        {
            continue;
        }
        match run(case) {
            Ok(()) if pending.contains(name) => {
                surprising.push(format!("{name} passes: take it off the list"));
                passed += 1;
            }
            Ok(()) => passed += 1,
            Err(difference) => {
                if only.is_some() {
                    println!("{name}\n{difference}");
                }
                if !pending.contains(name) {
                    let first = difference.lines().rev().take(1).collect::<String>();
                    surprising.push(format!("{name} fails: {first}"));
                }
                failed.push(name);
            }
        }
    }
    println!(
        "ran {}, passed {passed}, failed {}",
        passed + failed.len(),
        failed.len()
    );
    for name in &failed {
        println!("failed: {name}");
    }
    assert!(surprising.is_empty(), "{}", surprising.join("\n"));
}
