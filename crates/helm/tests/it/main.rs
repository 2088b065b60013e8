//! The recordings of the real Helm, and the bounds of what a chart may do.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "helpers of tests"
)]

mod against_helm;
mod archives;
mod charts;
mod hostile;
mod post_render;
mod recordings;
mod release;
mod secrecy;
mod templates;
mod values;
