//! Templates that ask for too much end in an error, within their limits.

use windlass_gotemplate::{Limits, Map, Value};

use crate::harness::render_within;

const LIMITS: Limits = Limits {
    steps: 1_000_000,
    bytes: 1 << 20,
    depth: 100,
    time: None,
};

#[test]
fn what_is_too_large_is_not_built() {
    for template in [
        r#"{{ repeat 1000000000 "x" }}"#,
        r#"{{ repeat 9223372036854775807 "xy" }}"#,
        r#"{{ $x := "x" }}{{ range until 100 }}{{ $x = printf "%s%s" $x $x }}{{ end }}"#,
        r#"{{ $x := "x" }}{{ range until 100 }}{{ $x = cat $x $x }}{{ end }}"#,
        r#"{{ $x := "x" }}{{ range until 100 }}{{ $x = replace "x" "xx" $x }}{{ end }}"#,
        r#"{{ $x := "x" }}{{ range until 100 }}{{ $x = regexReplaceAll "x" $x "${0}${0}" }}{{ end }}"#,
        r"{{ $x := list 1 }}{{ range until 100 }}{{ $x = concat $x $x }}{{ end }}",
        r"{{ $x := list 1 }}{{ range until 100 }}{{ $x = list $x $x }}{{ end }}{{ toJson $x }}",
        r"{{ $x := list 1 }}{{ range until 100 }}{{ $x = list $x $x }}{{ end }}{{ deepCopy $x }}",
        "{{ until 1000000000000 }}",
        "{{ untilStep 0 9223372036854775807 1 }}",
        "{{ seq 1 1000000000000 }}",
        r#"{{ indent 1000000000 "a\nb" }}"#,
        r#"{{ nindent 1000000000 "a\nb" }}"#,
        "{{ randAlphaNum 1000000000000 }}",
        "{{ randBytes 1000000000000 }}",
        r#"{{ range until 10000 }}{{ genPrivateKey "rsa" }}{{ end }}"#,
        r#"{{ range until 10000 }}{{ bcrypt "x" }}{{ end }}"#,
        r#"{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ deepCopy $d }}"#,
        r#"{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ $e := dict "a" (dict "a" (dict)) }}{{ $_ := set $e "a" $e }}{{ merge $d $e }}"#,
        r#"{{ wrapWith 1 (repeat 10000 "-") (repeat 10000 "a") }}"#,
        r#"{{ join (repeat 100000 "-") (until 1000) }}"#,
    ] {
        let result = render_within(template, &Value::Map(Map::new()), LIMITS);
        let error = result.expect_err(template);
        assert!(
            ["limit", "nested too deeply", "overflow"]
                .iter()
                .any(|word| error.contains(word)),
            "{template}: {error}"
        );
    }
}

#[test]
fn expressions_are_bounded() {
    let nested = format!("{}{}", "(".repeat(2000), ")".repeat(2000));
    for (expression, error) in [
        (nested.as_str(), "expression nests too deeply"),
        ("((a{100}){100}){100}", "invalid repeat count"),
        (
            r"(\\pL{1000}|\\pN{1000}|\\pS{1000}){1}",
            "expression too large",
        ),
    ] {
        let template = format!(r#"{{{{ mustRegexMatch "{expression}" "x" }}}}"#);
        let got = render_within(&template, &Value::Map(Map::new()), LIMITS).unwrap_err();
        assert!(got.contains(error), "{got}");
    }
}

#[test]
fn a_cycle_is_no_json() {
    let template = r#"{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ mustToJson $d }}"#;
    let error = render_within(template, &Value::Map(Map::new()), LIMITS).unwrap_err();
    let cycle = "json: unsupported value: encountered a cycle via map[string]interface {}";
    assert!(error.ends_with(cycle), "{error}");
}

/// Go's integers wrap around, here too where overflow is checked for.
#[test]
fn offsets_far_below_zero_wrap_around() {
    for (offset, shown) in [
        ("-9223372036854775808", "...jklmnop"),
        ("-9223372036854775800", "...jklmnop"),
        ("-5", "abcdefg..."),
    ] {
        let template = format!(r#"{{{{ abbrevboth {offset} 10 "abcdefghijklmnop" }}}}"#);
        let out = render_within(&template, &Value::Map(Map::new()), LIMITS);
        assert_eq!(out.as_deref(), Ok(shown));
    }
}

/// Many characters to trim, the one that counts behind all others.
#[test]
fn trimming_takes_no_time_by_the_product_of_both_texts() {
    let template = r#"{{ $set := print (repeat 300000 "b") "a" }}{{ trimAll $set (repeat 300000 "a") | len }}"#;
    let start = std::time::Instant::now();
    let out = render_within(template, &Value::Map(Map::new()), LIMITS);
    assert_eq!(out.as_deref(), Ok("0"));
    assert!(start.elapsed() < std::time::Duration::from_secs(20));
}
