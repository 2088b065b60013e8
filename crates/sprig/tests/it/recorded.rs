//! Calls with arguments of all kinds, recorded from sprig 3.3.0 with the dependencies of Helm 4.2.2 on Go 1.26, in UTC.

use std::fs;
use std::path::PathBuf;

use serde::Deserialize;
use windlass_gotemplate::Map;
use windlass_gotemplate::Value;

use crate::harness::{render, value};

#[derive(Deserialize)]
struct Case {
    template: String,
    out: Option<String>,
    error: Option<String>,
}

/// Recordings hold text, in which bytes that are no UTF-8 have been replaced.
fn shown(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c != char::REPLACEMENT_CHARACTER || !out.ends_with(c) {
            out.push(c);
        }
    }
    out
}

/// Another file of recordings can be named by `WINDLASS_SPRIG_RECORDINGS`.
#[test]
fn calls_are_answered_as_by_sprig() {
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let path = std::env::var_os("WINDLASS_SPRIG_RECORDINGS")
        .map_or_else(|| fixtures.join("calls.jsonl"), PathBuf::from);
    let values = fs::read_to_string(fixtures.join("values.json")).unwrap();
    let (mut ran, mut wrong) = (0, Vec::new());
    for line in fs::read_to_string(path).unwrap().lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        let root = Map::new();
        root.insert("Values", value(&values));
        let result = render(&case.template, &Value::Map(root));
        let expected = match (case.out, case.error) {
            (Some(out), _) => Ok(out),
            (None, error) => Err(error.unwrap_or_default()),
        };
        ran += 1;
        let text = |result: &Result<String, String>| match result {
            Ok(out) => format!("out   {}", shown(out)),
            Err(error) => format!("error {}", shown(error)),
        };
        if text(&result) != text(&expected) {
            let (expected, got) = (text(&expected), text(&result));
            wrong.push(format!(
                "{}\n  expected {expected}\n  got      {got}",
                case.template
            ));
        }
    }
    println!("ran {ran}, identical {}", ran - wrong.len());
    if let Some(path) = std::env::var_os("WINDLASS_DIFFERENCES") {
        fs::write(path, wrong.join("\n")).unwrap();
    }
    assert!(
        wrong.is_empty(),
        "{} differ, among them\n{}",
        wrong.len(),
        wrong
            .iter()
            .take(20)
            .cloned()
            .collect::<Vec<_>>()
            .join("\n")
    );
}
