//! Trees made to do harm: every one ends soon, with an error that says why.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use windlass_kustomize::{BuildOptions, Error, ErrorKind, Limits, build};

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n";

fn fails(files: &[(&str, &str)], path: &str, limits: Limits) -> Error {
    let tree = super::tree(files.iter().map(|(path, text)| (*path, text.as_bytes())));
    let options = BuildOptions {
        limits,
        ..BuildOptions::default()
    };
    let start = Instant::now();
    let error = build(&tree, path, &options).expect_err("it must not build");
    assert!(start.elapsed() < Duration::from_secs(20), "{error}");
    error
}

#[test]
fn bases_in_a_circle_are_found() {
    let error = fails(
        &[
            ("a/kustomization.yaml", "resources: [../b]"),
            ("b/kustomization.yaml", "resources: [../a]"),
        ],
        "a",
        Limits::default(),
    );
    let text = error.to_string();
    assert!(
        text.contains("cycle detected: candidate root '/a' contains visited root '/a'"),
        "{text}"
    );
    assert_eq!(
        error.location().expect("a place").to_string(),
        "b/kustomization.yaml:1"
    );
}

#[test]
fn bases_that_multiply_are_counted() {
    // Every level names the next one twice, by different names.
    let mut files = Vec::new();
    for level in 0..30 {
        let next = format!("resources: [../l{0}a, ../l{0}b]", level + 1);
        for side in ["a", "b"] {
            files.push((format!("l{level}{side}/kustomization.yaml"), next.clone()));
        }
    }
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let limits = Limits {
        max_visits: 500,
        ..Limits::default()
    };
    // The bottom is missing, so that nothing builds without the limit either.
    let error = fails(&files, "l0a", limits);
    assert!(!error.to_string().is_empty());
    let limits = Limits {
        max_depth: 5,
        ..Limits::default()
    };
    assert_eq!(fails(&files, "l0a", limits).kind(), ErrorKind::Limit);
}

#[test]
fn aliases_that_multiply_are_bounded() {
    let mut text = format!("{CONFIG}data:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let below = format!("*a{}", level - 1);
        let ten = [below.as_str(); 10].join(", ");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  a{level}: &a{level} [{ten}]");
    }
    let files = [
        ("kustomization.yaml", "resources: [r.yaml]"),
        ("r.yaml", &text),
    ];
    let error = fails(&files, "", Limits::default());
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    assert!(error.to_string().contains("excessive aliasing"), "{error}");
}

/// A list of aliases of one long text.
fn long_aliases(count: usize) -> String {
    format!(
        "  long: &long {}\n  list:\n{}",
        "x".repeat(1 << 16),
        "  - *long\n".repeat(count)
    )
}

#[test]
fn texts_that_aliases_repeat_are_counted() {
    let text = format!("{CONFIG}data:\n{}", long_aliases(100));
    let limits = Limits {
        max_added: 4 << 20,
        ..Limits::default()
    };
    let files = [
        ("kustomization.yaml", "resources: [r.yaml]"),
        ("r.yaml", &text),
    ];
    assert_eq!(fails(&files, "", limits).kind(), ErrorKind::Limit);
}

#[test]
fn patches_without_a_target_are_counted() {
    let patch = format!("{CONFIG}data:\n  long: {}\n", "x".repeat(1 << 18));
    for (field, entry) in [
        ("patchesStrategicMerge", "- p.yaml\n"),
        ("patches", "- path: p.yaml\n"),
    ] {
        let kustomization = format!("resources: [r.yaml]\n{field}:\n{}", entry.repeat(20));
        let files = [
            ("kustomization.yaml", kustomization.as_str()),
            ("r.yaml", CONFIG),
            ("p.yaml", &patch),
        ];
        let limits = |max_added| Limits {
            max_added,
            ..Limits::default()
        };
        assert_eq!(
            fails(&files, "", limits(4 << 20)).kind(),
            ErrorKind::Limit,
            "{field}"
        );
        let tree = super::tree(files.map(|(path, text)| (path, text.as_bytes())));
        let options = BuildOptions {
            limits: limits(8 << 20),
            ..BuildOptions::default()
        };
        assert!(build(&tree, "", &options).is_ok());
    }
}

/// Lists in lists, each with an anchor.
fn opened(levels: usize) -> String {
    let anchors: Vec<String> = (0..levels).map(|n| format!("&a{n} [")).collect();
    anchors.concat()
}

/// Copies that are long, or kept for aliases that may come, or merged key by key.
#[test]
fn aliases_of_large_things_are_bounded() {
    let long = format!(
        "  a: &a {}\n  b: [{}]\n",
        "x".repeat(100_000),
        vec!["*a"; 20_000].join(", ")
    );
    let open: String = opened(400);
    let used: Vec<String> = (0..400).map(|n| format!("*a{n}")).collect();
    let nested = format!(
        "  a: {open}{}{}\n  b: [{}]\n",
        vec!["x"; 20_000].join(", "),
        "]".repeat(400),
        used.join(", ")
    );
    for data in [long, nested] {
        let text = format!("{CONFIG}data:\n{data}");
        let files = [
            ("kustomization.yaml", "resources: [r.yaml]"),
            ("r.yaml", &text),
        ];
        let error = fails(&files, "", Limits::default());
        assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    }
    // Anchors that nothing refers to cost nothing.
    let anchors: String = opened(400);
    let text = format!(
        "{CONFIG}data: {anchors}{}{}\n",
        vec!["x"; 20_000].join(", "),
        "]".repeat(400)
    );
    let tree = super::tree([
        ("kustomization.yaml", &b"resources: [r.yaml]"[..]),
        ("r.yaml", text.as_bytes()),
    ]);
    build(&tree, "", &BuildOptions::default()).expect("it builds");
}

#[test]
fn deep_nesting_is_bounded() {
    let text = format!("{CONFIG}data: {}{}\n", "[".repeat(5000), "]".repeat(5000));
    let files = [
        ("kustomization.yaml", "resources: [r.yaml]"),
        ("r.yaml", &text),
    ];
    let error = fails(&files, "", Limits::default());
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    let text = format!("{CONFIG}data: {}{}\n", "[".repeat(700), "]".repeat(700));
    let files = [
        ("kustomization.yaml", "resources: [r.yaml]"),
        ("r.yaml", &text),
    ];
    assert_eq!(
        fails(&files, "", Limits::default()).kind(),
        ErrorKind::Limit
    );
}

#[test]
fn giant_generators_are_bounded() {
    let big = "x".repeat(1 << 20);
    let mut kustomization = "configMapGenerator:\n".to_owned();
    for n in 0..50 {
        let _ = write!(kustomization, "- name: c{n}\n  files: [big.txt]\n");
    }
    let limits = Limits {
        max_bytes: 8 << 20,
        ..Limits::default()
    };
    let files = [
        ("kustomization.yaml", kustomization.as_str()),
        ("big.txt", &big),
    ];
    let error = fails(&files, "", limits);
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
}

#[test]
fn time_is_bounded() {
    let limits = Limits {
        max_duration: Duration::ZERO,
        ..Limits::default()
    };
    let files = [
        ("kustomization.yaml", "resources: [r.yaml]"),
        ("r.yaml", CONFIG),
    ];
    assert_eq!(fails(&files, "", limits).kind(), ErrorKind::Limit);
}

#[test]
fn paths_do_not_escape() {
    for (path, wanted) in [
        (
            "../../x.yaml",
            "security; file '/x.yaml' is not in or below '/a'",
        ),
        ("/etc/passwd", "'/etc/passwd' doesn't exist"),
    ] {
        let kustomization = format!("configMapGenerator:\n- name: c\n  files: [k={path}]\n");
        let files = [
            ("a/kustomization.yaml", kustomization.as_str()),
            ("x.yaml", CONFIG),
        ];
        let error = fails(&files, "a", Limits::default());
        assert!(error.to_string().contains(wanted), "{error}");
    }
}

#[test]
fn errors_say_where_they_come_from() {
    let files = [
        (
            "kustomization.yaml",
            "resources:\n- r.yaml\npatches:\n- path: p.yaml\n- patch: '['\n",
        ),
        ("r.yaml", CONFIG),
        ("p.yaml", "a: b\n"),
    ];
    let error = fails(&files, "", Limits::default());
    assert!(
        error
            .to_string()
            .contains("unable to parse SM or JSON patch")
    );
    assert_eq!(error.location().expect("a place").to_string(), "p.yaml");
    let files = [
        (
            "kustomization.yaml",
            "resources:\n- r.yaml\n- missing.yaml\n",
        ),
        ("r.yaml", CONFIG),
    ];
    let error = fails(&files, "", Limits::default());
    assert_eq!(
        error.location().expect("a place").to_string(),
        "kustomization.yaml:3"
    );
    let files = [
        ("kustomization.yaml", "resources: [r.yaml]\n"),
        ("r.yaml", "a: b\nc: [\n"),
    ];
    let error = fails(&files, "", Limits::default());
    let place = error.location().expect("a place");
    assert_eq!(place.file, "r.yaml");
    assert!(place.line.is_some());
}

/// Patterns of a few characters that take megabytes each, wherever there may be many of them.
#[test]
fn patterns_that_take_much_memory_are_counted() {
    let patterns = || (0..200).map(|count| format!(r"\pL{{{}}}", 30 + count % 50));
    let each = |entry: &dyn Fn(&str) -> String| -> String {
        patterns().map(|pattern| entry(&pattern)).collect()
    };
    let targets = each(&|pattern| format!("    - kind: '{pattern}'\n"));
    for kustomization in [
        format!("images:\n{}", each(&|p| format!("- name: '{p}'\n"))),
        format!(
            "patches:\n{}",
            each(&|p| format!(
                "- patch: '- {{op: remove, path: /a}}'\n  target: {{kind: '{p}'}}\n"
            ))
        ),
        format!(
            "replacements:\n- sourceValue: x\n  targets:\n  - select: {{name: a}}\n    reject:\n{targets}"
        ),
    ] {
        let kustomization = format!("resources: [r.yaml]\n{kustomization}");
        let files = [
            ("kustomization.yaml", kustomization.as_str()),
            ("r.yaml", CONFIG),
        ];
        let error = fails(&files, "", Limits::default());
        assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    }
}
