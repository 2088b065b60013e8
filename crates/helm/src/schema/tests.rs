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

#[test]
fn items_are_told_apart_by_what_they_are_worth() {
    let schema = r#"{"properties":{"a":{"uniqueItems":true}}}"#;
    let equal = "- at '/a': items at 1 and 3 are equal\n";
    for values in [
        r#"{"a":[1,2,3,2,1]}"#,
        r#"{"a":[1,0,3,-0.0]}"#,
        r#"{"a":[1,{"x":1,"y":[2]},{"x":1},{"y":[2.0],"x":1}]}"#,
        r#"{"a":[1,"1",null,"1"]}"#,
    ] {
        assert_eq!(message(schema, values), equal, "{values}");
    }
    for values in [
        r#"{"a":[1,"1",[1],["1"],null,"null",true,"true"]}"#,
        r#"{"a":["a,b",["a","b"],["a,b"],{"a":"b"},"{\"a\":\"b\"}"]}"#,
    ] {
        assert_eq!(message(schema, values), "", "{values}");
    }
}

#[test]
fn what_grows_with_the_product_of_schema_and_values_is_bounded() {
    let start = std::time::Instant::now();
    let items = |item: &str| [item].repeat(20_000).join(",");
    // Twenty thousand different items, and none equal to another.
    let numbers: Vec<String> = (0..20_000).map(|number| number.to_string()).collect();
    let unique = r#"{"properties":{"a":{"uniqueItems":true}}}"#;
    let values = format!(r#"{{"a":[{}]}}"#, numbers.join(","));
    assert_eq!(message(unique, &values), "");
    // A pattern that takes long to compile, for every item.
    let schema = r#"{"properties":{"a":{"items":{"pattern":"^(\\pL{50}|x)$"}}}}"#;
    let values = format!(r#"{{"a":[{}]}}"#, items(r#""x""#));
    assert_eq!(message(schema, &values), "");
    // Many patterns that take much memory.
    let patterns = (100..400).map(|count| format!(r#""(\\pL{{{count}}}|x){{2}}":true"#));
    let patterns: Vec<String> = patterns.collect();
    let schema = format!(r#"{{"patternProperties":{{{}}}}}"#, patterns.join(","));
    let found = message(&schema, r#"{"a":{}}"#);
    assert!(found.contains("validation takes too many steps"), "{found}");
    // As many faults as items times schemas.
    let schema = format!(
        r#"{{"properties":{{"a":{{"items":{{"allOf":[{}]}}}}}}}}"#,
        items("false")
    );
    let values = format!(r#"{{"a":[{}]}}"#, items("1"));
    let found = message(&schema, &values);
    assert!(found.starts_with("- at '/a/0': 'allOf' failed"));
    assert!(found.len() < 16 << 20, "{}", found.len());
    // A long address that every schema below repeats.
    let schema = format!(
        r#"{{"$id":"{}","allOf":[{}]}}"#,
        "a".repeat(100_000),
        items("{}")
    );
    let found = message(&schema, "{}");
    assert!(found.contains("address of more than 4096 bytes"), "{found}");
    assert!(start.elapsed() < std::time::Duration::from_mins(1));
}
