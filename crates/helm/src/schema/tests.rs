//! Messages as Helm gives them.

use super::*;
use crate::values::map_from_json;

fn message(schema: &str, values: &str) -> String {
    let values: Json = serde_json::from_str(values).unwrap();
    let values = map_from_json(values.as_object().unwrap());
    validate(schema.as_bytes(), &values)
        .err()
        .unwrap_or_default()
}

#[test]
fn messages_are_those_of_the_go_library() {
    let schema = r#"{"required":["policy"]}"#;
    assert_eq!(
        message(schema, "{}"),
        "- at '': missing property 'policy'\n"
    );
    let schema = r##"{"properties":{"a":{"$ref":"#/definitions/a"},"b":{"type":["string","null"]}},
        "definitions":{"a":{"type":"object","properties":{"x":{"type":"integer"},"y":{"enum":[1,"z"]}}}}}"##;
    assert_eq!(
        message(schema, r#"{"a":{"x":1.5,"y":2},"b":3}"#),
        "- at '/a': validation failed\n  - at '/a/x': got number, want integer\n  - at '/a/y': value must be one of 1, 'z'\n- at '/b': got number, want null or string\n"
    );
    assert_eq!(message(schema, r#"{"a":{"x":1,"y":1}}"#), "");
}

/// Formats, texts and the faults of Helm's library.
const FORMATS: &str = include_str!("../../tests/testdata/formats.jsonl");

#[test]
fn formats_are_asserted_before_2019_09() {
    let mut differences = Vec::new();
    for line in FORMATS.lines() {
        let (format, text, wanted): (String, String, String) = serde_json::from_str(line).unwrap();
        let values = serde_json::json!({ "a": text }).to_string();
        let given = |draft: &str| {
            let part = serde_json::json!({ "format": format });
            let schema = serde_json::json!({ "$schema": draft, "properties": { "a": part } });
            message(&schema.to_string(), &values)
        };
        let found = given("http://json-schema.org/draft-07/schema#");
        if found.trim_end() != wanted {
            differences.push(format!("{line}\n{found}"));
        }
        assert_eq!(given("https://json-schema.org/draft/2019-09/schema"), "");
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn references_that_lead_nowhere_are_found_before_any_value() {
    let schema =
        r##"{"properties":{"a":{"$ref":"file://../b.json"}},"$defs":{"c":{"$ref":"#/nope"}}}"##;
    assert_eq!(
        message(schema, "{}"),
        "failing loading \"file://../b.json\": open /b.json: no such file or directory"
    );
    assert_eq!(message("", "{}"), "EOF");
    assert_eq!(message("{", "{}"), "unexpected EOF");
    let unused = r##"{"$defs":{"c":{"$ref":"#/nope"}}}"##;
    assert_eq!(message(unused, "{}"), "");
}
