//! Chance that can be repeated.

use rand::{SeedableRng, rngs::StdRng};

/// A generator from the number in `SEED`, or from a new one; says which.
#[expect(clippy::print_stdout, reason = "a failure can be repeated by its seed")]
pub fn seeded(what: &str) -> StdRng {
    let given = std::env::var("SEED")
        .ok()
        .and_then(|text| text.parse().ok());
    let seed: u64 = given.unwrap_or_else(rand::random);
    println!("{what}: SEED={seed}");
    StdRng::seed_from_u64(seed)
}
