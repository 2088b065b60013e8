//! `make bench`: what the main job costs, beside the floor that the API server itself sets.
//!
//! `make bench N=500` takes another number of Kustomizations.
#![expect(clippy::print_stdout, reason = "the bench is what it prints")]

mod floor;
mod load;
mod process;

use std::{
    env,
    time::{Duration, Instant},
};

use windlass_e2e::{Controller, Objects, Stack, StackOptions};

use load::Load;
use process::Usage;

#[tokio::main]
async fn main() {
    let count = number("N", 100);
    let concurrent = number("CONCURRENT", 20);
    println!("{count} Kustomizations of 4 objects each, --concurrent={concurrent}");
    let options = || StackOptions {
        audit: true,
        kustomize_flags: vec![format!("--concurrent={concurrent}")],
        source_flags: vec![format!("--concurrent={concurrent}")],
        ..StackOptions::default()
    };
    let floor = floor::measure(count, concurrent).await;
    println!(
        "floor    {:>6.2} s  (dry run and apply of the same objects by a bare loader)",
        floor.as_secs_f64()
    );

    let stack = Stack::start(options()).await;
    let objects = stack.namespace("bench").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let fresh = [Controller::Source, Controller::Kustomize]
        .map(|controller| Usage::of(stack.process(controller).pid()));
    println!(
        "fresh    source-controller {:.1} MiB, kustomize-controller {:.1} MiB resident",
        fresh[0].resident_mib, fresh[1].resident_mib
    );
    let load = Load::new(&stack, &objects, count).await;
    run(&stack, &objects, "install", floor, count, || load.install()).await;
    run(&stack, &objects, "upgrade", floor, count, || load.upgrade()).await;
}

/// Times one change to all Kustomizations, and prints what it cost.
async fn run<F: Future<Output = Instant>>(
    stack: &Stack,
    objects: &Objects,
    name: &str,
    floor: Duration,
    count: usize,
    change: impl FnOnce() -> F,
) {
    let requests_before = load::requests(stack);
    let before = [Controller::Source, Controller::Kustomize]
        .map(|controller| Usage::of(stack.process(controller).pid()));
    let started = change().await;
    let took = load::all_ready(objects, count, started).await;
    let after = [Controller::Source, Controller::Kustomize]
        .map(|controller| Usage::of(stack.process(controller).pid()));
    let each = |total: f64| total / as_f64(count);
    println!(
        "{name:<8} {:>6.2} s  = {:.1} x the floor; kustomize-controller {:.1} ms CPU each, peak {:.1} MiB; source-controller {:.2} s CPU, peak {:.1} MiB",
        took.as_secs_f64(),
        took.as_secs_f64() / floor.as_secs_f64(),
        1000.0 * each(after[1].cpu_seconds - before[1].cpu_seconds),
        after[1].peak_mib,
        after[0].cpu_seconds - before[0].cpu_seconds,
        after[0].peak_mib,
    );
    let requests = load::requests(stack);
    let mut total = 0;
    for (what, number) in &requests {
        let number = number - requests_before.get(what).copied().unwrap_or_default();
        total += number;
        if number >= count / 10 {
            println!("           {:>6.1} each  {what}", each(as_f64(number)));
        }
    }
    println!(
        "           {:>6.1} each  all requests of the kustomize-controller",
        each(as_f64(total))
    );
}

fn number(name: &str, default: usize) -> usize {
    env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn as_f64(count: usize) -> f64 {
    count as f64
}
