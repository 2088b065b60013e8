//! The YAML emitters: what is written reads back as the same value and is written the same again.
//! An input that is text gives the value it means, any other one made of its bytes.

#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Number};
use windlass_yaml::{Dialect, Kind, Limits, Node, Style, Value};

const LIMITS: Limits = Limits {
    max_bytes: 4 << 20,
    max_depth: 1000,
    max_nodes: 200_000,
};

fuzz_target!(|data: &[u8]| {
    match std::str::from_utf8(data) {
        Ok(text) => {
            if let Ok(value) = windlass_yaml::to_value(text) {
                round_trip(&value);
            }
            for value in windlass_yaml::documents(text).into_iter().flatten() {
                round_trip(&value);
            }
            trees(text);
        }
        Err(_) => {
            if let Ok(value) = value(&mut Unstructured::new(data), 0) {
                round_trip(&value);
            }
        }
    }
});

/// Both emitters of values, each read by the dialect that belongs to it.
fn round_trip(value: &Value) {
    if has_bad_key(value) {
        return;
    }
    let text = windlass_yaml::json_to_yaml(value);
    let read = windlass_yaml::to_value(&text);
    let read = read.unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert!(read == *value || !is_kept(value), "{value}\n{read}\n{text}");
    assert_eq!(windlass_yaml::json_to_yaml(&read), text);

    if !is_kept(value) || starts_with_tab(value) {
        return;
    }
    let text = windlass_yaml::json_to_yaml_pretty(value);
    let read = windlass_yaml::parse(&text, &LIMITS);
    let read = read.unwrap_or_else(|error| panic!("{error}\n{text}"));
    let [document] = &read[..] else {
        panic!("{} documents\n{text}", read.len());
    };
    let read = document.to_value(Dialect::V3, &LIMITS);
    let read = read.unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert!(read == *value, "{value}\n{read}\n{text}");
    assert_eq!(windlass_yaml::json_to_yaml_pretty(&read), text);
}

/// Whether the originals keep the value: nought loses its sign, and a break that only Unicode
/// knows becomes a blank.
fn is_kept(value: &Value) -> bool {
    match value {
        Value::Number(number) => !(number.is_f64() && number.as_f64() == Some(0.0)),
        Value::String(text) => !text.contains('\u{85}'),
        Value::Array(items) => items.iter().all(is_kept),
        Value::Object(members) => members.values().all(is_kept),
        Value::Null | Value::Bool(_) => true,
    }
}

/// Whether there is a key that the originals write as it is and then take for a merge, or one with
/// a break in it that only Unicode knows, which they do not write.
fn has_bad_key(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_bad_key),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name == "<<" || name.contains('\u{85}') || has_bad_key(value)),
        _ => false,
    }
}

/// Whether there is a text of several lines that go-yaml v3 writes and does not read: a tab at the
/// start of a block is one too many.
fn starts_with_tab(value: &Value) -> bool {
    let text = |text: &str| text.starts_with('\t') && text.contains('\n');
    match value {
        Value::String(value) => text(value),
        Value::Array(items) => items.iter().any(starts_with_tab),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| text(name) || starts_with_tab(value)),
        _ => false,
    }
}

/// The emitter of trees. It takes over from go-yaml what goes wrong there: comments that come to
/// stand elsewhere, scalars of several lines whose indicators are missing, and in flow collections
/// quotes around what was none or a time.
fn trees(text: &str) {
    for tree in windlass_yaml::document_trees(text, &LIMITS)
        .into_iter()
        .flatten()
    {
        let text = windlass_yaml::tree_to_yaml(&tree);
        if !is_plain(&tree, false) {
            continue;
        }
        let read = windlass_yaml::parse(&text, &LIMITS);
        let read = read.unwrap_or_else(|error| panic!("{error}\n{text}"));
        let [again] = &read[..] else {
            panic!("{} documents\n{text}", read.len());
        };
        assert_eq!(windlass_yaml::tree_to_yaml(again), text);
        let values = [&tree, again].map(|tree| tree.to_value(Dialect::V3, &LIMITS).ok());
        assert!(values[0] == values[1], "{values:?}\n{text}");
    }
}

fn is_plain(node: &Node, in_flow: bool) -> bool {
    let bare = node.anchor.is_none() && node.tag.is_none() && node.comments.is_none();
    let breaks = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];
    let flow = in_flow || node.style == Style::Flow;
    bare && match node.kind {
        Kind::Alias => false,
        Kind::Scalar if node.value.contains(breaks) => false,
        // Written as it was, and one tab too many for go-yaml.
        Kind::Scalar if node.value.starts_with('\t') => {
            !matches!(node.style, Style::Literal | Style::Folded)
        }
        Kind::Scalar => {
            let quoted = node.style != Style::Plain || !in_flow;
            quoted || !(node.value.is_empty() || node.value.contains(':'))
        }
        Kind::Sequence => node.children.iter().all(|item| is_plain(item, flow)),
        Kind::Mapping => {
            node.pairs().all(|(key, _)| {
                key.kind == Kind::Scalar && !key.value.is_empty() && key.value != "<<"
            }) && node.children.iter().all(|child| is_plain(child, flow))
        }
    }
}

/// A value out of bytes.
fn value(bytes: &mut Unstructured<'_>, depth: usize) -> arbitrary::Result<Value> {
    let leaf = depth >= 8 || bytes.is_empty();
    Ok(match bytes.int_in_range(0..=if leaf { 7 } else { 11 })? {
        0 => Value::Null,
        1 => Value::Bool(bool::arbitrary(bytes)?),
        2 => i64::arbitrary(bytes)?.into(),
        3 => u64::arbitrary(bytes)?.into(),
        4 => number(f64::arbitrary(bytes)?),
        5..=7 => <&str>::arbitrary(bytes)?.into(),
        8 | 9 => {
            let mut items = Vec::new();
            while !bytes.is_empty() && bool::arbitrary(bytes)? {
                items.push(value(bytes, depth + 1)?);
            }
            items.into()
        }
        _ => {
            let mut members = Map::new();
            while !bytes.is_empty() && bool::arbitrary(bytes)? {
                let key = <&str>::arbitrary(bytes)?.to_owned();
                members.insert(key, value(bytes, depth + 1)?);
            }
            members.into()
        }
    })
}

/// A float as values hold them: whole ones that fit an integer are integers.
fn number(float: f64) -> Value {
    let Some(number) = Number::from_f64(float) else {
        return Value::Null;
    };
    let text = windlass_yaml::go_json(&Value::Number(number));
    serde_json::from_str(&text).expect("a number is JSON")
}
