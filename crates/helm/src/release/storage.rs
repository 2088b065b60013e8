//! The Secret that holds a release.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value as Json, json};
use windlass_yaml::go_json;

use super::record::Release;
use super::{MAX_RELEASE_BYTES, MAX_RELEASE_VALUES, decode, encode};
use crate::hidden::Hidden;

/// Labels that Helm sets itself; a user may not.
pub const SYSTEM_LABELS: [&str; 6] = [
    "name",
    "owner",
    "status",
    "version",
    "createdAt",
    "modifiedAt",
];

/// Which Helm writes a record like this. Each reads what the other writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// Helm 3: times that are not set are empty text.
    V3,
    /// Helm 4: times that are not set are left out.
    #[default]
    V4,
}

/// Why the data of a Secret is no release.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// It is no base64.
    #[error(transparent)]
    Base64(#[from] base64::DecodeError),
    /// It cannot be decompressed.
    #[error(transparent)]
    Gzip(#[from] io::Error),
    /// It is no JSON object.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// It is larger than [`MAX_RELEASE_BYTES`].
    #[error("release is larger than {MAX_RELEASE_BYTES} bytes")]
    TooLarge,
    /// It has more than [`MAX_RELEASE_VALUES`].
    #[error("release has more than {MAX_RELEASE_VALUES} values")]
    TooMany,
}

/// A Secret that holds a release, without its namespace.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredSecret {
    /// `sh.helm.release.v1.NAME.vREVISION`.
    pub name: String,
    /// The labels Helm finds it by, and the user's own.
    pub labels: BTreeMap<String, String>,
    /// The value of the key `release`; the API server encodes it in base64 once more.
    pub release: String,
}

impl fmt::Debug for StoredSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            labels,
            release,
        } = self;
        f.debug_struct("StoredSecret")
            .field("name", name)
            .field("labels", labels)
            .field("release", &Hidden(release.len()))
            .finish()
    }
}

/// The name of the Secret of a revision.
pub fn secret_name(release: &str, version: i64) -> String {
    format!("sh.helm.release.v1.{release}.v{version}")
}

/// The value that is stored of a release: its JSON, compressed, in base64.
///
/// # Errors
/// Compression into memory does not fail in practice.
pub fn encode_release(release: &Release, form: Form) -> io::Result<String> {
    let json = go_json(&encode::release(release, form));
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(json.as_bytes())?;
    Ok(STANDARD.encode(encoder.finish()?))
}

/// The release in the value of a Secret's key `release` (once the API's base64 is taken off).
///
/// # Errors
/// [`DecodeError`].
pub fn decode_release(data: &str) -> Result<Release, DecodeError> {
    let bytes = STANDARD.decode(data.trim_end())?;
    let json = if bytes.len() > 3 && bytes.starts_with(b"\x1f\x8b\x08") {
        let mut plain = Vec::new();
        GzDecoder::new(&*bytes)
            .take(MAX_RELEASE_BYTES + 1)
            .read_to_end(&mut plain)?;
        if plain.len() as u64 > MAX_RELEASE_BYTES {
            return Err(DecodeError::TooLarge);
        }
        plain
    } else {
        bytes
    };
    if values(&json) > MAX_RELEASE_VALUES {
        return Err(DecodeError::TooMany);
    }
    Ok(decode::release(serde_json::from_slice(&json)?))
}

/// How many values a JSON text has, give or take one for every collection.
fn values(json: &[u8]) -> usize {
    let mut count = 0;
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b',' | b'[' | b'{' => count += 1,
            b'"' => {
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'"' => break,
                        b'\\' => drop(bytes.next()),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    count
}

impl StoredSecret {
    /// The Secret of a release.
    ///
    /// # Errors
    /// As [`encode_release`].
    pub fn new(release: &Release, form: Form) -> io::Result<Self> {
        let mut labels = release.labels.clone();
        for (key, value) in [
            ("name", release.name.clone()),
            ("owner", "helm".to_owned()),
            ("status", release.info.status.name().to_owned()),
            ("version", release.version.to_string()),
        ] {
            labels.insert(key.to_owned(), value);
        }
        Ok(Self {
            name: secret_name(&release.name, release.version),
            labels,
            release: encode_release(release, form)?,
        })
    }

    /// The object for the API server.
    pub fn to_json(&self, namespace: &str) -> Json {
        json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": self.name,
                "namespace": namespace,
                "labels": self.labels,
            },
            "type": "helm.sh/release.v1",
            "data": { "release": STANDARD.encode(&self.release) },
        })
    }
}
