//! Templates rendered with sprig's functions, beside what the Go library made of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "helpers of tests"
)]

mod certificates;
mod conformance;
mod harness;
mod hostile;
mod recorded;
