//! Tests of the crate as its users see it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests"
)]

mod conformance;
mod host;
mod hostile;
mod json;
mod recorded;
