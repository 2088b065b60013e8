//! Artifacts: the volume they are stored on, the server that hands them out, and the client that fetches
//! them and keeps their trees.
//!
//! The crate owns the layout of the volume, the digests and the promise that no name ever leads to a
//! partial or altered file. It must not know how a source is fetched, what a revision means, or when an
//! object is reconciled.
//!
//! [`Store`] blocks on the disk and belongs on a blocking thread; [`serve`] and [`Fetcher`] are
//! asynchronous.

mod digest;
mod fetch;
mod server;
mod store;

pub use digest::{Digest, DigestAlgorithm, InvalidDigest};
pub use fetch::{Counters, FetchError, Fetcher, FetcherOptions, HostOverrides};
pub use server::serve;
pub use store::{ArtifactPath, Error, Store, StoreOptions, Verified};
