//! Recorded documents of the real libraries, aspect by aspect. `WINDLASS_SHOWN=n` prints the
//! first n failures of each.

use std::path::{Path, PathBuf};

use windlass_yaml::{
    documents, go_json, json_to_yaml, json_to_yaml_pretty, kyaml_roundtrip, to_json, to_value,
};

/// Recorded with sigs.k8s.io/yaml 1.6.0 and kyaml 0.21.1, so that a clone that stands alone tests
/// something: a sample of random documents, most of them made to be awkward.
const SAMPLE: &str = include_str!("../testdata/recorded.jsonl");

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    #[serde(rename = "in")]
    text: String,
    /// `YAMLToJSON`.
    json: Option<String>,
    json_error: Option<String>,
    /// That JSON through `JSONToYAML`.
    yaml: Option<String>,
    /// Read and written by kyaml's kio.
    kyaml: Option<String>,
    kyaml_error: Option<String>,
    /// The JSON of each document as kyaml decodes it, one a line.
    docs: Option<String>,
    docs_error: Option<String>,
    /// That JSON through go-yaml v3's encoder, indented by two.
    pretty: Option<String>,
}

/// One way to look at a document.
struct Aspect {
    name: &'static str,
    ran: usize,
    failed: Vec<String>,
}

impl Aspect {
    fn check<T: PartialEq + std::fmt::Debug>(&mut self, case: &Case, expected: &T, got: &T) {
        self.ran += 1;
        if expected != got {
            let text = &case.text;
            self.failed.push(format!(
                "{text:?}\n  expected {expected:?}\n  got      {got:?}"
            ));
        }
    }
}

/// The aspects in the order they are reported in.
const NAMES: [&str; 9] = [
    "json",
    "yaml",
    "json error or not",
    "json error texts",
    "kyaml",
    "kyaml error or not",
    "kyaml error texts",
    "documents",
    "pretty",
];

fn run(cases: &[Case]) -> Vec<Aspect> {
    let mut aspects = NAMES.map(|name| Aspect {
        name,
        ran: 0,
        failed: Vec::new(),
    });
    let [
        json,
        yaml,
        outcome,
        texts,
        kyaml,
        kyaml_outcome,
        kyaml_texts,
        documents_of,
        pretty,
    ] = &mut aspects;
    for case in cases {
        let value = to_value(&case.text);
        outcome.check(case, &case.json_error.is_none(), &value.is_ok());
        match (&case.json, &case.json_error, &value) {
            (Some(expected), _, Ok(value)) => {
                json.check(case, expected, &to_json(&case.text).unwrap());
                if let Some(expected) = &case.yaml {
                    yaml.check(case, expected, &json_to_yaml(value));
                }
                if let Some(expected) = &case.pretty {
                    pretty.check(case, expected, &json_to_yaml_pretty(value));
                }
            }
            (_, Some(expected), Err(error)) => texts.check(case, expected, &error.to_string()),
            _ => {}
        }
        let written = kyaml_roundtrip(&case.text);
        if case.kyaml.is_some() || case.kyaml_error.is_some() {
            kyaml_outcome.check(case, &case.kyaml_error.is_none(), &written.is_ok());
        }
        match (&case.kyaml, &case.kyaml_error, &written) {
            (Some(expected), _, Ok(written)) => kyaml.check(case, expected, written),
            (_, Some(expected), Err(error)) => {
                kyaml_texts.check(case, expected, &error.to_string());
            }
            _ => {}
        }
        if case.docs.is_some() || case.docs_error.is_some() {
            let got = documents(&case.text)
                .map(|values| values.iter().map(|v| go_json(v) + "\n").collect::<String>())
                .map_err(|error| error.to_string());
            let expected = match (&case.docs, &case.docs_error) {
                (Some(docs), _) => Ok(docs.replace("\\ufffd", "\u{fffd}")),
                (None, error) => Err(error.clone().unwrap_or_default()),
            };
            documents_of.check(case, &expected, &got);
        }
    }
    aspects.into()
}

fn report(file: &str, cases: &[Case], aspects: &[Aspect]) {
    let shown = std::env::var("WINDLASS_SHOWN")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let failed: std::collections::BTreeSet<&str> = aspects
        .iter()
        .flat_map(|aspect| &aspect.failed)
        .filter_map(|failure| failure.lines().next())
        .collect();
    println!(
        "{file}: ran {}, passed {}, failed {}, skipped 0",
        cases.len(),
        cases.len() - failed.len(),
        failed.len()
    );
    for aspect in aspects.iter().filter(|aspect| aspect.ran > 0) {
        println!(
            "  {}: ran {}, failed {}",
            aspect.name,
            aspect.ran,
            aspect.failed.len()
        );
        for failure in aspect.failed.iter().take(shown) {
            println!("  failed: {failure}");
        }
    }
    let failures: Vec<&String> = aspects.iter().flat_map(|aspect| &aspect.failed).collect();
    assert!(failures.is_empty(), "{file}: {failures:#?}");
}

fn parse(lines: &str) -> Vec<Case> {
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn recorded_documents() {
    let directory = std::env::var_os("WINDLASS_CONFORMANCE").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
        PathBuf::from,
    );
    let path = directory.join("yaml/cases.jsonl");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!(
            "yaml/cases.jsonl: skipped: no recordings at {}",
            path.display()
        );
        return;
    };
    let cases = parse(&text);
    assert!(!cases.is_empty(), "nothing to compare");
    report("yaml/cases.jsonl", &cases, &run(&cases));
}

#[test]
fn recorded_sample() {
    let cases = parse(SAMPLE);
    let aspects = run(&cases);
    assert!(aspects.iter().all(|aspect| aspect.ran > 0));
    report("recorded.jsonl", &cases, &aspects);
}
