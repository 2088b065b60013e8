//! The tracker against a real control plane.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod drift;
mod health;
mod outage;
mod rig;
mod rights;
