//! Templates recorded with Go's own `text/template`.

use serde::Deserialize;
use windlass_gotemplate::{MissingKey, Templates};

use crate::host;

/// A template and what Go made of it. What is not UTF-8 is in hexadecimal, in the second field.
#[derive(Deserialize)]
struct Case {
    #[serde(default)]
    t: String,
    tx: Option<String>,
    #[serde(default)]
    mk: String,
    out: Option<String>,
    ox: Option<String>,
    err: Option<String>,
    ex: Option<String>,
}

fn bytes(text: Option<String>, hex: Option<String>) -> Option<Vec<u8>> {
    match (text, hex) {
        (_, Some(hex)) => Some(
            (0..hex.len() / 2)
                .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
                .collect(),
        ),
        (text, None) => text.map(String::into_bytes),
    }
}

fn run(template: &[u8], missing_key: &str) -> Result<Vec<u8>, String> {
    let mut templates =
        Templates::new("root", host::functions()).with_missing_key(match missing_key {
            "zero" => MissingKey::Zero,
            "error" => MissingKey::Error,
            _ => MissingKey::Invalid,
        });
    templates
        .parse("t", template)
        .map_err(|error| error.to_string())?;
    templates
        .render("t", &host::data())
        .map_err(|failure| failure.to_string())
}

/// Runs the cases of a file and returns how many there are.
fn check(cases: &str) -> usize {
    let mut wrong = 0;
    for line in cases.lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        let template = bytes(Some(case.t), case.tx).unwrap();
        let result = run(&template, &case.mk);
        let expected = match bytes(case.out, case.ox) {
            Some(out) => Ok(out),
            None => Err(String::from_utf8_lossy(&bytes(case.err, case.ex).unwrap()).into_owned()),
        };
        if result != expected {
            wrong += 1;
            if wrong <= 25 {
                let shown = |result: &Result<Vec<u8>, String>| match result {
                    Ok(out) => String::from_utf8_lossy(out).into_owned(),
                    Err(error) => format!("error: {error}"),
                };
                println!(
                    "{}\n  expected {}\n  got      {}",
                    String::from_utf8_lossy(&template),
                    shown(&expected),
                    shown(&result)
                );
            }
        }
    }
    assert_eq!(wrong, 0, "cases differ");
    cases.lines().count()
}

#[test]
fn cases_run_as_recorded() {
    let count = check(include_str!("../data/recorded.jsonl"));
    assert!(count > 700);
}

/// More cases of the same form than are kept with the crate.
#[test]
fn files_of_the_environment_run_as_recorded() {
    let Some(files) = std::env::var_os("GOTEMPLATE_CASES") else {
        println!("skipped: GOTEMPLATE_CASES names no files");
        return;
    };
    for file in std::env::split_paths(&files) {
        let count = check(&std::fs::read_to_string(&file).unwrap());
        println!("{}: {count} cases", file.display());
    }
}
