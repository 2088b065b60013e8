//! Charts: what is read from a directory or an archive, and what of it is used once values are
//! known.

mod archive;
mod content;
mod dependencies;
mod files;
mod ignore;
mod import_values;
mod load;
mod metadata;
mod metadata_decode;
mod path_match;
mod validate;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

pub use archive::{gzip_hint, load_archive};
pub use dependencies::{check_dependencies, is_compatible, process_dependencies};
pub use files::{File, crd_files, readme};
pub use ignore::{IgnoreError, IgnoreRules};
pub use load::{LoadError, LoadLimits, load_directory};
pub use metadata::{Dependency, ImportValues, Lock, Maintainer, Metadata};
pub(crate) use metadata_decode::{kind as json_kind, scalar_text};
pub use path_match::path_matches as path_match;

use crate::values::Map;

/// A chart with its subcharts. Cloning is cheap: content is shared.
#[derive(Clone, Default)]
pub struct Chart {
    pub(crate) metadata: Metadata,
    pub(crate) lock: Option<Lock>,
    pub(crate) templates: Arc<[File]>,
    pub(crate) values: Arc<Map>,
    pub(crate) raw_values: Option<Bytes>,
    pub(crate) schema: Option<Bytes>,
    pub(crate) files: Arc<[File]>,
    pub(crate) dependencies: Vec<Chart>,
    /// Whose metadata this is: in Helm, copies of a chart under several aliases share that of
    /// their subcharts, and what processing one does to it shows in the others.
    pub(crate) identity: Identity,
}

impl fmt::Debug for Chart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chart")
            .field("name", &self.metadata.name)
            .field("version", &self.metadata.version)
            .field("templates", &self.templates)
            .field("values", &self.values)
            .field("files", &self.files)
            .field("dependencies", &self.dependencies)
            .finish_non_exhaustive()
    }
}

/// Tells metadata apart that is equal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Identity(Arc<u8>);

impl Identity {
    /// A key for tables.
    pub(crate) fn key(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}

impl Chart {
    /// The name, which is the alias where a parent chart gave one.
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// What `Chart.yaml` says.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The lock file, if there is one.
    pub fn lock(&self) -> Option<&Lock> {
        self.lock.as_ref()
    }

    /// The files under `templates/`.
    pub fn templates(&self) -> &[File] {
        &self.templates
    }

    /// The defaults; after [`process_dependencies`] with what is imported from subcharts.
    pub fn values(&self) -> &Map {
        &self.values
    }

    /// `values.yaml` as it was written.
    pub fn raw_values(&self) -> Option<&Bytes> {
        self.raw_values.as_ref()
    }

    /// `values.schema.json`.
    pub fn schema(&self) -> Option<&Bytes> {
        self.schema.as_ref()
    }

    /// The files that have no meaning of their own: what templates reach through `.Files`.
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// The subcharts.
    pub fn dependencies(&self) -> &[Chart] {
        &self.dependencies
    }

    /// The text of the template with the full name that errors and manifests use,
    /// `chart/charts/sub/templates/file.yaml`.
    pub fn template_text(&self, name: &str) -> Option<String> {
        let rest = name.strip_prefix(self.name())?.strip_prefix('/')?;
        let own = self.templates.iter().find(|file| &*file.name == rest);
        if let Some(file) = own {
            return Some(String::from_utf8_lossy(&file.data()).into_owned());
        }
        let rest = rest.strip_prefix("charts/")?;
        self.dependencies
            .iter()
            .find_map(|subchart| subchart.template_text(rest))
    }

    /// Whether the chart only lends templates to others.
    pub fn is_library(&self) -> bool {
        self.metadata.kind.eq_ignore_ascii_case("library")
    }
}

/// The path of a subchart below that of its parent.
pub(crate) fn subchart_path(parent: &str, name: &str) -> String {
    format!("{parent}/charts/{name}")
}
