//! The recordings of the real libraries, the crate's own table, and the bounds.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

mod bounds;
mod recordings;
mod table;
