//! A few documents of each kind, so that a clone without the recordings tests something.

use windlass_yaml::{
    Dialect, Kind, Limits, Value, documents, go_json, json_to_yaml, kyaml_roundtrip, parse,
    to_value,
};

/// Text, its JSON, and that JSON as YAML.
const READ_AND_WRITTEN: &[(&str, &str, &str)] = &[
    ("", "null", "null\n"),
    (
        "a: yes\nb: 'yes'\n",
        r#"{"a":true,"b":"yes"}"#,
        "a: true\nb: \"yes\"\n",
    ),
    (
        "a: 014\nb: 08\nc: 0b11\nd: 1_000\n",
        r#"{"a":12,"b":8,"c":3,"d":1000}"#,
        "a: 12\nb: 8\nc: 3\nd: 1000\n",
    ),
    (
        "- 1.0\n- 1e3\n- 1e-7\n- 1e21\n- 1234567.5\n",
        "[1,1000,1e-7,1e+21,1234567.5]",
        "- 1\n- 1000\n- 1e-07\n- 1e+21\n- 1.2345675e+06\n",
    ),
    (
        "- 18446744073709551615\n- 18446744073709551616\n",
        "[18446744073709551615,18446744073709552000]",
        "- 18446744073709551615\n- 1.8446744073709552e+19\n",
    ),
    (
        "1: a\n1.5: b\ntrue: c\n",
        r#"{"1":"a","1.5":"b","true":"c"}"#,
        "\"1\": a\n\"1.5\": b\n\"true\": c\n",
    ),
    ("a: 1\na: 2\n", r#"{"a":2}"#, "a: 2\n"),
    (
        "x: &x {a: 1, b: 2}\nz:\n  a: 3\n  <<: *x\n",
        r#"{"x":{"a":1,"b":2},"z":{"a":1,"b":2}}"#,
        "x:\n  a: 1\n  b: 2\nz:\n  a: 1\n  b: 2\n",
    ),
    (
        "a: 2001-01-01\n",
        r#"{"a":"2001-01-01"}"#,
        "a: \"2001-01-01\"\n",
    ),
    ("a: |\n  x\n  y", r#"{"a":"x\ny"}"#, "a: |-\n  x\n  y\n"),
    ("a: |\n  x\n   ", r#"{"a":"x\n "}"#, "a: \"x\\n \"\n"),
    ("a: \"it\\'s\"\n", r#"{"a":"it's"}"#, "a: it's\n"),
    (
        "a10: 1\na9: 2\nA: 3\n_: 4\n",
        r#"{"A":3,"_":4,"a10":1,"a9":2}"#,
        "_: 4\nA: 3\na9: 2\na10: 1\n",
    ),
    ("a: \"<&>\\L\"\n", r#"{"a":"\u003c\u0026\u003e\u2028"}"#, ""),
    ("a: 😀 b\n", "{\"a\":\"😀 b\"}", "a: \"\\U0001F600 b\"\n"),
    (
        "a: 1:20\nb: '@x'\nc: '1:20'\n",
        r#"{"a":"1:20","b":"@x","c":"1:20"}"#,
        "a: \"1:20\"\nb: '@x'\nc: \"1:20\"\n",
    ),
    (
        "a: \"x \\N y\\N\\Nz\"\n",
        "{\"a\":\"x \u{85} y\u{85}\u{85}z\"}",
        "a: |-\n  x y\n  z\n",
    ),
    ("k: [!a, x]\n", r#"{"k":["x"]}"#, "k:\n- x\n"),
];

#[test]
fn reads_and_writes() {
    for (text, json, yaml) in READ_AND_WRITTEN {
        let value = to_value(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(go_json(&value), *json, "{text:?}");
        if !yaml.is_empty() {
            assert_eq!(json_to_yaml(&value), *yaml, "{text:?}");
        }
    }
}

#[test]
fn reports_errors_in_go_words() {
    for (text, expected, line) in [
        (
            "foo:\n  bar\ninvalid\n",
            "yaml: line 4: could not find expected ':'",
            Some(4),
        ),
        (
            "a: b: c\n",
            "yaml: mapping values are not allowed in this context",
            None,
        ),
        (
            "%YAML 1.2\n---\na\n",
            "yaml: found incompatible YAML document",
            None,
        ),
        (
            "a: \"x\\/y\"\n",
            "yaml: found unknown escape character",
            None,
        ),
        ("a: \"x\\", "yaml: found unknown escape character", None),
        ("a: *x\n", "yaml: unknown anchor 'x' referenced", Some(1)),
        (
            "a: &x [*x]\n",
            "yaml: anchor 'x' value contains itself",
            Some(1),
        ),
        (
            "[a, b]: v\n",
            "yaml: invalid map key: []interface {}{\"a\", \"b\"}",
            Some(1),
        ),
        ("k: .inf\n", "json: unsupported value: +Inf", None),
        (
            "a: !!int x\n",
            "yaml: cannot decode !!str `x` as a !!int",
            Some(1),
        ),
        (
            "<<: 1\n",
            "yaml: map merge requires map or sequence of maps as the value",
            Some(1),
        ),
        (
            "null: v\n",
            "unsupported map key of type: %!s(<nil>), key: <nil>, value: \"v\"",
            None,
        ),
    ] {
        let error = to_value(text).expect_err(text);
        assert_eq!(error.to_string(), expected, "{text:?}");
        assert_eq!(error.line(), line, "{text:?}");
    }
}

#[test]
fn loads_streams_as_kyaml_does() {
    let values = documents("---\na: yes\nb: 2001-01-01\n---\n# none\n--- # next\nc: [1, ~]\n");
    let texts: Vec<String> = values.unwrap().iter().map(go_json).collect();
    assert_eq!(
        texts,
        [
            r#"{"a":"yes","b":"2001-01-01T00:00:00Z"}"#,
            r#"{"c":[1,null]}"#
        ]
    );

    // kyaml decodes what it has written, and an empty value is written '' in a flow mapping.
    let values = documents("k: {a, b: [2020-01-01 00:00:00]}\n").unwrap();
    assert_eq!(
        go_json(&values[0]),
        r#"{"k":{"a":"","b":["2020-01-01 00:00:00"]}}"#
    );

    let duplicate = documents("a: 1\nb: 2\na: 3\n").unwrap_err();
    assert_eq!(
        duplicate.to_string(),
        "yaml: unmarshal errors:\n  line 3: mapping key \"a\" already defined at line 1"
    );
    assert_eq!(
        documents("a: 1\n--- text\nb: 2\n").unwrap_err().to_string(),
        "invalid document separator: --- text"
    );
    assert_eq!(
        documents("foo:\n  bar\ninvalid\n").unwrap_err().to_string(),
        "MalformedYAMLError: yaml: line 3: could not find expected ':'"
    );
}

#[test]
fn merges_differ_between_the_dialects() {
    let text = "x: &x {a: 1, b: 2}\nz:\n  a: 3\n  <<: *x\n";
    let limits = Limits::default();
    let nodes = parse(text, &limits).unwrap();
    let merged = |dialect| -> Value { nodes[0].to_value(dialect, &limits).unwrap()["z"].clone() };
    assert_eq!(go_json(&merged(Dialect::V2)), r#"{"a":1,"b":2}"#);
    assert_eq!(go_json(&merged(Dialect::V3)), r#"{"a":3,"b":2}"#);
}

#[test]
fn keeps_order_positions_and_names_in_trees() {
    let nodes = parse("b: &n 1\na: *n\n---\n- x\n", &Limits::default()).unwrap();
    assert_eq!(nodes.len(), 2);
    let keys: Vec<&str> = nodes[0]
        .pairs()
        .map(|(key, _)| key.value.as_str())
        .collect();
    assert_eq!(keys, ["b", "a"]);
    let alias = nodes[0].get("a").unwrap();
    assert_eq!((alias.kind, alias.value.as_str()), (Kind::Alias, "n"));
    assert_eq!((alias.line, alias.column), (2, 4));
    assert_eq!(nodes[0].get("b").unwrap().anchor.as_deref(), Some("n"));
    assert_eq!(nodes[1].kind, Kind::Sequence);
}

#[test]
fn rewrites_documents_in_their_own_style() {
    let text = "b: 'x'\na:\n  - &n {c: \"d\"}\n  - *n\n---\nt: |\n  x\n  \ty\n";
    assert_eq!(
        kyaml_roundtrip(text).unwrap(),
        "b: 'x'\na:\n- {c: \"d\"}\n- {c: \"d\"}\n---\nt: |\n  x\n  \ty\n"
    );
}
