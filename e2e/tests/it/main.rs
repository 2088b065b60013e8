//! The system as a whole, against a real control plane.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a failed test may panic, and says what it skips"
)]

mod conformance;
mod fast_path;
mod faults;
mod health;
mod helm_records;
mod hostile;
mod install;
mod layers;
mod lookup;
mod main_job;
mod many;
mod prune_guard;
mod remote_resources;
mod restart;
mod scenarios;
mod takeover;
mod watch;
