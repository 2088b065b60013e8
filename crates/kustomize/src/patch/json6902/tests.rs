use serde_json::json;

use super::*;

fn apply(document: &Value, patch: &Value) -> Result<Value, String> {
    let mut document = document.clone();
    JsonPatch::parse(&patch.to_string())
        .and_then(|patch| patch.apply(&mut document, &Growth::new(u64::MAX)))
        .map_err(|error| error.to_string())?;
    Ok(document)
}

#[test]
fn operations_change_the_document() {
    let document = json!({"l": [1, 2, 3], "m": {"a/b": 1}});
    let table = [
        (
            json!([{"op": "add", "path": "/l/-1", "value": 9}]),
            "l",
            json!([1, 2, 3, 9]),
        ),
        (
            json!([{"op": "add", "path": "/l/-", "value": 9}]),
            "l",
            json!([1, 2, 3, 9]),
        ),
        (
            json!([{"op": "add", "path": "/l/0", "value": 9}]),
            "l",
            json!([9, 1, 2, 3]),
        ),
        (
            json!([{"op": "replace", "path": "/l/-1", "value": 9}]),
            "l",
            json!([1, 2, 9]),
        ),
        (
            json!([{"op": "remove", "path": "/l/1"}]),
            "l",
            json!([1, 3]),
        ),
        (json!([{"op": "remove", "path": "/m/a~1b"}]), "m", json!({})),
        (
            json!([{"op": "copy", "from": "/l/0", "path": "/m"}]),
            "m",
            json!(1),
        ),
        (
            json!([{"op": "test", "path": "/none", "value": null}]),
            "l",
            json!([1, 2, 3]),
        ),
    ];
    for (patch, key, expected) in table {
        assert_eq!(apply(&document, &patch).unwrap()[key], expected, "{patch}");
    }
}

#[test]
fn failures_have_the_original_texts() {
    let document = json!({"kind": "A", "l": [1]});
    let table = [
        (
            json!([{"op": "remove", "path": "/x"}]),
            "error in remove for path: '/x': Unable to remove nonexistent key: x: missing value",
        ),
        (
            json!([{"op": "remove", "path": "/x/y"}]),
            "remove operation does not apply: doc is missing path: \"/x/y\": missing value",
        ),
        (
            json!([{"op": "replace", "path": "/l/7", "value": 1}]),
            "replace operation does not apply: doc is missing key: /l/7: missing value",
        ),
        (
            json!([{"op": "replace", "path": "/x/y", "value": 1}]),
            "replace operation does not apply: doc is missing path: /x/y: missing value",
        ),
        (
            json!([{"op": "add", "path": "/x/y", "value": 1}]),
            "add operation does not apply: doc is missing path: \"/x/y\": missing value",
        ),
        (
            json!([{"op": "add", "path": "/l/9", "value": 1}]),
            "error in add for path: '/l/9': Unable to access invalid index: 9: invalid index referenced",
        ),
        (
            json!([{"op": "test", "path": "/kind", "value": "B"}]),
            "testing value /kind failed: test failed",
        ),
        (
            json!([{"op": "move", "from": "/zz", "path": "/x"}]),
            "error in move for path: 'zz': Unable to remove nonexistent key: zz: missing value",
        ),
    ];
    for (patch, expected) in table {
        assert_eq!(apply(&document, &patch).unwrap_err(), expected, "{patch}");
    }
}

#[test]
fn copies_are_counted_before_they_add_up() {
    let copies: Vec<Value> = (0..60)
        .map(|n| json!({"op": "copy", "from": "/data", "path": format!("/data/x{n}")}))
        .collect();
    let patch = JsonPatch::parse(&Value::Array(copies).to_string()).unwrap();
    let mut document = json!({"data": {"a": "b"}});
    let error = patch
        .apply(&mut document, &Growth::new(10_000))
        .unwrap_err();
    assert!(
        error.to_string().contains("more than 10000 bytes"),
        "{error}"
    );
}
