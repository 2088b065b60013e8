//! The running controller against a real control plane and a real Git server.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a fixture that breaks fails its test"
)]

mod artifacts;
mod controller;
mod credentials;
mod lifecycle;
