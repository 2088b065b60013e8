use std::cmp::Ordering;

use crate::{Constraint, cmp, parse_strict, parse_version};

/// What the original says of a range and a version: `true`, `false`, `?` (no version) or an error.
fn verdict(range: &str, version: &str) -> String {
    match (Constraint::parse(range), parse_version(version)) {
        (Err(error), _) => error.to_string(),
        (Ok(_), None) => "?".to_owned(),
        (Ok(range), Some(version)) => range.matches(&version).to_string(),
    }
}

#[test]
fn verdicts_are_those_of_the_original() {
    let extra = std::env::var("WINDLASS_SEMVER_CASES").ok();
    let extra = extra
        .map(|path| std::fs::read_to_string(path).unwrap())
        .unwrap_or_default();
    let mut cases = 0;
    for line in include_str!("cases.tsv").lines().chain(extra.lines()) {
        let [range, version, want] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line:?} is no case");
        };
        assert_eq!(verdict(range, version), want, "{range:?} with {version:?}");
        cases += 1;
    }
    assert!(cases >= 200, "{cases}");
}

#[test]
fn the_bounds_of_a_range_text() {
    assert!(Constraint::parse(&format!("{}1", " ".repeat(511))).is_ok());
    let error = Constraint::parse(&format!("{}1", " ".repeat(512))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "constraint string is too long (max 512 bytes)"
    );
    assert!(Constraint::parse(&["1"; 32].join("||")).is_ok());
    let error = Constraint::parse(&["1"; 33].join("||")).unwrap_err();
    assert_eq!(error.to_string(), "too many constraint groups (max 32)");
}

#[test]
fn messages_quote_as_go_does() {
    for (text, want) in [
        ("not a range", r#""not a range""#),
        ("1 || a\"b\\\n\x01\x7f", r#"" a\"b\\\n\x01\x7f""#),
        ("é\u{a0}\u{feff}\u{e0001}", r#""é\u00a0\ufeff\U000e0001""#),
        ("", r#""""#),
    ] {
        let error = Constraint::parse(text).unwrap_err().to_string();
        assert_eq!(error, format!("improper constraint: {want}"));
    }
}

#[test]
fn tags_need_two_dots_to_be_versions() {
    for (tag, want) in [
        ("v1.2.3", Some("1.2.3")),
        ("1.2.3-rc.1+b.7", Some("1.2.3-rc.1+b.7")),
        ("01.002.3", Some("1.2.3")),
        ("v1.2", None),
        ("2024", None),
        ("vv1.2.3", None),
        ("V1.2.3", None),
        ("release-1.2.3", None),
        ("1.2.3.4", None),
        ("1.2.3-", None),
        ("1.2.3+", None),
        ("1.2.3-01", None),
        ("1.+2.3", None),
        ("1.2.99999999999999999999", None),
        ("", None),
    ] {
        let got = parse_strict(tag).map(|version| version.to_string());
        assert_eq!(got.as_deref(), want, "{tag:?}");
    }
    assert!(parse_version(&format!("1.0.0-{}", "a".repeat(250))).is_some());
    assert!(parse_version(&format!("1.0.0-{}", "a".repeat(251))).is_none());
    assert_eq!(parse_version("v1-a").unwrap().to_string(), "1.0.0-a");
}

#[test]
fn build_metadata_has_no_say_in_the_order() {
    let version = |text| parse_version(text).unwrap();
    assert_eq!(
        cmp(&version("1.0.0+a"), &version("1.0.0+b")),
        Ordering::Equal
    );
    assert_eq!(
        cmp(&version("1.0.0-rc.10"), &version("1.0.0-rc.9")),
        Ordering::Greater
    );
    assert_eq!(cmp(&version("1.0.0-rc"), &version("1.0.0")), Ordering::Less);
    assert_eq!(
        cmp(&version("1.0.0-a"), &version("1.0.0-a.1")),
        Ordering::Less
    );
}
