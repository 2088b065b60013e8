//! The files of a chart.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::content::Content;
use super::{Chart, subchart_path};

/// A file of a chart under its path in the chart.
#[derive(Clone)]
pub struct File {
    /// The path, with `/`.
    pub name: Arc<str>,
    pub(super) content: Content,
}

impl File {
    /// A file whose byte order mark, if it has one, is taken away.
    pub(crate) fn new(name: &str, content: impl Into<Content>) -> Self {
        Self {
            name: name.into(),
            content: content.into(),
        }
    }

    /// The content, without a byte order mark. A large file of an archive may have to be
    /// unpacked for it, once.
    pub fn data(&self) -> Bytes {
        self.content.bytes()
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, content } = self;
        write!(f, "{name:?}: {content:?}")
    }
}

/// The files in `crds/` of the chart and its subcharts, under their paths from the root chart's
/// name on.
pub fn crd_files(chart: &Chart) -> Vec<(String, File)> {
    let mut found = Vec::new();
    collect(chart, chart.name(), &mut found);
    found
}

fn collect(chart: &Chart, path: &str, found: &mut Vec<(String, File)>) {
    for file in chart.files() {
        if file.name.starts_with("crds/") && is_manifest(&file.name) {
            found.push((format!("{path}/{}", file.name), file.clone()));
        }
    }
    for subchart in chart.dependencies() {
        collect(subchart, &subchart_path(path, subchart.name()), found);
    }
}

fn is_manifest(name: &str) -> bool {
    let base = name.rsplit('/').next().unwrap_or(name);
    base.rsplit_once('.').is_some_and(|(_, extension)| {
        ["yaml", "yml", "json"]
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
    })
}

/// The file that describes the chart.
pub fn readme(chart: &Chart) -> Option<&File> {
    const NAMES: [&str; 3] = ["readme.md", "readme.txt", "readme"];
    chart.files().iter().find(|file| {
        NAMES
            .iter()
            .any(|name| file.name.eq_ignore_ascii_case(name))
    })
}
