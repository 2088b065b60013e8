//! What rendering gives.

use std::fmt;

use crate::chart::{Chart, crd_files};
use crate::hidden::Hidden;
use crate::manifest::{Hook, Manifest};

/// A rendered chart.
#[derive(Clone)]
pub struct Rendered {
    /// The chart as it was used: aliases applied, disabled subcharts removed.
    pub chart: Chart,
    /// The hooks, by kind.
    pub hooks: Vec<Hook>,
    /// The manifests, in the order of installation.
    pub manifests: Vec<Manifest>,
    /// The notes.
    pub notes: String,
    /// What Helm would warn of.
    pub warnings: Vec<String>,
}

impl fmt::Debug for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            chart,
            hooks,
            manifests,
            notes,
            warnings,
        } = self;
        f.debug_struct("Rendered")
            .field("chart", chart)
            .field("hooks", hooks)
            .field("manifests", manifests)
            .field("notes", &Hidden(notes.len()))
            // They quote values.
            .field("warnings", &warnings.len())
            .finish()
    }
}

impl Rendered {
    /// The manifests as one stream: what a release stores.
    pub fn manifest(&self) -> String {
        manifest_text(&self.manifests)
    }

    /// As [`Rendered::manifest`], with the bodies of Secrets left out.
    pub fn manifest_without_secrets(&self) -> String {
        let mut text = String::new();
        for manifest in &self.manifests {
            let secret = manifest.head.kind == "Secret" && manifest.head.api_version == "v1";
            let content = if secret {
                "# HIDDEN: The Secret output has been suppressed"
            } else {
                &manifest.content
            };
            document(&mut text, &manifest.name, content);
        }
        text
    }

    /// The files in `crds/` as one stream.
    pub fn crds(&self) -> String {
        let mut text = String::new();
        for (name, file) in crd_files(&self.chart) {
            document(&mut text, &name, &String::from_utf8_lossy(&file.data()));
        }
        text
    }
}

/// What stands before the name of a template.
const SOURCE: &str = "---\n# Source: ";

/// Manifests as one stream, each under the name of its template.
pub fn manifest_text<'a, I>(manifests: I) -> String
where
    I: IntoIterator<Item = &'a Manifest>,
    I::IntoIter: Clone,
{
    let manifests = manifests.into_iter();
    // All at once: what is large is costly to move when it grows.
    let size =
        |manifest: &Manifest| SOURCE.len() + 2 + manifest.name.len() + manifest.content.len();
    let mut text = String::with_capacity(manifests.clone().map(size).sum());
    for manifest in manifests {
        document(&mut text, &manifest.name, &manifest.content);
    }
    text
}

/// Appends one document under the name of its template.
pub(crate) fn document(text: &mut String, name: &str, content: &str) {
    text.push_str(SOURCE);
    text.push_str(name);
    text.push('\n');
    text.push_str(content);
    text.push('\n');
}
