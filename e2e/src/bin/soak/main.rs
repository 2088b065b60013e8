//! `make soak`: minutes of whatever may happen, against a model of what must be there.
//!
//! `MINUTES` (30) says how long, `SEED` repeats a run. In the first third the controllers are killed
//! too; after it they are left running, so that what they use of memory, descriptors and tasks can
//! be watched.
#![expect(clippy::print_stdout, reason = "the report is what it prints")]
#![expect(
    clippy::expect_used,
    reason = "the soak ends when its surroundings are broken"
)]

mod report;
mod usage;
mod world;

use std::{
    env,
    process::ExitCode,
    time::{Duration, Instant},
};

use rand::RngExt;
use windlass_e2e::seeded;

use report::Report;
use usage::Usages;
use world::World;

/// Between two looks at what the controllers use.
const SAMPLE: Duration = Duration::from_secs(5);
/// Between two comparisons with the model.
const CHECKPOINT: Duration = Duration::from_mins(2);

#[tokio::main]
async fn main() -> ExitCode {
    let minutes = env::var("MINUTES").ok().and_then(|text| text.parse().ok());
    let whole = Duration::from_secs_f64(60.0 * minutes.unwrap_or(30.0));
    let mut random = seeded("soak");
    let mut world = World::new().await;
    let mut usages = Usages::default();
    let started = Instant::now();
    let (mut sampled, mut compared) = (started, started);
    println!("soaking for {whole:?}");
    while started.elapsed() < whole {
        let settling = started.elapsed() < whole / 3;
        world.act(&mut random, settling).await;
        if sampled.elapsed() >= SAMPLE {
            sampled = Instant::now();
            usages.sample(&world.stack, started.elapsed()).await;
        }
        if compared.elapsed() >= CHECKPOINT {
            world.compare().await;
            compared = Instant::now();
            println!("{:>5.0?} {}", started.elapsed(), world.progress());
        }
        let pause = random.random_range(50..800);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
    world.compare().await;
    let report = Report::of(&world, &usages, whole);
    println!("{report}");
    if report.passed() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
