//! Charts that mean harm end in a clear error, within the limits the caller sets.

use std::time::{Duration, Instant};

use windlass_archive::{Limits as TreeLimits, Tree};
use windlass_helm::chart::{LoadLimits, load_archive, load_directory};
use windlass_helm::values::{Map, Sources};
use windlass_helm::{Limit, Limits, RenderError, RenderOptions, Renderer};

use super::archives::archive;

fn render(template: &str, limits: Limits) -> Result<(), RenderError> {
    let mut tree = Tree::builder(TreeLimits::default());
    tree.file("Chart.yaml", "name: c\nversion: 1.0.0\n", false)
        .unwrap();
    tree.file("templates/t.yaml", template.as_bytes().to_vec(), false)
        .unwrap();
    let chart = load_directory(&tree.build(), &LoadLimits::default()).unwrap();
    let options = RenderOptions {
        limits,
        ..RenderOptions::default()
    };
    Renderer::new(chart).files(&Map::new(), &options).map(drop)
}

/// Renders within small limits, and quickly.
fn refused(template: &str) -> RenderError {
    let limits = Limits {
        steps: 2_000_000,
        bytes: 16 << 20,
        time: Some(Duration::from_secs(5)),
        ..Limits::default()
    };
    let start = Instant::now();
    let error = render(template, limits).expect_err(template);
    assert!(start.elapsed() < Duration::from_secs(20), "{template}");
    error
}

#[test]
fn endless_recursion_ends() {
    let template = r#"{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}"#;
    let error = refused(template);
    assert!(
        error.limit().is_some()
            || error
                .to_string()
                .contains("exceeded maximum template depth")
    );
    let template = r#"{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}"#;
    let error = refused(template).to_string();
    assert!(
        error.contains(
            "rendering template has a nested reference name: a: unable to execute template"
        ),
        "{error}"
    );
}

#[test]
fn exponential_repeats_end() {
    let mut template = String::from(r#"{{ $x := "0123456789" }}"#);
    template.push_str(&r"{{ $x = repeat 100 $x }}".repeat(10));
    template.push_str("{{ $x }}");
    assert!(matches!(refused(&template).limit(), Some(Limit::Bytes(_))));
    let template =
        r"{{ $x := list 1 }}{{ range until 60 }}{{ $x = concat $x $x }}{{ end }}{{ $x }}";
    assert!(refused(template).limit().is_some());
    let template = r#"{{ $x := dict }}{{ range until 60 }}{{ $x = dict "a" $x "b" $x }}{{ end }}{{ toYaml $x }}"#;
    assert!(refused(template).limit().is_some());
    let template = r#"{{ $x := dict }}{{ range until 60 }}{{ $x = dict "a" $x "b" $x }}{{ end }}{{ toToml $x }}"#;
    assert!(refused(template).limit().is_some());
}

#[test]
fn giant_ranges_end() {
    for template in [
        "{{ range until 2000000000 }}x{{ end }}",
        "{{ range $i := 2000000000 }}x{{ end }}",
        "{{ range untilStep 0 2000000000 1 }}x{{ end }}",
        "{{ seq 2000000000 }}",
        "{{ range until 10000 }}{{ range until 10000 }}{{ end }}{{ end }}",
    ] {
        assert!(refused(template).limit().is_some(), "{template}");
    }
}

#[test]
fn what_is_shared_counts_for_each_copy() {
    for template in [
        // One long text in many places.
        r#"{{ $s := repeat 1000000 "x" }}{{ $l := list }}{{ range until 500 }}{{ $l = append $l $s }}{{ end }}{{ toYaml $l | len }}"#,
        r#"{{ $s := repeat 1000000 "x" }}{{ $m := dict }}{{ range until 5000 }}{{ $_ := set $m (print .) $s }}{{ end }}{{ toToml $m | len }}"#,
        // Short texts that come to much when they are read.
        r#"{{ $t := print "a: &a [0" (repeat 1000 ",0") "]\nb: [*a,*a,*a,*a,*a,*a,*a,*a]" }}{{ $l := list }}{{ range until 200 }}{{ $l = append $l (fromYaml $t) }}{{ end }}{{ len $l }}"#,
        r#"{{ $t := print "[0" (repeat 100000 ",0") "]" }}{{ $l := list }}{{ range until 100 }}{{ $l = append $l (fromJsonArray $t) }}{{ end }}{{ len $l }}"#,
    ] {
        assert!(
            matches!(refused(template).limit(), Some(Limit::Bytes(_))),
            "{template}"
        );
    }
}

#[test]
fn tpl_bombs_end() {
    for template in [
        // A text that renders itself.
        r#"{{ $t := "{{ tpl .t . }}" }}{{ tpl $t (dict "t" $t) }}"#,
        r#"{{ $t := "{{ tpl .t . }}{{ tpl .t . }}" }}{{ tpl $t (dict "t" $t) }}"#,
        // A text that grows.
        r#"{{ $t := "{{ tpl (print .t .t) (dict \"t\" (print .t .t)) }}" }}{{ tpl $t (dict "t" $t) }}"#,
    ] {
        refused(template);
    }
}

#[test]
fn regex_bombs_end() {
    for template in [
        r#"{{ regexMatch "((a{1,1000}){1,1000}){1,1000}" "aaaa" }}{{ range until 100000000 }}{{ end }}"#,
        r#"{{ regexReplaceAll "" (repeat 100000 "a") (repeat 10000 "b") }}"#,
    ] {
        refused(template);
    }
}

#[test]
fn values_that_contain_themselves_end() {
    for function in [
        "toYaml",
        "toJson",
        "toToml",
        "toYamlPretty",
        "print",
        "deepCopy",
        "mustToYaml",
    ] {
        let template = format!(
            r#"{{{{ $x := dict }}}}{{{{ $_ := set $x "x" $x }}}}{{{{ $y := {function} $x }}}}{{{{ len $y }}}}"#
        );
        // Some give an empty text, some an error; none may hang or crash.
        let limits = Limits {
            steps: 2_000_000,
            bytes: 16 << 20,
            ..Limits::default()
        };
        let _ = render(&template, limits);
    }
}

#[test]
fn archives_that_contain_too_much_are_refused() {
    let bytes = bomb();
    let error = load_archive(&bytes.into(), &LoadLimits::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("is larger than the maximum file size 5242880"),
        "{error}"
    );
    // Charts in charts in charts.
    let mut inner = archive(&[("c/Chart.yaml", b"name: c\nversion: 1.0.0\n")]);
    for _ in 0..40 {
        inner = archive(&[
            ("c/Chart.yaml", b"name: c\nversion: 1.0.0\n"),
            ("c/charts/c.tgz", &inner),
        ]);
    }
    let error = load_archive(&inner.into(), &LoadLimits::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "chart has more than 32 charts in each other"
    );
}

#[test]
fn subcharts_that_multiply_end() {
    // Every chart has the next one twice, by different names.
    let mut tree = Tree::builder(TreeLimits::default());
    let mut path = String::new();
    for _ in 0..30 {
        let text = "name: c\nversion: 1.0.0\ndependencies:\n- {name: c, version: 1.0.0, alias: a}\n- {name: c, version: 1.0.0, alias: b}\n";
        tree.file(&format!("{path}Chart.yaml"), text, false)
            .unwrap();
        path.push_str("charts/c/");
    }
    tree.file(
        &format!("{path}Chart.yaml"),
        "name: c\nversion: 1.0.0\n",
        false,
    )
    .unwrap();
    let chart = load_directory(&tree.build(), &LoadLimits::default()).unwrap();
    let start = Instant::now();
    let error = Renderer::new(chart)
        .files(&Map::new(), &RenderOptions::default())
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("chart becomes more than 5000 charts"),
        "{error}"
    );
    assert!(start.elapsed() < Duration::from_mins(1));
}

#[test]
fn lists_that_values_make_longer_are_bounded() {
    let expression: Vec<String> = (0..1_000).map(|n| format!("a{n}[65536]=x")).collect();
    let mut sources = Sources {
        set: vec![expression.join(",")],
        ..Sources::default()
    };
    let refused = |sources: &Sources| {
        let error = sources.merge(&mut |_| Ok(String::new())).unwrap_err();
        assert_eq!(
            error.to_string(),
            "failed parsing --set data: lists grow by more than 2000000 items in all"
        );
    };
    refused(&sources);
    sources.set = expression;
    refused(&sources);
    sources.set.truncate(30);
    sources.merge(&mut |_| Ok(String::new())).unwrap();
}

#[test]
fn expressions_that_are_large_are_not_all_kept() {
    // Each takes megabytes, and as long to compile as many steps do.
    let template =
        r#"{{ range until 100 }}{{ regexMatch (printf "(\\pL{100}){5}%d" .) "a" }}{{ end }}"#;
    assert!(matches!(
        refused(template).limit(),
        Some(Limit::Steps(_) | Limit::Time(_))
    ));
}

fn bomb() -> Vec<u8> {
    archive(&[
        ("c/Chart.yaml", b"name: c\nversion: 1.0.0\n"),
        ("c/big", &vec![0; 6 << 20]),
    ])
}
