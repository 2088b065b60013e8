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
