//! Why an artifact could not be fetched.

use crate::digest::InvalidDigest;

/// Why an artifact could not be fetched. Cloned to everybody who waited for it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FetchError {
    /// The server has no such file (404): the source has moved on, or lost it.
    #[error("file not found")]
    NotFound,
    /// The artifact's digest is none.
    #[error("failed to parse artifact digest '{digest}': {source}")]
    Digest {
        /// The digest as the artifact states it.
        digest: String,
        /// What is wrong with it.
        source: InvalidDigest,
    },
    /// The artifact's URL is none.
    #[error("failed to download archive, invalid URL: {0}")]
    Url(String),
    /// The server answered something else than the file.
    #[error("failed to download archive from {url}, status: {status}")]
    Status {
        /// The address, without credentials and query.
        url: String,
        /// Code and reason.
        status: String,
    },
    /// No answer, or none to its end, however often it was tried.
    #[error(
        "failed to download archive from {url}, giving up after {attempts} attempt(s): {cause}"
    )]
    Transport {
        /// The address, without credentials and query.
        url: String,
        /// Requests made.
        attempts: u32,
        /// What the last one came to.
        cause: String,
    },
    /// The file is larger than allowed.
    #[error("failed to download archive from {url}: larger than {limit} bytes")]
    TooLarge {
        /// The address, without credentials and query.
        url: String,
        /// Most bytes of a download.
        limit: u64,
    },
    /// The file is not the one that the artifact means.
    #[error(
        "failed to verify archive: computed digest {computed} doesn't match provided {expected}"
    )]
    Mismatch {
        /// The artifact's digest.
        expected: String,
        /// The digest of what arrived.
        computed: String,
    },
    /// The archive has the right digest and yet cannot be read, or is too large.
    #[error("failed to extract archive: {0}")]
    Extract(String),
    /// The HTTP client could not be built, or the work was aborted.
    #[error("failed to download archive: {0}")]
    Internal(String),
}
