//! Texts made to exhaust a reader.

use std::fmt::Write as _;

use windlass_yaml::{
    Dialect, Error, Limits, documents, go_json, json_to_yaml, kyaml_roundtrip, parse, to_value,
};

/// Nine levels of ten aliases each.
fn bomb() -> String {
    let mut text = String::from("a0: &a0 x\n");
    for level in 1..10 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(text, "a{level}: &a{level} [{aliases}]").unwrap();
    }
    text
}

#[test]
fn stops_alias_bombs() {
    let text = bomb();
    for error in [
        to_value(&text).unwrap_err(),
        documents(&text).unwrap_err(),
        kyaml_roundtrip(&text).unwrap_err(),
    ] {
        assert_eq!(
            error.to_string(),
            "yaml: document contains excessive aliasing"
        );
        assert!(matches!(error, Error::Limit { .. }));
        assert!(error.line().is_some() && error.column().is_some());
    }
}

#[test]
fn counts_the_text_that_aliases_bring() {
    // Few enough aliases for go-yaml, whose texts are shared.
    let mut text = format!("a: &a {}\nlist:\n", "x".repeat(1 << 20));
    text.push_str(&"- *a\n".repeat(100));
    for error in [
        to_value(&text).unwrap_err(),
        documents(&text).unwrap_err(),
        kyaml_roundtrip(&text).unwrap_err(),
    ] {
        assert!(matches!(error, Error::Limit { .. }), "{error}");
    }
}

#[test]
fn keeps_to_the_alias_budget() {
    let limits = Limits {
        max_nodes: 3,
        ..Limits::default()
    };
    let nodes = parse("a: &a [1, 2]\nb: *a\nc: *a\n", &limits).unwrap();
    let error = nodes[0].to_value(Dialect::V2, &limits).unwrap_err();
    assert!(matches!(error, Error::Limit { .. }), "{error}");
    let roomy = Limits {
        max_nodes: 6,
        ..limits
    };
    nodes[0].to_value(Dialect::V2, &roomy).unwrap();
}

#[test]
fn counts_long_texts_that_aliases_copy() {
    let aliases = vec!["*a"; 20_000].join(", ");
    let text = format!("a: &a {}\nb: [{aliases}]\n", "x".repeat(100_000));
    for error in [
        to_value(&text).unwrap_err(),
        documents(&text).unwrap_err(),
        kyaml_roundtrip(&text).unwrap_err(),
    ] {
        assert!(matches!(error, Error::Limit { .. }), "{error}");
    }
}

#[test]
fn stops_at_depth_and_size() {
    let deep = "[".repeat(100_000);
    let error = to_value(&deep).unwrap_err();
    assert_eq!(
        error.to_string(),
        "yaml: line 1, column 1001: exceeded max depth of 1000"
    );
    assert_eq!((error.line(), error.column()), (Some(1), Some(1001)));
    let allowed = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    let value = to_value(&allowed).unwrap();
    assert_eq!(go_json(&value), allowed);
    assert!(json_to_yaml(&value).ends_with("- []\n"));
    kyaml_roundtrip(&format!("a: {}{}", "[".repeat(900), "]".repeat(900))).unwrap();

    let limits = Limits {
        max_bytes: 3,
        ..Limits::default()
    };
    assert!(matches!(parse("a: b", &limits), Err(Error::Limit { .. })));
}

/// Each would take minutes if anything were quadratic.
#[test]
fn takes_time_in_proportion() {
    let many = 20_000;
    for text in [
        "#\n".repeat(many),
        "- #c\n".repeat(many),
        format!("{}{}", "- ".repeat(900), "# a\n # b\n".repeat(many / 10)),
        "a: b\n".repeat(many / 10),
        "? ".repeat(many),
        "a: |\n".to_owned() + &" \n".repeat(many),
        format!("k: {}", "a ".repeat(many)),
        format!("k: \"{}\"", "\\\n ".repeat(many)),
        format!("[{}]", "a: b,".repeat(many)),
        format!("{{{}}}", "~: 1,".repeat(many / 100)),
        "%TAG !a! b\n".repeat(many),
        "!".repeat(many),
        format!("a: &a {{{}}}\n", "b: {},".repeat(1000)) + &"b: {<<: *a}\n".repeat(100),
        "--- #\n".repeat(many / 10),
    ] {
        drop(to_value(&text));
        drop(documents(&text));
        drop(kyaml_roundtrip(&text));
    }
}

#[test]
fn survives_texts_cut_anywhere() {
    let text = "a: &x \"q\\x41\\'\"\nb: !!str,t [*x, 'it''s', {c: ? d}]\n%e: |2-\n   l\n? >+\n f\n: !<x> \u{feff}😀\n";
    for (end, _) in text.char_indices() {
        for start in 0..end {
            if text.is_char_boundary(start) {
                // Values and errors are both fine, panics are not.
                let piece = &text[start..end];
                drop(to_value(piece));
                drop(kyaml_roundtrip(piece));
            }
        }
    }
}

#[test]
fn stops_at_a_flood_of_documents() {
    let error = documents(&"---\na: 1\n".repeat(100_002)).unwrap_err();
    assert!(matches!(error, Error::Limit { .. }), "{error}");
    assert_eq!(documents(&"---\na: 1\n".repeat(100)).unwrap().len(), 100);
}
