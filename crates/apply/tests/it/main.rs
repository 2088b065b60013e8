//! Apply, drift and prune against a real API server.
#![expect(
    clippy::unwrap_used,
    reason = "a test fails when its surroundings are broken"
)]

mod apply;
mod ownership;
mod prune;
mod recreate;
mod world;
