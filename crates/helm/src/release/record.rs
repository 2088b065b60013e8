//! What a release record says.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value as Json, json};

use crate::chart::{Chart, File, Lock, Metadata};
use crate::hidden::{Hidden, Names};
use crate::manifest::Hook;
use crate::values::{Map, map_from_json, map_to_json};

/// The state of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Status {
    #[default]
    Unknown,
    Deployed,
    Uninstalled,
    Superseded,
    Failed,
    Uninstalling,
    PendingInstall,
    PendingUpgrade,
    PendingRollback,
}

impl Status {
    const ALL: [Self; 9] = [
        Self::Unknown,
        Self::Deployed,
        Self::Uninstalled,
        Self::Superseded,
        Self::Failed,
        Self::Uninstalling,
        Self::PendingInstall,
        Self::PendingUpgrade,
        Self::PendingRollback,
    ];

    /// Helm's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Deployed => "deployed",
            Self::Uninstalled => "uninstalled",
            Self::Superseded => "superseded",
            Self::Failed => "failed",
            Self::Uninstalling => "uninstalling",
            Self::PendingInstall => "pending-install",
            Self::PendingUpgrade => "pending-upgrade",
            Self::PendingRollback => "pending-rollback",
        }
    }

    /// The status of a word; [`Status::Unknown`] for any other.
    pub fn from_name(name: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|status| status.name() == name)
            .unwrap_or_default()
    }

    /// Whether an operation is under way.
    pub fn is_pending(self) -> bool {
        matches!(
            self,
            Self::PendingInstall | Self::PendingUpgrade | Self::PendingRollback
        )
    }
}

/// What happened to a release. Times are in RFC 3339, empty where unset.
#[derive(Clone, Default, PartialEq)]
pub struct Info {
    /// When its first revision was deployed.
    pub first_deployed: String,
    /// When this revision was deployed.
    pub last_deployed: String,
    /// When it was deleted.
    pub deleted: String,
    /// What happened last, in words.
    pub description: String,
    /// The state.
    pub status: Status,
    /// The rendered NOTES.txt.
    pub notes: String,
    /// Members that this version does not know, kept as they are.
    pub other: serde_json::Map<String, Json>,
}

impl fmt::Debug for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            first_deployed,
            last_deployed,
            deleted,
            description,
            status,
            notes,
            other,
        } = self;
        f.debug_struct("Info")
            .field("first_deployed", first_deployed)
            .field("last_deployed", last_deployed)
            .field("deleted", deleted)
            // Errors of the cluster, which quote manifests.
            .field("description", &Hidden(description.len()))
            .field("status", status)
            .field("notes", &Hidden(notes.len()))
            .field("other", &Names(other.keys()))
            .finish()
    }
}

/// One revision of a release.
#[derive(Clone, Default, PartialEq)]
pub struct Release {
    /// The name.
    pub name: String,
    /// What happened to it.
    pub info: Info,
    /// The chart.
    pub chart: StoredChart,
    /// The values the user gave.
    pub config: Map,
    /// The manifests, without hooks.
    pub manifest: String,
    /// The hooks.
    pub hooks: Vec<Hook>,
    /// The revision, from 1.
    pub version: i64,
    /// The namespace.
    pub namespace: String,
    /// `ssa`, `csa`, or empty, which means `csa`.
    pub apply_method: String,
    /// The user's own labels; they are those of the Secret, not part of the record.
    pub labels: BTreeMap<String, String>,
    /// Members that this version does not know, kept as they are.
    pub other: serde_json::Map<String, Json>,
}

impl fmt::Debug for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            info,
            chart,
            config,
            manifest,
            hooks,
            version,
            namespace,
            apply_method,
            labels,
            other,
        } = self;
        f.debug_struct("Release")
            .field("name", name)
            .field("info", info)
            .field("chart", chart)
            .field("config", config)
            .field("manifest", &Hidden(manifest.len()))
            .field("hooks", hooks)
            .field("version", version)
            .field("namespace", namespace)
            .field("apply_method", apply_method)
            .field("labels", labels)
            .field("other", &Names(other.keys()))
            .finish()
    }
}

/// A chart as it is stored: without its subcharts, whose values have become its own. What was
/// read from a record is written back unchanged.
#[derive(Clone, Default, PartialEq)]
pub struct StoredChart(Json);

impl fmt::Debug for StoredChart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredChart")
            .field("name", &self.name())
            .field("version", &self.version())
            .finish_non_exhaustive()
    }
}

impl StoredChart {
    pub(super) fn from_json(json: Json) -> Self {
        Self(json)
    }

    pub(super) fn json(&self) -> &Json {
        &self.0
    }

    /// The name.
    pub fn name(&self) -> &str {
        self.0["metadata"]["name"].as_str().unwrap_or_default()
    }

    /// The version.
    pub fn version(&self) -> &str {
        self.0["metadata"]["version"].as_str().unwrap_or_default()
    }

    /// The version of the application.
    pub fn app_version(&self) -> &str {
        self.0["metadata"]["appVersion"]
            .as_str()
            .unwrap_or_default()
    }

    /// The defaults.
    pub fn values(&self) -> Map {
        self.0["values"]
            .as_object()
            .map(map_from_json)
            .unwrap_or_default()
    }

    /// The chart, as far as it was stored. Content that is no base64 is left empty.
    pub fn chart(&self) -> Chart {
        let mut metadata = Metadata::default();
        metadata.read_json(&self.0["metadata"]);
        let lock = self.0["lock"].is_object().then(|| {
            let mut lock = Lock::default();
            lock.read_json(&self.0["lock"]);
            lock
        });
        Chart {
            metadata,
            lock,
            templates: files(&self.0["templates"]),
            values: self.values().into(),
            raw_values: None,
            schema: self.0["schema"].as_str().map(decode_base64),
            files: files(&self.0["files"]),
            ..Chart::default()
        }
    }
}

impl From<&Chart> for StoredChart {
    fn from(chart: &Chart) -> Self {
        // None at all are null in Go's JSON, as nobody has made the list.
        let stored = |files: &[File]| -> Json {
            if files.is_empty() {
                return Json::Null;
            }
            files
                .iter()
                .map(|file| json!({ "name": &*file.name, "data": STANDARD.encode(file.data()) }))
                .collect()
        };
        Self(json!({
            "metadata": chart.metadata.to_json(),
            "lock": chart.lock.as_ref().map(Lock::to_json),
            "templates": stored(&chart.templates),
            "values": map_to_json(&chart.values),
            "schema": chart.schema.as_ref().map(|schema| STANDARD.encode(schema)),
            "schemamodtime": "0001-01-01T00:00:00Z",
            "files": stored(&chart.files),
        }))
    }
}

fn files(json: &Json) -> std::sync::Arc<[File]> {
    json.as_array()
        .into_iter()
        .flatten()
        .map(|file| {
            let data = decode_base64(file["data"].as_str().unwrap_or_default());
            File::new(file["name"].as_str().unwrap_or_default(), data)
        })
        .collect()
}

fn decode_base64(text: &str) -> Bytes {
    STANDARD.decode(text).unwrap_or_default().into()
}
