//! What a source publishes.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema;

/// An archive that a source controller stores and serves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    /// Digest of the stored file in the form `<algorithm>:<checksum>`.
    #[schemars(regex(pattern = "^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$"))]
    pub digest: String,
    /// When the file was written.
    #[schemars(schema_with = "schema::time")]
    pub last_update_time: Time,
    /// Annotations of the upstream object, such as those of an OCI manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,
    /// Path of the file below the root of the storage.
    pub path: String,
    /// Human-readable identifier of the source's state: a Git commit with its branch, a
    /// digest with its tag, a version.
    pub revision: String,
    /// Size of the file in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,
    /// Address the file is served at.
    pub url: String,
}

impl Artifact {
    /// Whether both stand for the same revision with the same content.
    pub fn same_content(&self, other: &Self) -> bool {
        self.revision == other.revision && self.digest == other.digest
    }
}
