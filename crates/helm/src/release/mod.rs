//! Releases: what is stored of an installed chart, in the form that Helm stores it.

mod decode;
mod encode;
mod record;
mod storage;

pub use record::{Info, Release, Status, StoredChart};
pub use storage::{
    DecodeError, Form, SYSTEM_LABELS, StoredSecret, decode_release, encode_release, secret_name,
};

/// Most bytes of a release's JSON that are read.
pub const MAX_RELEASE_BYTES: u64 = 256 * 1024 * 1024;
