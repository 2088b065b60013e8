//! Small trees that ask for hours of work: the time of a build ends them wherever they have got to.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use windlass_archive::Tree;
use windlass_kustomize::{BuildOptions, ErrorKind, Files, Limits, build};

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: b}\n";

/// One line for each number.
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |text, n| text + &line(n))
}

/// A directory of a kustomization and further files.
fn directory(kustomization: String, files: &[(&str, String)]) -> Tree {
    let mut all = vec![("kustomization.yaml", kustomization)];
    all.extend(files.iter().cloned());
    super::tree(all.iter().map(|(path, text)| (*path, text.as_bytes())))
}

fn config_maps(count: usize) -> String {
    lines(count, |n| {
        format!("---\n{}", CONFIG.replace("name: x", &format!("name: x{n}")))
    })
}

/// Definitions of twenty types, each with four fields of the next one: 4^20 ways to the last.
fn definitions() -> Tree {
    let mut text = String::new();
    for level in 0..20 {
        let _ = write!(
            text,
            "x.T{level}:\n  Schema:\n    properties:\n      kind: {{}}\n      apiVersion: {{}}\n      \
             metadata: {{}}\n      a: {{$ref: x.T{0}}}\n      b: {{$ref: x.T{0}}}\n      c: {{$ref: x.T{0}}}\n      d: {{$ref: x.T{0}}}\n",
            level + 1
        );
    }
    let files = [("cm.yaml", CONFIG.to_owned()), ("crds.yaml", text)];
    directory("resources: [cm.yaml]\ncrds: [crds.yaml]\n".into(), &files)
}

/// Specifications that are all compared with each other.
fn specifications(field: &str) -> Tree {
    let text = lines(40_000, |n| match field {
        "nameReference" => format!("- {{kind: K{n}, fieldSpecs: [{{path: a}}]}}\n"),
        _ => format!("- {{path: a{n}}}\n"),
    });
    let files = [
        ("cm.yaml", CONFIG.to_owned()),
        ("specs.yaml", format!("{field}:\n{text}")),
    ];
    directory(
        "resources: [cm.yaml]\nconfigurations: [specs.yaml]\n".into(),
        &files,
    )
}

/// A list of objects, and as many changes to look for them.
fn each_with_each(field: &str, entry: impl Fn(usize) -> String) -> Tree {
    let entries = lines(4_000, entry);
    directory(
        format!("resources: [all.yaml]\n{field}:\n{entries}"),
        &[("all.yaml", config_maps(4_000))],
    )
}

/// Lists of ports, which have two merge keys.
fn ports() -> Tree {
    let ports = |name: &str| {
        let all: Vec<String> = (0..4_900)
            .map(|n| format!("{{port: {n}, name: {name}{n}}}"))
            .collect();
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: s}}\nspec: {{ports: [{}]}}\n",
            all.join(", ")
        )
    };
    let files = [("s.yaml", ports("p")), ("patch.yaml", ports("q"))];
    let patches = "{path: patch.yaml}, ".repeat(20);
    directory(
        format!("resources: [s.yaml]\npatches: [{patches}]\n"),
        &files,
    )
}

/// A map with very many keys, each of which is looked up in another one.
fn keys() -> Tree {
    let map = |value: &str| CONFIG.to_owned() + &lines(60_000, |n| format!("k{n}: {value}\n"));
    let files = [("cm.yaml", map("a")), ("patch.yaml", map("b"))];
    directory(
        "resources: [cm.yaml]\npatches: [{path: patch.yaml}]\n".into(),
        &files,
    )
}

/// A list that grows at its beginning.
fn operations() -> Tree {
    let first = r#"[{"op":"add","path":"/list","value":[]}"#;
    let more = lines(400_000, |_| {
        r#",{"op":"add","path":"/list/0","value":1}"#.to_owned()
    });
    let files = [
        ("cm.yaml", CONFIG.to_owned()),
        ("patch.yaml", format!("{first}{more}]")),
    ];
    let patch = "{target: {kind: ConfigMap}, path: patch.yaml}";
    directory(
        format!("resources: [cm.yaml]\npatches: [{patch}]\n"),
        &files,
    )
}

/// Objects of one name in as many namespaces, and a list that refers to that name.
fn names() -> Tree {
    let text = lines(3_000, |n| {
        let volumes = "{configMap: {name: x}}, ".repeat(100);
        format!(
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x, namespace: n{n}}}\n---\n\
             apiVersion: v1\nkind: Pod\nmetadata: {{name: d{n}, namespace: n{n}}}\nspec: {{volumes: \
             [{volumes}]}}\n"
        )
    });
    directory(
        "resources: [all.yaml]\nnamePrefix: p-\n".into(),
        &[("all.yaml", text)],
    )
}

fn trees() -> Vec<(&'static str, Tree)> {
    vec![
        ("definitions", definitions()),
        ("fields", specifications("commonLabels")),
        ("types", specifications("nameReference")),
        (
            "patches",
            each_with_each("patches", |_| {
                r#"- {target: {name: 'x.*y'}, patch: '[{"op":"remove","path":"/data"}]'}"#
                    .to_owned()
                    + "\n"
            }),
        ),
        (
            "replacements",
            each_with_each("replacements", |_| {
                "- {source: {name: x1, fieldPath: data.a}, targets: [{select: {kind: ConfigMap}, \
                 fieldPaths: [data.a]}]}\n"
                    .to_owned()
            }),
        ),
        (
            "images",
            each_with_each("images", |n| format!("- {{name: i{n}, newTag: a}}\n")),
        ),
        (
            "generators",
            each_with_each("configMapGenerator", |n| {
                format!("- {{name: x0, behavior: merge, literals: [a{n}=b]}}\n")
            }),
        ),
        ("ports", ports()),
        ("keys", keys()),
        ("operations", operations()),
        ("names", names()),
    ]
}

#[test]
fn the_time_of_a_build_ends_it_anywhere() {
    for (name, tree) in trees() {
        let options = BuildOptions {
            limits: Limits {
                max_duration: Duration::from_millis(500),
                ..Limits::default()
            },
            ..BuildOptions::default()
        };
        let started = std::time::Instant::now();
        let error = build(&tree, "", &options).map(drop).expect_err(name);
        println!("{name}: {:?}", started.elapsed());
        let text = error.to_string();
        assert!(
            text.contains("kustomize build took longer than 500ms"),
            "{name}: {text}"
        );
        assert_eq!(error.kind(), ErrorKind::Limit, "{name}");
    }
}

/// Files of a build that is given up once the definitions are read.
struct GivenUp {
    tree: Tree,
    cancel: Arc<AtomicBool>,
}

impl Files for GivenUp {
    fn file(&self, path: &str) -> Option<Bytes> {
        if path == "crds.yaml" {
            self.cancel.store(true, Ordering::Relaxed);
        }
        Files::file(&self.tree, path)
    }

    fn is_dir(&self, path: &str) -> bool {
        Files::is_dir(&self.tree, path)
    }
}

#[test]
fn a_build_that_nobody_waits_for_ends_anywhere() {
    let cancel = Arc::new(AtomicBool::new(false));
    let files = GivenUp {
        tree: definitions(),
        cancel: Arc::clone(&cancel),
    };
    let options = BuildOptions {
        cancel: Some(&cancel),
        ..BuildOptions::default()
    };
    let error = build(&files, "", &options)
        .map(drop)
        .expect_err("it is cancelled");
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}
