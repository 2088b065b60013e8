//! Prints random trees, one JSON object a line: `random_trees FIRST COUNT`.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a tool of this crate's tests"
)]

#[path = "../tests/it/random/mod.rs"]
mod random;

use serde_json::json;

fn main() {
    let mut numbers = std::env::args()
        .skip(1)
        .map(|text| text.parse::<u64>().expect("a number"));
    let first = numbers.next().unwrap_or(0);
    let count = numbers.next().unwrap_or(10);
    for seed in first..first + count {
        let case = random::tree::case(seed);
        let name = seed.to_string();
        println!(
            "{}",
            json!({"name": name, "files": case.files, "path": case.path, "reorder": "none"})
        );
    }
}
