//! The template evaluator with the functions of Helm and sprig: whatever a template asks for, it
//! ends within its limits.

#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use windlass_fuzz::tree;
use windlass_helm::chart::{LoadLimits, load_directory};
use windlass_helm::values::{Map, read_values};
use windlass_helm::{Limits, RenderOptions, Renderer};

const CHART: &str = "apiVersion: v2\nname: c\nversion: 1.2.3\nappVersion: 4.5.6\n";
const HELPERS: &str = r#"{{ define "a" }}<{{ . }}>{{ end }}{{ define "b" }}{{ if gt (len .) 1 }}{{ include "b" (rest .) }}{{ end }}{{ first . }}{{ end }}"#;
const VALUES: &str = r#"
s: text
n: 42
f: 1.5
b: true
z: null
e: ""
l: [1, two, 3.5, null, [4], {k: v}]
m: {a: 1, b: {c: [x, y]}, "odd key": ""}
t: "{{ .Values.s | upper }}"
d: "2024-02-29T12:34:56Z"
y: "a: [1, {b: c}]\n"
v: ">=1.2.0-0 <2"
"#;

static VALUES_MAP: LazyLock<Map> =
    LazyLock::new(|| read_values(VALUES.as_bytes()).expect("the values are YAML"));

const LIMITS: Limits = Limits {
    steps: 200_000,
    bytes: 16 << 20,
    depth: 1_000,
    time: Some(Duration::from_secs(5)),
};

fuzz_target!(|data: &[u8]| {
    let tree = tree([
        ("Chart.yaml", CHART.as_bytes()),
        ("templates/_helpers.tpl", HELPERS.as_bytes()),
        ("templates/t", data),
        ("file.txt", b"one\ntwo\n"),
    ]);
    let chart = load_directory(&tree, &LoadLimits::default()).expect("the chart loads");
    let options = RenderOptions {
        limits: LIMITS,
        ..RenderOptions::default()
    };
    if let Err(error) = Renderer::new(chart).render(&VALUES_MAP, &options) {
        assert!(!error.to_string().is_empty());
    }
});
