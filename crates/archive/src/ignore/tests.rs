use std::time::Duration;

use super::glob::Glob;
use super::{IgnoreRules, MAX_PATTERNS, filter};
use crate::{Error, Limits, Tree};

fn tree(files: &[(&str, &str)]) -> Tree {
    let mut builder = Tree::builder(Limits::default());
    for (path, text) in files {
        builder.file(path, text.to_string(), false).unwrap();
    }
    builder.build()
}

fn left(tree: &Tree, rules: &IgnoreRules) -> Tree {
    filter(tree, rules, Duration::from_mins(1)).unwrap()
}

fn kept(files: &[(&str, &str)], spec: Option<&str>) -> Vec<String> {
    let tree = tree(files);
    left(&tree, &IgnoreRules::for_source(&tree, spec).unwrap())
        .files()
        .map(|(path, _)| path)
        .collect()
}

/// Verdicts of go-git's matcher: patterns joined by `|`, path, whether it is a directory, left out.
#[test]
fn verdicts_are_those_of_go_git() {
    let extra = std::env::var("WINDLASS_IGNORE_CASES").ok();
    let extra = extra
        .map(|path| std::fs::read_to_string(path).unwrap())
        .unwrap_or_default();
    let mut cases = 0;
    for line in include_str!("cases.tsv").lines().chain(extra.lines()) {
        let [patterns, path, is_dir, want] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line:?} is no case");
        };
        let rules = IgnoreRules::parse(&patterns.replace('|', "\n"));
        assert_eq!(
            rules.matches(path, is_dir == "true").to_string(),
            want,
            "{line:?}"
        );
        cases += 1;
    }
    assert!(cases >= 300, "{cases}");
}

#[test]
fn defaults_apply_until_a_pattern_is_stated() {
    let files = [
        (".git/HEAD", ""),
        (".gitattributes", ""),
        (".github/x.yaml", ""),
        ("a.png", ""),
        ("b.yaml", ""),
        ("deep/.sops.yaml", ""),
        ("deep/.flux.yaml", ""),
        ("deep/x.tar.gz", ""),
    ];
    assert_eq!(kept(&files, None), ["b.yaml"]);
    // Neither an empty text nor one of remarks states a pattern.
    assert_eq!(kept(&files, Some("")), ["b.yaml"]);
    assert_eq!(kept(&files, Some("# nothing\n\n  \n")), ["b.yaml"]);
    assert_eq!(
        kept(&files, Some("b.yaml")),
        [
            ".github/x.yaml",
            "a.png",
            "deep/.flux.yaml",
            "deep/.sops.yaml",
            "deep/x.tar.gz"
        ]
    );
}

#[test]
fn a_malformed_pattern_matches_nothing_but_counts() {
    assert_eq!(
        kept(&[("a.png", ""), ("[a", "")], Some("[a")),
        ["[a", "a.png"]
    );
}

#[test]
fn files_of_a_subdirectory_rule_there_and_win_over_the_root() {
    let files = [
        (".sourceignore", "*.txt\r\n/top\r\n"),
        ("a/.sourceignore", "!keep.txt\n/top\nb/.sourceignore"),
        ("a/b/.sourceignore", "*.md"),
        ("a/b/x.md", ""),
        ("a/keep.txt", ""),
        ("a/top", ""),
        ("a/y.md", ""),
        ("keep.txt", ""),
        ("top", ""),
        ("z/top", ""),
    ];
    assert_eq!(
        kept(&files, None),
        [
            ".sourceignore",
            "a/.sourceignore",
            "a/keep.txt",
            "a/y.md",
            "z/top"
        ]
    );
    // What the object says is stronger still.
    assert_eq!(
        kept(&files, Some("a\n!/top\n!/.sourceignore")),
        [".sourceignore", "top", "z/top"]
    );
}

#[test]
fn a_file_below_an_excluded_directory_can_be_taken_back() {
    let files = [
        ("deploy/a.yaml", ""),
        ("deploy/b.yaml", ""),
        ("other/c.yaml", ""),
    ];
    assert_eq!(kept(&files, Some("/*\n!/deploy/a.yaml")), ["deploy/a.yaml"]);
    assert_eq!(
        kept(&files, Some("/*\n!/deploy")),
        ["deploy/a.yaml", "deploy/b.yaml"]
    );
    assert_eq!(kept(&files, Some("!/deploy\n/*")), [""; 0]);
}

#[test]
fn empty_directories_stay_unless_excluded() {
    let mut builder = Tree::builder(Limits::default());
    builder
        .file("a/x.txt", "", true)
        .unwrap()
        .dir("b")
        .unwrap()
        .dir("c")
        .unwrap();
    let tree = builder.build();
    let some = left(
        &tree,
        &IgnoreRules::for_source(&tree, Some("*.txt\nc/")).unwrap(),
    );
    assert!(some.is_dir("a") && some.is_dir("b") && !some.exists("c"));
    let all = left(&tree, &IgnoreRules::parse(""));
    assert_eq!(all, tree);
}

#[test]
fn rules_inside_git_directories_are_not_read() {
    let files = [
        (".git/.sourceignore", "x"),
        ("a/.git/.sourceignore", "x"),
        ("a.png", ""),
    ];
    assert_eq!(kept(&files, None), [""; 0]);
}

#[test]
fn a_hostile_pattern_costs_no_exponential_time() {
    let glob = Glob::parse(&"*a".repeat(100)).unwrap();
    assert!(!glob.matches(&format!("{}b", "a".repeat(250))));
    assert!(glob.matches(&"a".repeat(100)));
}

#[test]
fn patterns_are_bounded() {
    let half = "#".repeat(MAX_PATTERNS / 2 + 1);
    let tree = tree(&[(".sourceignore", &half), ("a/.sourceignore", "x")]);
    assert!(IgnoreRules::for_source(&tree, Some("y")).is_ok());
    let more = IgnoreRules::for_source(&tree, Some(&half));
    assert!(matches!(more, Err(Error::TooManyPatterns(MAX_PATTERNS))));
}

#[test]
fn endless_patterns_end_in_time() {
    let names: Vec<String> = (0..2_000)
        .map(|n| format!("{}{n}", "a".repeat(200)))
        .collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    let tree = tree(&files);
    let rules = IgnoreRules::parse(&"a*a*a*a*b\n".repeat(20_000));
    let most = Duration::from_millis(200);
    assert!(matches!(
        filter(&tree, &rules, most),
        Err(Error::TooSlow(_))
    ));
}
