//! `make bench`: what the main job costs, beside the floor that the API server itself sets and,
//! with `PEERS=DIR`, beside the original controllers in that directory.
//!
//! `ONLY=engines,load,variants,latency,idle` takes some of the parts, `N=100,500` other numbers of Kustomizations,
//! `RUNS`, `TRIES`, `MINUTES` and `CONCURRENT` other lengths.
#![expect(clippy::print_stdout, reason = "the bench is what it prints")]

mod engines;
mod floor;
mod idle;
mod latency;
mod load;
mod process;
mod rounds;
mod subject;

use std::{env, str::FromStr};

use load::Variant;

#[tokio::main]
async fn main() {
    let only = env::var("ONLY").unwrap_or_default();
    let asked = |part: &str| only.is_empty() || only.split(',').any(|word| word == part);
    let counts = env::var("N").unwrap_or_default();
    let mut counts: Vec<usize> = counts.split(',').filter_map(|n| n.parse().ok()).collect();
    if counts.is_empty() {
        counts = vec![100, 500];
    }
    let (runs, concurrent) = (number("RUNS", 5), number("CONCURRENT", 20));
    let small = Variant {
        count: counts[0],
        wait: true,
        replicas: 0,
    };
    if asked("engines") {
        engines::measure(runs);
    }
    if asked("load") {
        let variants: Vec<Variant> = counts
            .iter()
            .map(|&count| Variant { count, ..small })
            .collect();
        rounds::compare(&variants, runs, concurrent).await;
        for variant in variants {
            rounds::requests(variant, concurrent).await;
        }
    }
    if asked("variants") {
        let variants = [
            Variant {
                wait: false,
                ..small
            },
            Variant {
                replicas: 2,
                ..small
            },
        ];
        rounds::compare(&variants, runs, concurrent).await;
    }
    if asked("latency") {
        latency::measure(number("TRIES", 50)).await;
    }
    if asked("idle") {
        idle::measure(small, number("MINUTES", 3)).await;
    }
}

fn number<T: FromStr>(name: &str, default: T) -> T {
    let text = env::var(name).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(default)
}
