//! Values as the real Helm merges them: recorded tables.

use serde_json::{Value as Json, json};
use windlass_archive::{Limits, Tree};
use windlass_helm::chart::{Chart, LoadLimits, load_directory, process_dependencies};
use windlass_helm::values::{
    Map, Value, coalesce_values, map_from_json, parse_file_into, parse_into, parse_json_into,
    parse_literal_into, parse_string_into, read_values,
};

/// The recorded form, in which an integer is told from a float.
fn tagged(value: &Value) -> Json {
    match value {
        Value::Int(int) => json!({ "$int": int }),
        Value::List(items) => items.iter().map(tagged).collect(),
        Value::Map(map) => tagged_map(map),
        other => other.to_json(),
    }
}

fn tagged_map(map: &Map) -> Json {
    map.iter()
        .map(|(key, value)| (key.to_string(), tagged(value)))
        .collect()
}

/// The lines of a recording: one of the crate's own, and a longer one where it is at hand.
fn lines(name: &str, own: &str) -> Vec<Json> {
    let more = std::env::var_os("WINDLASS_VALUES")
        .map(|directory| std::path::Path::new(&directory).join(name))
        .and_then(|path| std::fs::read_to_string(path).ok())
        .unwrap_or_default();
    own.lines()
        .chain(more.lines())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn report(name: &str, ran: usize, differences: &[String]) {
    println!("{name}: ran {ran}, passed {}", ran - differences.len());
    for difference in differences.iter().take(10) {
        println!("{difference}");
    }
    assert!(differences.is_empty());
}

fn set(case: &Json) -> Result<Json, String> {
    let base: Json = serde_json::from_str(case["base"].as_str().unwrap()).unwrap();
    let mut values = map_from_json(base.as_object().unwrap());
    let text = case["text"].as_str().unwrap();
    let result = match case["kind"].as_str().unwrap() {
        "set" => parse_into(text, &mut values),
        "string" => parse_string_into(text, &mut values),
        "json" => parse_json_into(text, &mut values),
        "literal" => parse_literal_into(text, &mut values),
        _ => parse_file_into(text, &mut values, &mut |name| {
            if name == "x" {
                Err("open x: no such file or directory".to_owned())
            } else {
                Ok(format!("<{name}>"))
            }
        }),
    };
    result.map_err(|error| error.to_string())?;
    Ok(tagged_map(&values))
}

#[test]
fn the_set_grammar_is_that_of_helm() {
    let cases = lines("set.jsonl", include_str!("../testdata/set.jsonl"));
    let mut differences = Vec::new();
    for case in &cases {
        let given = set(case);
        // Errors inside of JSON are never shown.
        let same = match (&given, case["error"].as_str()) {
            (Err(_), Some(_)) if case["kind"] == "json" => true,
            (Err(given), Some(wanted)) => given == wanted,
            (Ok(given), None) => *given == case["values"],
            _ => false,
        };
        if !same {
            differences.push(format!("{case}\n  given {given:?}"));
        }
    }
    report("set", cases.len(), &differences);
}

fn tree_of(chart: &Chart) -> Json {
    chart
        .dependencies()
        .iter()
        .map(|subchart| json!([subchart.name(), tree_of(subchart)]))
        .collect()
}

fn coalesce(case: &Json) -> Result<Json, String> {
    let mut tree = Tree::builder(Limits::default());
    for (path, text) in case["files"].as_object().unwrap() {
        let text = text.as_str().unwrap().as_bytes().to_vec();
        tree.file(path, text, false).unwrap();
    }
    let mut chart =
        load_directory(&tree.build(), &LoadLimits::default()).map_err(|error| error.to_string())?;
    let user = read_values(case["user"].as_str().unwrap().as_bytes())?;
    let mut warnings = Vec::new();
    process_dependencies(&mut chart, &user, &mut warnings)?;
    let values = coalesce_values(&chart, &user, &mut warnings)?;
    Ok(json!({
        "values": tagged_map(&values),
        "defaults": tagged_map(chart.values()),
        "tree": tree_of(&chart),
    }))
}

#[test]
fn values_are_coalesced_as_in_helm() {
    let cases = lines("coalesce.jsonl", include_str!("../testdata/coalesce.jsonl"));
    let mut differences = Vec::new();
    for case in &cases {
        let given = coalesce(case);
        let same = match (&given, case["error"].as_str()) {
            (Err(given), Some(wanted)) => given == wanted,
            (Ok(given), None) => ["values", "defaults", "tree"]
                .iter()
                .all(|part| given[part] == case[part]),
            _ => false,
        };
        if !same {
            let given = match given {
                Ok(given) => given.to_string(),
                Err(given) => given,
            };
            differences.push(format!("{case}\n  given {given}"));
        }
    }
    report("coalesce", cases.len(), &differences);
}
