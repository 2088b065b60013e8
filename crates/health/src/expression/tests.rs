use serde_json::{Value, json};

use super::Expression;

fn evaluate(source: &str, object: &Value) -> Result<bool, String> {
    let fields = object.as_object().into_iter().flatten();
    Expression::parse(source)?.evaluate(fields.map(|(name, value)| (name.as_str(), value)))
}

#[test]
fn the_dialect_of_flux() {
    let object = json!({
        "metadata": {"name": "w", "generation": 2, "labels": {"a/b": "c"}},
        "spec": {"replicas": 3, "ratio": 0.5, "names": ["x", "y"], "whole": 2.0},
        "status": {"ready": 3, "conditions": [
            {"type": "Ready", "status": "True", "reason": "Ok"},
            {"type": "Synced", "status": "False", "reason": "No"},
        ]},
    });
    for source in [
        "status.conditions.filter(e, e.type == 'Ready').all(e, e.status == 'True')",
        "status.conditions.exists(e, e.type == 'Synced' && e.status == 'False')",
        "has(status.conditions) && !has(status.phase)",
        "status.?phase.orValue('none') == 'none'",
        "status[?'phase'].hasValue() == false",
        "status.ready - 1 == 2",
        "status.ready == 3.0 && 3 == 3.0 && spec.ratio < 1",
        "spec.whole == metadata.generation",
        "status.ready >= spec.replicas",
        "metadata.labels['a/b'] == 'c'",
        "'a,b'.split(',') == ['a', 'b'] && ['a', 'b'].join('-') == 'a-b'",
        "'Hello'.lowerAscii().replace('l', 'L') == 'heLLo'",
        "base64.decode('aGk=') == b'hi'",
        "sets.contains(spec.names, ['y']) && !sets.contains(spec.names, ['z'])",
        "sets.equivalent(spec.names, ['y', 'x', 'x']) && !sets.equivalent(spec.names, ['x'])",
        "sets.intersects(spec.names, ['z', 'x']) && !sets.intersects(spec.names, [])",
        "sets.contains([1, 2], [1.0])",
        "timestamp('2026-01-01T00:00:00Z') < timestamp('2026-01-02T00:00:00Z')",
        "duration('90s') > duration('1m')",
        "'%s-%d'.format(['a', 2]) == 'a-2'",
        "metadata.name.matches('^w$')",
        "size(status.conditions) == 2",
        "spec.names.exists_one(n, n == 'x')",
        "{'a': 1}.a == 1",
        "false || !(1 > 2) ? true : false",
    ] {
        assert_eq!(evaluate(source, &object), Ok(true), "{source}");
    }
}

#[test]
fn evaluation_errors_have_the_words_of_go() {
    let object = json!({"data": {"a": "secret-value", "list": [1]}, "spec": {}});
    for (source, why) in [
        ("status.phase == 'x'", "no such attribute(s): status.phase"),
        ("status == 'x'", "no such attribute(s): status"),
        ("has(status.a.b)", "no such attribute(s): status.a.b"),
        ("data.b == 'x'", "no such key: b"),
        ("has(data.x.y)", "no such key: x"),
        ("data.list[3] == 1", "index out of bounds: 3"),
        ("1 / 0 == 1", "division by zero"),
        ("data.a + 1 == 2", "no such overload"),
        ("int(data.a) == 2", "call of int failed"),
    ] {
        let expected = format!("failed to evaluate the CEL expression '{source}': {why}");
        assert_eq!(evaluate(source, &object), Err(expected));
    }
    assert_eq!(
        evaluate("data.a", &object),
        Err("failed to evaluate CEL expression as boolean: 'data.a'".to_owned())
    );
}

#[test]
fn what_would_take_too_long_is_not_begun() {
    let items: Vec<i32> = (0..1000).collect();
    let object = json!({"l": items, "s": "x".repeat(10_000), "p": "^x+$"});
    let doubling = format!("[s]{}.size() == 1", ".map(x, x + x)".repeat(40));
    let replacing = format!("s{}.size() == 1", ".replace('x', s)".repeat(6));
    for source in [
        "l.all(a, l.all(b, l.all(c, a + b + c >= 0)))",
        "l.map(a, l.map(b, l)).size() == 1",
        doubling.as_str(),
        replacing.as_str(),
        "s.split('').join(s).size() == 1",
        "l.all(a, !s.matches('((y{0,1000}){0,1000}){0,1000}'))",
        r"l.all(a, !s.matches('\\w{0,100}'))",
        "l.all(a, !s.matches(p))",
    ] {
        let error = evaluate(source, &object).unwrap_err();
        assert!(
            error.ends_with("operation cancelled: cost limit exceeded"),
            "{error}"
        );
    }
    for source in [
        "l.all(a, a >= 0)",
        "l.filter(a, a > 5).size() == 994",
        "l.all(a, l.exists(b, b == a))",
        "l.all(a, 'v1.2'.matches('^v[0-9]+[.][0-9]+$'))",
        "'xx'.matches(p)",
    ] {
        assert_eq!(evaluate(source, &object), Ok(true), "{source}");
    }
}

#[test]
fn what_is_too_deep_is_refused() {
    let parens = format!("{}true{}", "(".repeat(4000), ")".repeat(4000));
    let nots = format!("{}true", "!".repeat(8000));
    let sums = format!("0{} == 0", " + 0".repeat(1000));
    let long = format!("'{}' == ''", "x".repeat(20_000));
    for source in [parens, nots, sums, long] {
        let short: String = source.chars().take(20).collect();
        assert!(evaluate(&source, &json!({})).is_err(), "{short}…");
    }
}
