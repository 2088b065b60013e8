//! What only a real API server can show.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cluster;
mod electing;
mod identities;
mod patching;
mod recording;
mod watching;
