//! Recorded renders of single templates.

use serde_json::Value as Json;
use windlass_archive::{Limits, Tree};
use windlass_helm::chart::{LoadLimits, load_directory};
use windlass_helm::values::{Map, map_from_json};
use windlass_helm::{ReleaseOptions, RenderOptions, Renderer};

use super::recordings::{directory, parallel};

fn render(template: &str, values: &Map) -> Result<String, String> {
    let mut tree = Tree::builder(Limits::default());
    let chart = "apiVersion: v2\nname: c\nversion: 1.2.3\nappVersion: 4.5.6\n";
    tree.file("Chart.yaml", chart.as_bytes().to_vec(), false)
        .unwrap();
    tree.file("templates/t", template.as_bytes().to_vec(), false)
        .unwrap();
    let chart = load_directory(&tree.build(), &LoadLimits::default()).unwrap();
    let options = RenderOptions {
        release: ReleaseOptions {
            name: "rel".to_owned(),
            namespace: "ns".to_owned(),
            ..ReleaseOptions::default()
        },
        ..RenderOptions::default()
    };
    match Renderer::new(chart).files(values, &options) {
        Ok(mut files) => Ok(files.files.remove("c/templates/t").unwrap_or_default()),
        Err(error) => Err(error.to_string()),
    }
}

/// The text with the addresses that Go prints for pointers in maps replaced.
fn hide_addresses(text: &str) -> String {
    let mut parts = text.split(":0x");
    let mut hidden = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        hidden.push_str(":0x");
        hidden.push_str(part.trim_start_matches(|found: char| found.is_ascii_hexdigit()));
    }
    hidden
}

/// What differs, if anything does.
fn check(case: &Json, values: &Map) -> Option<String> {
    let template = case["template"].as_str().unwrap_or_default();
    let result = std::panic::catch_unwind(|| render(template, values))
        .unwrap_or_else(|_| Err("PANIC".to_owned()));
    let wanted = match case["error"].as_str() {
        Some(error) => Err(error.to_owned()),
        None => Ok(case["out"].as_str().unwrap_or_default().to_owned()),
    };
    // Addresses of objects differ from run to run.
    let hide = |text: String| hide_addresses(&text);
    let (result, wanted) = (result.map(hide), wanted.map(hide));
    (result != wanted).then(|| format!("{template}\n  wanted {wanted:?}\n  given  {result:?}"))
}

#[test]
fn recorded_templates_give_the_recorded_text() {
    let Some(directory) = directory() else { return };
    let read = |name: &str| std::fs::read_to_string(directory.join(name)).unwrap();
    let values: Json = serde_json::from_str(&read("templates-values.json")).unwrap();
    let values = map_from_json(values.as_object().unwrap());
    let cases: Vec<Json> = read("templates.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let differences = parallel(&cases, |case| check(case, &values));
    let differences: Vec<String> = differences.into_iter().flatten().collect();
    println!(
        "helm/templates.jsonl: ran {}, passed {}",
        cases.len(),
        cases.len() - differences.len()
    );
    if let Some(file) = std::env::var_os("WINDLASS_DIFFERENCES") {
        std::fs::write(file, differences.join("\n")).unwrap();
    }
    assert!(differences.is_empty());
}

/// Expressions and their values, recorded as those above.
const EXPRESSIONS: &str = include_str!("../testdata/expressions.jsonl");
const VALUES: &str = include_str!("../testdata/expressions-values.json");

#[test]
fn expressions_give_the_recorded_text() {
    let values: Json = serde_json::from_str(VALUES).unwrap();
    let values = map_from_json(values.as_object().unwrap());
    let cases = EXPRESSIONS.lines();
    let cases: Vec<Json> = cases
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let differences = cases.iter().filter_map(|case| check(case, &values));
    let differences: Vec<String> = differences.collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
