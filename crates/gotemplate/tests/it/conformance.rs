//! The recorded templates that only use built-in functions.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use windlass_gotemplate::{Failure, Functions, Map, MapType, MissingKey, Templates, Type, Value};

use crate::json;

#[derive(Deserialize)]
struct Case {
    template: String,
    out: Option<String>,
    error: Option<String>,
}

/// The type of the recordings' top-level values.
static VALUES: MapType = MapType {
    name: "common.Values",
    elem: Type::Any,
    named: true,
    methods: &[],
};

const FILE: &str = "c/templates/t";

fn directory() -> PathBuf {
    match std::env::var_os("WINDLASS_CONFORMANCE") {
        Some(directory) => directory.into(),
        None => concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/conformance").into(),
    }
}

fn data(values: &serde_json::Value) -> Value {
    let Value::Map(values) = json::value(values) else {
        panic!("values are a map");
    };
    let release = json::value(&serde_json::json!({
        "Name": "rel", "Namespace": "ns", "Service": "Helm", "IsInstall": true, "IsUpgrade": false,
    }));
    release.as_map().unwrap().insert("Revision", Value::int(1));
    let chart = json::value(&serde_json::json!({
        "Name": "c", "Version": "1.2.3", "AppVersion": "4.5.6",
    }));
    let template = json::value(&serde_json::json!({
        "Name": FILE, "BasePath": "c/templates",
    }));
    let root: Map = [
        ("Values", Value::Map(values.retyped(&VALUES))),
        ("Release", release),
        ("Chart", chart),
        ("Template", template),
    ]
    .into_iter()
    .collect();
    Value::Map(root.retyped(&VALUES))
}

/// The error in the form of the recordings: Go's, unless no function is to blame.
fn shown(failure: &Failure) -> String {
    match failure.as_exec() {
        Some(error) if error.cause().is_none() => match error.place() {
            Some(place) => format!(
                "{}:{}:{}\n  executing {:?} at <{}>:\n    {}",
                place.file,
                place.line,
                place.column,
                error.template(),
                place.context,
                error.message()
            ),
            None => error.to_string(),
        },
        _ => failure.to_string(),
    }
}

/// Whether the template shows what the recording program put beside the values: the whole
/// context, or objects that are not plain data.
fn needs_context(template: &str) -> bool {
    [
        "Capabilities",
        "Files",
        "Subcharts",
        "Chart.",
        "{{$}}",
        "{{.}}",
        "(.)",
        "range .}",
        ":= .}",
        "= .}",
        "\"list\" .}",
    ]
    .iter()
    .any(|part| template.contains(part))
}

#[test]
fn templates_of_builtins_render_as_recorded() {
    let directory = directory().join("helm");
    let Ok(cases) = std::fs::read_to_string(directory.join("templates.jsonl")) else {
        println!("skipped: no recordings in {}", directory.display());
        return;
    };
    let values = std::fs::read_to_string(directory.join("templates-values.json")).unwrap();
    let data_of = |values: &str| data(&serde_json::from_str(values).unwrap());
    let mut functions = Functions::new();
    // The recordings have another function of that name.
    functions.remove("slice");

    let (mut ran, mut skipped, mut context) = (0, 0, 0);
    let mut wrong = BTreeMap::new();
    for (number, line) in cases.lines().enumerate() {
        let case: Case = serde_json::from_str(line).unwrap();
        let mut templates =
            Templates::new("gotpl", functions.clone()).with_missing_key(MissingKey::Zero);
        let result = match templates.parse(FILE, case.template.as_bytes()) {
            Ok(()) => templates
                .render(FILE, &data_of(&values))
                .map(|out| String::from_utf8_lossy(&out).replace("<no value>", ""))
                .map_err(|failure| shown(&failure)),
            // Of the message the recordings have what follows the last colon.
            Err(error) => Err(format!(
                "parse error at ({}:{}): {}",
                error.template,
                error.line,
                error.message.rsplit(": ").next().unwrap_or_default()
            )),
        };
        let expected = match (case.out, case.error) {
            (Some(out), _) => Ok(out),
            (None, error) => Err(error.unwrap()),
        };
        // Trailing white space of errors was not recorded.
        let result = result.map_err(|error| error.trim_end().to_owned());
        if result != expected {
            if needs_context(&case.template) {
                context += 1;
                continue;
            }
            let undefined =
                |text: &String| text.contains(": function ") && text.contains("not defined");
            if result.as_ref().is_err_and(undefined) && !expected.as_ref().is_err_and(undefined) {
                skipped += 1;
                continue;
            }
            wrong.insert(number + 1, (case.template, expected, result));
        }
        ran += 1;
    }
    println!(
        "templates.jsonl: ran {ran}, skipped {skipped} that use other functions and {context} \
         that show objects of the recorded program"
    );
    for (line, (template, expected, result)) in wrong.iter().take(40) {
        println!("line {line}: {template}\n  expected {expected:?}\n  got      {result:?}");
    }
    assert!(wrong.is_empty(), "{} differ", wrong.len());
}
