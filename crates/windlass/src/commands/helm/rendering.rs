//! Rendering a chart for people to read: what `helm template` prints, wherever the request comes
//! from.

use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use anyhow::{anyhow, bail};
use windlass_helm::chart::{Chart, check_dependencies};
use windlass_helm::manifest::HookEvent;
use windlass_helm::values::Map;
use windlass_helm::{
    Capabilities, KubeVersion, Lookup, ReleaseOptions, RenderError, RenderOptions, Rendered,
    Renderer, check_release_name,
};

/// What a chart is told of its release.
pub(super) struct Release<'a> {
    pub(super) name: &'a str,
    pub(super) namespace: &'a str,
    pub(super) capabilities: Capabilities,
    /// Without one, lookups find nothing.
    pub(super) lookup: Option<Arc<dyn Lookup>>,
    pub(super) is_upgrade: bool,
    pub(super) skip_schema_validation: bool,
}

/// The version of Kubernetes that was asked for; Helm's own idea of it if none was.
pub(super) fn kube_version(text: Option<&str>) -> anyhow::Result<KubeVersion> {
    match text {
        Some(text) => KubeVersion::parse(text)
            .map_err(|problem| anyhow!("invalid kube version '{text}': {problem}")),
        None => Ok(KubeVersion::default()),
    }
}

/// What a chart is told without a cluster; `api_versions` come beside the usual ones.
pub(super) fn said(kube_version: KubeVersion, api_versions: &[String]) -> Capabilities {
    let mut capabilities = Capabilities {
        kube_version,
        ..Capabilities::default()
    };
    capabilities.add_api_versions(api_versions.iter().cloned());
    capabilities
}

impl Release<'_> {
    /// Renders the chart.
    pub(super) fn render(self, renderer: &Renderer, values: &Map) -> anyhow::Result<Rendered> {
        check(renderer.chart())?;
        check_release_name(self.name).map_err(|problem| {
            anyhow!(
                "release name check failed: release name {:?}: {problem}",
                self.name
            )
        })?;
        let options = RenderOptions {
            release: ReleaseOptions {
                name: self.name.to_owned(),
                namespace: self.namespace.to_owned(),
                is_install: !self.is_upgrade,
                is_upgrade: self.is_upgrade,
                ..ReleaseOptions::default()
            },
            capabilities: self.capabilities,
            lookup: self.lookup,
            skip_schema_validation: self.skip_schema_validation,
            ..RenderOptions::default()
        };
        renderer
            .render(values, &options)
            .map_err(|error| explained(&error, renderer.chart()))
    }
}

/// What of a rendered chart is wanted beside its manifests.
pub(super) struct Parts {
    /// The files in `crds/`.
    pub(super) crds: bool,
    pub(super) hooks: bool,
    /// Hooks that are tests.
    pub(super) tests: bool,
}

impl Parts {
    /// The documents in Helm's order, as one text.
    pub(super) fn text(&self, rendered: &Rendered) -> String {
        let crds = self.crds(rendered);
        self.pieces(&crds, rendered).concat()
    }

    /// As [`Parts::text`], without holding it.
    pub(super) fn write(&self, rendered: &Rendered, out: &mut impl Write) -> io::Result<()> {
        let crds = self.crds(rendered);
        let mut out = BufWriter::with_capacity(BUFFER, out);
        for piece in self.pieces(&crds, rendered) {
            out.write_all(piece.as_bytes())?;
        }
        out.flush()
    }

    fn crds(&self, rendered: &Rendered) -> String {
        if self.crds {
            rendered.crds()
        } else {
            String::new()
        }
    }

    /// What the text consists of.
    fn pieces<'a>(&self, crds: &'a str, rendered: &'a Rendered) -> Vec<&'a str> {
        let document = |name, content| ["---\n# Source: ", name, "\n", content, "\n"];
        let mut pieces = vec![crds];
        for manifest in &rendered.manifests {
            pieces.extend(document(&manifest.name, &manifest.content));
        }
        // What comes first is a separator, so the end of the last document alone is trimmed.
        while let Some(last) = pieces.pop() {
            let trimmed = last.trim_end();
            if !trimmed.is_empty() {
                pieces.push(trimmed);
                break;
            }
        }
        pieces.push("\n");
        for hook in rendered.hooks.iter().filter(|_| self.hooks) {
            if self.tests || !hook.events.contains(&HookEvent::Test) {
                pieces.extend(document(&hook.path, &hook.manifest));
            }
        }
        pieces
    }
}

/// How much is written at a time: what a pipe holds.
const BUFFER: usize = 64 * 1024;

/// Whether the chart can be rendered by itself, with all it depends on.
fn check(chart: &Chart) -> anyhow::Result<()> {
    let metadata = chart.metadata();
    if !matches!(&*metadata.kind, "" | "application") {
        bail!("{} charts are not installable", metadata.kind);
    }
    if metadata.deprecated {
        writeln!(io::stderr(), "level=WARN msg=\"this chart is deprecated\"")?;
    }
    check_dependencies(chart).map_err(|problem| {
        anyhow!(
            "an error occurred while checking for chart dependencies. You may need to run 'helm dependency build' to fetch missing dependencies: {problem}"
        )
    })
}

/// The error as Helm words it, and under it the line of the template.
fn explained(error: &RenderError, chart: &Chart) -> anyhow::Error {
    let mut text = error.to_string();
    if error.has_release() {
        text.push_str("\n\nUse --debug flag to render out invalid YAML");
    }
    let Some(place) = error.place() else {
        return anyhow!("{text}");
    };
    let column = place.column.map(|column| format!(":{}", column + 1));
    let _ = write!(
        text,
        "\n\n  --> {}:{}{}",
        place.file,
        place.line,
        column.unwrap_or_default()
    );
    let source = chart.template_text(&place.file);
    let line = source.as_deref().and_then(|source| {
        let mut lines = source.lines();
        lines.nth(place.line.checked_sub(1)?)
    });
    if let Some(line) = line {
        let number = place.line.to_string();
        let margin = " ".repeat(number.len());
        let _ = write!(text, "\n{margin} |\n{number} | {line}");
        if let Some(before) = place.column.and_then(|column| line.get(..column)) {
            let blank: String = before
                .chars()
                .map(|found| if found == '\t' { '\t' } else { ' ' })
                .collect();
            let _ = write!(text, "\n{margin} | {blank}^");
        }
    }
    anyhow!("{text}")
}
