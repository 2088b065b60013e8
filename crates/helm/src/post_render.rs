//! Post rendering: the streams a post renderer gets, and the files of what it gives back.
//!
//! Every document carries the name of its file in an annotation through the post renderer. Both
//! ways documents pass through kyaml, which settles their layout; the annotation is put into and
//! taken out of that layout.

use std::collections::BTreeMap;

use windlass_yaml::{documents, kyaml_roundtrip};

use crate::manifest::{install_order, sort_manifests, split_manifests};
use crate::render::RenderError;

/// The annotation that keeps the name of a document's file.
const FILENAME: &str = "postrenderer.helm.sh/postrender-filename";

/// Changes rendered manifests before they are sorted: a stream of YAML documents to another one.
pub trait PostRenderer {
    /// Gives the changed stream.
    ///
    /// # Errors
    /// In words; rendering ends with it.
    fn run(&self, manifests: &str) -> Result<String, String>;
}

/// What a post renderer gets to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PostRenderStrategy {
    /// Hooks and manifests in one stream.
    #[default]
    Combined,
    /// The hooks, and then the manifests: an object may be in both.
    Separate,
    /// The manifests alone, as in Helm 3.
    NoHooks,
}

/// The files as the post renderer changes them.
///
/// # Errors
/// [`RenderError::PostRender`] for what the post renderer refuses, or gives that is no YAML;
/// [`RenderError::Manifest`] where hooks cannot be told from manifests.
pub(crate) fn post_render(
    files: &BTreeMap<String, String>,
    post_renderer: &dyn PostRenderer,
    strategy: PostRenderStrategy,
) -> Result<BTreeMap<String, String>, RenderError> {
    if strategy == PostRenderStrategy::Combined {
        let merged = annotate_and_merge(files)
            .map_err(|problem| post_render_error("merging manifests", &problem))?;
        let changed = post_renderer
            .run(&merged)
            .map_err(|problem| post_render_error("while running post render on files", &problem))?;
        return split_and_deannotate(&changed, "")
            .map_err(|problem| post_render_error("while parsing post rendered output", &problem));
    }
    let sorted = sort_manifests(files, install_order).map_err(RenderError::Manifest)?;
    let mut hooks = BTreeMap::new();
    for hook in sorted.hooks {
        append(&mut hooks, hook.path, &hook.manifest);
    }
    let mut manifests = BTreeMap::new();
    for manifest in sorted.manifests {
        append(&mut manifests, manifest.name, &manifest.content);
    }
    let mut changed = BTreeMap::new();
    for (group, files, untouched) in [
        ("hooks", hooks, strategy == PostRenderStrategy::NoHooks),
        ("manifests", manifests, false),
    ] {
        if files.is_empty() {
            continue;
        }
        let files = if untouched {
            files
        } else {
            let merged = annotate_and_merge(&files)
                .map_err(|problem| post_render_error(&format!("merging {group}"), &problem))?;
            let stream = post_renderer.run(&merged).map_err(|problem| {
                post_render_error(&format!("while running post render on {group}"), &problem)
            })?;
            split_and_deannotate(&stream, &format!("{group}-")).map_err(|problem| {
                let during = format!("while parsing post rendered output for {group}");
                post_render_error(&during, &problem)
            })?
        };
        for (name, text) in files {
            append(&mut changed, name, &text);
        }
    }
    Ok(changed)
}

fn post_render_error(during: &str, problem: &str) -> RenderError {
    RenderError::PostRender(format!("error {during}: {problem}"))
}

/// Adds a document to the file of the name.
fn append(files: &mut BTreeMap<String, String>, name: String, text: &str) {
    files
        .entry(name)
        .and_modify(|all| {
            all.push_str("\n---\n");
            all.push_str(text);
        })
        .or_insert_with(|| text.to_owned());
}

/// One stream of all documents, each annotated with the file it comes from.
///
/// # Errors
/// A document that is no YAML mapping, under the name of its file.
fn annotate_and_merge(files: &BTreeMap<String, String>) -> Result<String, String> {
    let mut merged = Vec::new();
    for (name, text) in files {
        let base = name.rsplit('/').next().unwrap_or(name);
        if base.starts_with('_') {
            continue;
        }
        for document in split_manifests(text) {
            let settled =
                kyaml_roundtrip(document).map_err(|error| format!("parsing {name}: {error}"))?;
            for document in settled_documents(&settled) {
                merged.push(annotated(document, name));
            }
        }
    }
    Ok(merged.join("---\n"))
}

/// The files of a stream; documents without the annotation get names of their own, with `kind` in
/// them.
///
/// # Errors
/// A stream that is no YAML.
fn split_and_deannotate(stream: &str, kind: &str) -> Result<BTreeMap<String, String>, String> {
    let failed = |error: windlass_yaml::Error| format!("error parsing YAML: {error}");
    let values = documents(stream).map_err(failed)?;
    let settled = kyaml_roundtrip(stream).map_err(failed)?;
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let texts = settled_documents(&settled);
    for (index, (value, text)) in values.iter().zip(texts).enumerate() {
        let name = value["metadata"]["annotations"][FILENAME].as_str();
        let (name, text) = match name.filter(|name| !name.is_empty()) {
            Some(name) => (name.to_owned(), deannotated(text)),
            None => (
                format!("generated-by-postrender-{kind}{index}.yaml"),
                text.to_owned(),
            ),
        };
        files
            .entry(name)
            .and_modify(|all| {
                all.push_str("---\n");
                all.push_str(&text);
            })
            .or_insert(text);
    }
    Ok(files)
}

/// The documents of text that kyaml wrote: the only lines that are `---` are between them.
fn settled_documents(text: &str) -> Vec<&str> {
    let mut documents = Vec::new();
    let mut start = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line == "---\n" {
            documents.push(&text[start..at]);
            start = at + line.len();
        }
        at += line.len();
    }
    documents.push(&text[start..]);
    documents.retain(|document| !document.is_empty());
    documents
}

fn annotated(document: &str, name: &str) -> String {
    let entry = format!("{FILENAME}: '{}'", name.replace('\'', "''"));
    let mut lines: Vec<String> = document.lines().map(str::to_owned).collect();
    let is_metadata = |line: &String| line.starts_with("metadata:");
    let Some(metadata) = lines.iter().position(is_metadata) else {
        lines.extend(["metadata:".to_owned(), "  annotations:".to_owned()]);
        lines.push(format!("    {entry}"));
        return joined(&lines);
    };
    if lines[metadata] != "metadata:" {
        in_flow(&mut lines[metadata], &entry);
        return joined(&lines);
    }
    let end = end_of_block(&lines, metadata, 2);
    let annotations = lines[metadata..end]
        .iter()
        .position(|line| line.starts_with("  annotations:"))
        .map(|offset| metadata + offset);
    match annotations {
        None => {
            lines.insert(end, "  annotations:".to_owned());
            lines.insert(end + 1, format!("    {entry}"));
        }
        Some(at) if lines[at] == "  annotations:" => {
            let end = end_of_block(&lines, at, 4);
            lines.insert(end, format!("    {entry}"));
        }
        Some(at) => {
            let inner = lines[at]["  annotations:".len()..].trim().to_owned();
            if inner.len() > 2 && inner.ends_with('}') {
                let open = &lines[at][..lines[at].len() - 1];
                lines[at] = format!("{open}, {entry}}}");
            } else {
                "  annotations:".clone_into(&mut lines[at]);
                lines.insert(at + 1, format!("    {entry}"));
            }
        }
    }
    joined(&lines)
}

/// Puts the annotation into metadata that is written in braces or empty.
fn in_flow(line: &mut String, entry: &str) {
    let inner = line["metadata:".len()..].trim();
    if inner.len() > 2 && inner.ends_with('}') {
        let open = &line[..line.len() - 1];
        *line = format!("{open}, annotations: {{{entry}}}}}");
    } else {
        *line = format!("metadata:\n  annotations:\n    {entry}");
    }
}

/// The first line behind `from` that is not indented by `indent`.
fn end_of_block(lines: &[String], from: usize, indent: usize) -> usize {
    let inside = |line: &String| {
        line.is_empty() || line.len() - line.trim_start_matches(' ').len() >= indent
    };
    let rest = lines.get(from + 1..).unwrap_or_default();
    let length = rest
        .iter()
        .position(|line| !inside(line))
        .unwrap_or(rest.len());
    from + 1 + length
}

/// The document without the annotation, and without annotations where it was the only one.
fn deannotated(document: &str) -> String {
    let mut lines: Vec<String> = document.lines().map(str::to_owned).collect();
    let is_entry = |line: &String| line.trim_start().starts_with(&format!("{FILENAME}:"));
    if let Some(at) = lines.iter().position(is_entry) {
        let indent = lines[at].len() - lines[at].trim_start().len();
        // A long name may be folded.
        let end = end_of_block(&lines, at, indent + 1);
        lines.drain(at..end);
        let alone = |line: Option<&String>| {
            line.is_none_or(|line| line.len() - line.trim_start().len() < indent)
        };
        let header = at.checked_sub(1).and_then(|before| lines.get(before));
        if header.is_some_and(|line| line.trim() == "annotations:") && alone(lines.get(at)) {
            lines.remove(at - 1);
        }
    } else if let Some(line) = lines.iter_mut().find(|line| line.contains(FILENAME)) {
        remove_from_flow(line);
    }
    joined(&lines)
}

fn remove_from_flow(line: &mut String) {
    let Some(start) = line.find(FILENAME) else {
        return;
    };
    let Some(length) = line[start..].find(['}', ',']) else {
        return;
    };
    let (before, after) = (&line[..start], &line[start + length..]);
    let before = before.trim_end().trim_end_matches(',');
    let joined = format!("{before}{after}");
    *line = joined
        .replace(", annotations: {}", "")
        .replace("annotations: {}, ", "");
}

fn joined(lines: &[String]) -> String {
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_name_goes_through_the_post_renderer() {
        let files = BTreeMap::from([
            (
                "templates/a.yaml".to_owned(),
                "kind: A\nmetadata:\n  name: a\ndata:\n  k: v\n---\nkind: B\nmetadata:\n  annotations:\n    x: y\n"
                    .to_owned(),
            ),
            ("templates/b.yaml".to_owned(), "kind: C\n".to_owned()),
        ]);
        let merged = annotate_and_merge(&files).unwrap();
        assert_eq!(
            merged,
            "kind: A\nmetadata:\n  name: a\n  annotations:\n    postrenderer.helm.sh/postrender-filename: 'templates/a.yaml'\ndata:\n  k: v\n---\nkind: B\nmetadata:\n  annotations:\n    x: y\n    postrenderer.helm.sh/postrender-filename: 'templates/a.yaml'\n---\nkind: C\nmetadata:\n  annotations:\n    postrenderer.helm.sh/postrender-filename: 'templates/b.yaml'\n"
        );
        let back = split_and_deannotate(&merged, "").unwrap();
        assert_eq!(
            back["templates/a.yaml"],
            "kind: A\nmetadata:\n  name: a\ndata:\n  k: v\n---\nkind: B\nmetadata:\n  annotations:\n    x: y\n"
        );
        let other = split_and_deannotate("kind: D\n", "").unwrap();
        assert_eq!(other["generated-by-postrender-0.yaml"], "kind: D\n");
    }
}
