//! Charts as archives, beside the same charts as directories, and metadata that is refused.

use windlass_archive::{Limits, Tree};
use windlass_helm::chart::{Chart, LoadLimits, crd_files, load_archive, load_directory};
use windlass_helm::values::Map;
use windlass_helm::{RenderOptions, Renderer};

/// A chart's archive.
pub(crate) fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut builder = tar::Builder::new(encoder);
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *bytes).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

/// All files of a chart and its subcharts.
fn files(chart: &Chart) -> Vec<(String, Vec<u8>)> {
    let own = chart.files().iter().chain(chart.templates());
    let mut found: Vec<_> = own
        .map(|file| (file.name.to_string(), file.data().to_vec()))
        .collect();
    for subchart in chart.dependencies() {
        let inside = files(subchart).into_iter();
        found.extend(inside.map(|(name, data)| (format!("{}/{name}", subchart.name()), data)));
    }
    found.sort();
    found
}

const TEMPLATE: &str = r#"
big: {{ .Files.Get "crds/big.yaml" | sha256sum }}
bytes: {{ .Files.GetBytes "crds/big.yaml" | len }}
all: {{ .Files | toYaml | sha256sum }}
{{- range $name, $_ := .Files.Glob "**.*" }}
{{ $name }}: {{ $.Files.Get $name | len }}
{{- end }}
count: {{ len .Files }} {{ .Files.Get "nothing" | quote }} {{ hasKey (dict "a" .Files) "a" }}
"#;

#[test]
fn large_files_are_there_when_asked_for() {
    let mut big = b"\xef\xbb\xbf# mark\n".to_vec();
    big.extend((0..6_000).flat_map(|line| format!("a{line}: {}\n", line * 7).into_bytes()));
    let notes = vec![b'#'; 40_000];
    let about = b"apiVersion: v2\nname: c\nversion: 1.0.0\n";
    let packed = archive(&[
        ("p/Chart.yaml", b"apiVersion: v2\nname: p\nversion: 1.0.0\n"),
        ("p/templates/a.yaml", TEMPLATE.as_bytes()),
        ("p/crds/big.yaml", &big),
    ]);
    let plain: Vec<(&str, &[u8])> = vec![
        ("Chart.yaml", about),
        ("README.md", &notes),
        ("values.yaml", b"a: 1\n"),
        ("crds/big.yaml", &big),
        ("crds/small.yaml", b"small: 1\n"),
        ("templates/a.yaml", TEMPLATE.as_bytes()),
        ("templates/crds/large.yaml", &notes),
        (
            "charts/d/Chart.yaml",
            b"apiVersion: v2\nname: d\nversion: 1.0.0\n",
        ),
        ("charts/d/templates/a.yaml", TEMPLATE.as_bytes()),
        ("charts/d/crds/big.yaml", &big),
        ("charts/p-1.0.0.tgz", &packed),
    ];
    let below: Vec<(String, &[u8])> = plain
        .iter()
        .map(|(name, bytes)| (format!("c/{name}"), *bytes))
        .collect();
    let below: Vec<(&str, &[u8])> = below.iter().map(|(name, data)| (&**name, *data)).collect();
    let mut tree = Tree::builder(Limits::default());
    for (name, bytes) in &plain {
        tree.file(name, bytes.to_vec(), false).unwrap();
    }
    let limits = LoadLimits::default();
    let one = load_archive(&archive(&below).into(), &limits).unwrap();
    let other = load_directory(&tree.build(), &limits).unwrap();
    let (first, second) = (files(&one), files(&other));
    assert_eq!(first.len(), 9);
    assert!(first == second, "contents differ");
    let data = |chart: &Chart| -> Vec<_> {
        let found = crd_files(chart).into_iter();
        found.map(|(name, file)| (name, file.data())).collect()
    };
    assert_eq!(data(&one).len(), 4);
    assert!(data(&one) == data(&other), "definitions differ");
    assert!(data(&one)[0].1.starts_with(b"# mark"));
    let rendered = |chart: Chart| {
        let renderer = Renderer::new(chart);
        let result = renderer.render(&Map::new(), &RenderOptions::default());
        result.unwrap().manifest()
    };
    let text = rendered(one);
    assert!(text.contains("README.md: 40000\n"), "{text}");
    assert_eq!(text, rendered(other));
}

/// Recorded with helm 4.2.2.
#[test]
fn metadata_of_the_wrong_type_is_refused_in_the_words_of_go() {
    const DECODING: &str = "cannot load Chart.yaml: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal";
    let load = |files: &[(&str, &str)]| {
        let mut builder = Tree::builder(Limits::default());
        for (path, text) in files {
            builder.file(path, text.as_bytes().to_vec(), false).unwrap();
        }
        let error = load_directory(&builder.build(), &LoadLimits::default()).unwrap_err();
        error.to_string()
    };
    for (field, wanted) in [
        (
            "dependencies: [{name: [1]}]",
            "array into Go struct field Dependency.dependencies.name of type string",
        ),
        (
            "maintainers: [{email: {}}]",
            "object into Go struct field Maintainer.maintainers.email of type string",
        ),
        (
            "keywords: 1",
            "number into Go struct field Metadata.keywords of type []string",
        ),
    ] {
        let about = format!("apiVersion: v2\nname: c\nversion: 0.1.0\n{field}\n");
        assert_eq!(
            load(&[("Chart.yaml", &about)]),
            format!("{DECODING} {wanted}")
        );
    }
    let files = [
        ("Chart.yaml", "apiVersion: v1\nname: c\nversion: 0.1.0\n"),
        ("requirements.yaml", "dependencies: [null]\n"),
    ];
    let wanted = "validation: dependencies must not contain empty or null nodes";
    assert_eq!(load(&files), wanted);
}
