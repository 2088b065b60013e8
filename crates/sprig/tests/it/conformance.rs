//! The recorded templates of Helm's engine that use nothing of Helm's own.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use windlass_gotemplate::{Map, MissingKey, Templates, Value};
use windlass_sprig::{System, functions, json};

/// What Helm adds, or has in place of sprig's.
const HELM: &[&str] = &[
    "include",
    "tpl",
    "required",
    "fail",
    "lookup",
    "toYaml",
    "mustToYaml",
    "toYamlPretty",
    "fromYaml",
    "fromYamlArray",
    "toJson",
    "mustToJson",
    "fromJson",
    "fromJsonArray",
    "toToml",
    "mustToToml",
    "fromToml",
];

/// Results that depend on the clock or on chance.
const CHANCE: &[&str] = &[
    "now",
    "ago",
    "shuffle",
    "uuidv4",
    "bcrypt",
    "htpasswd",
    "encryptAES",
    "randInt",
    "randBytes",
    "randAlpha",
    "randAlphaNum",
    "randNumeric",
    "randAscii",
    "genPrivateKey",
    "genCA",
    "genSelfSignedCert",
    "genSignedCert",
];

/// Fields of the root that only a chart has.
const CHART: &[&str] = &["Chart", "Capabilities", "Files", "Template", "Subcharts"];

#[derive(Deserialize)]
struct Case {
    template: String,
    out: Option<String>,
    error: Option<String>,
}

fn recordings() -> Option<PathBuf> {
    let root = std::env::var_os("WINDLASS_CONFORMANCE").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
        PathBuf::from,
    );
    Some(root.join("helm")).filter(|root| root.join("templates.jsonl").exists())
}

/// Identifiers of a template outside of texts: functions, and the first part of fields.
fn words(template: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    let mut escaped = false;
    for c in template.chars() {
        match quote {
            Some(open) => {
                let ends = c == open && !escaped;
                escaped = c == '\\' && open == '"' && !escaped;
                if ends {
                    quote = None;
                }
            }
            None if c == '"' || c == '`' => {
                quote = Some(c);
                words.push(String::new());
            }
            None if c.is_alphanumeric() || c == '_' || c == '.' || c == '$' => {
                if let Some(word) = words.last_mut() {
                    word.push(c);
                }
            }
            None => words.push(String::new()),
        }
    }
    words
}

/// Why a template is not for this crate alone.
fn skipped(template: &str) -> Option<&'static str> {
    let words = words(template);
    let has = |names: &[&str]| words.iter().any(|word| names.contains(&word.as_str()));
    if has(HELM) {
        return Some("Helm's functions");
    }
    if has(CHANCE) {
        return Some("time and chance");
    }
    let fields = words.iter().filter_map(|word| {
        let rest = word.strip_prefix("$.").or_else(|| word.strip_prefix('.'))?;
        rest.split('.').next()
    });
    let of_chart = fields.clone().any(|field| CHART.contains(&field));
    let whole = words
        .iter()
        .any(|word| matches!(word.as_str(), "." | "$" | ".Values"));
    (of_chart || whole).then_some("objects of a chart")
}

/// Helm's form of an error as Go writes it.
fn in_go_form(error: &str) -> String {
    if let Some(rest) = error.strip_prefix("parse error at (")
        && let Some((place, message)) = rest.split_once("): ")
    {
        return format!("template: {place}: {message}");
    }
    let mut lines = error.splitn(3, '\n');
    match (lines.next(), lines.next(), lines.next()) {
        (Some(place), Some(executing), Some(message)) if executing.starts_with("  executing ") => {
            let (executing, message) = (executing.trim_start(), message.trim_start());
            format!("template: {place}: {executing} {message}")
        }
        _ => error.to_owned(),
    }
}

/// Helm cuts the space at the end of messages, and of a parse error keeps what follows the last colon.
fn same(result: &Result<String, String>, expected: &Result<String, String>) -> bool {
    match (result, expected) {
        (Err(result), Err(expected)) => {
            result.trim_end() == expected.trim_end()
                || result
                    .split_once(": unrecognized character in action: ")
                    .map(join)
                    == Some(expected.clone())
                || result.split_once(": illegal number syntax: ").map(join)
                    == Some(expected.clone())
        }
        _ => result == expected,
    }
}

fn join((place, message): (&str, &str)) -> String {
    format!("{place}: {message}")
}

#[test]
fn templates_render_as_recorded() {
    let Some(recordings) = recordings() else {
        println!("skipped: no recordings");
        return;
    };
    let values = fs::read(recordings.join("templates-values.json")).unwrap();
    let text = fs::read_to_string(recordings.join("templates.jsonl")).unwrap();
    let functions = functions(&(Arc::new(System) as Arc<dyn windlass_sprig::Environment>));
    let mut skips: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut ran, mut wrong) = (0, Vec::new());
    for line in text.lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        if let Some(reason) = skipped(&case.template) {
            *skips.entry(reason).or_default() += 1;
            continue;
        }
        ran += 1;
        let root = Map::new();
        root.insert("Values", json::decode(&values).0);
        root.insert(
            "Release",
            json::decode(br#"{"Name":"rel","Namespace":"ns","Service":"Helm"}"#).0,
        );
        let mut templates =
            Templates::new("t", functions.clone()).with_missing_key(MissingKey::Zero);
        let name = "c/templates/t";
        let result = templates
            .parse(name, case.template.as_bytes())
            .map_err(|error| error.to_string())
            .and_then(|()| {
                let out = templates.render(name, &Value::Map(root));
                out.map_err(|error| error.to_string())
            })
            .map(|out| String::from_utf8_lossy(&out).replace("<no value>", ""));
        let expected = match (case.out, case.error) {
            (Some(out), _) => Ok(out),
            (None, error) => Err(in_go_form(&error.unwrap_or_default())),
        };
        if !same(&result, &expected) {
            wrong.push(format!(
                "{}\n  expected {expected:?}\n  got      {result:?}",
                case.template
            ));
        }
    }
    println!(
        "ran {ran}, identical {}, skipped {skips:?}",
        ran - wrong.len()
    );
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
