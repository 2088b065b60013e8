//! The kit against the real clients: kubectl, git, ssh and reqwest.
#![expect(
    clippy::unwrap_used,
    reason = "the lint exempts test functions but not what they share"
)]

mod control_plane;
mod git;
mod http;
mod process;
