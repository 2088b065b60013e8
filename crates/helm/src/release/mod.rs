//! Releases: what is stored of an installed chart, in the form that Helm stores it.

mod decode;
mod encode;
mod record;
mod storage;

pub use record::{Info, Release, Status, StoredChart};
pub use storage::{
    DecodeError, Form, SYSTEM_LABELS, StoredSecret, decode_release, encode_release, secret_name,
};

/// Most bytes of a release's JSON that are read. A Secret holds a megabyte of it compressed.
pub const MAX_RELEASE_BYTES: u64 = 64 * 1024 * 1024;

/// Most values that a release's JSON may have: those of a megabyte that was made for it would
/// take gigabytes of memory.
pub const MAX_RELEASE_VALUES: usize = 2_000_000;
